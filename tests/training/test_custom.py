"""Models that train by a `train_step` of their own."""

import numpy as np
import pytest

import hornbeam as keras
from hornbeam import backend as K
from hornbeam.backend import eagerly, running
from hornbeam.backend.tapes import Tape
from hornbeam.training import CustomTrainer, NotCompiledError


class Stepping(keras.Model):
    def train_step(self, data):
        x, y, weights = (*data, None)[:3]
        with Tape() as tape:
            predicted = self(x, training=True)
            loss = self.compiled_loss(
                y, predicted, sample_weight=weights, regularization_losses=self.losses
            )
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        self.compiled_metrics.update_state(y, predicted, weights)
        return {metric.name: metric.result() for metric in self.metrics}


def data(samples=40):
    random = np.random.RandomState(0)
    x = random.randn(samples, 5).astype("float32")
    return x, np.eye(3)[random.randint(0, 3, samples)].astype("float32")


def model(kind=Stepping, **options):
    np.random.seed(0)
    inputs = keras.Input((5,))
    hidden = keras.layers.Dense(4, activation="relu", kernel_regularizer="l2")(inputs)
    made = kind(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
    made.set_weights([np.linspace(-1, 1, w.size).reshape(w.shape) for w in made.get_weights()])
    options = {"loss": "categorical_crossentropy", "metrics": ["accuracy"], **options}
    made.compile("adam", **options)
    return made


def fitted(kind, **options):
    made = model(kind)
    history = made.fit(*data(), epochs=2, batch_size=16, verbose=0, shuffle=False, **options)
    return made, history.history


def test_lists_of_numbers_are_arrays():
    x, y = data()
    weights = np.arange(40) % 3
    lists = model().fit(x.tolist(), y.tolist(), sample_weight=weights.tolist(), verbose=0)
    arrays = model().fit(x, y, sample_weight=weights, verbose=0)
    assert lists.history["loss"] == pytest.approx(arrays.history["loss"])


def test_it_trains_as_the_step_of_model_does():
    own, own_logs = fitted(Stepping, validation_split=0.25)
    usual, logs = fitted(keras.Model, validation_split=0.25)
    assert isinstance(own.trainer, CustomTrainer) and not isinstance(usual.trainer, CustomTrainer)
    assert set(own_logs) == set(logs)
    for name, values in logs.items():
        np.testing.assert_allclose(own_logs[name], values, rtol=1e-5)
    for mine, expected in zip(own.get_weights(), usual.get_weights()):
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-6)
    x, y = data()
    np.testing.assert_allclose(own.evaluate(x, y, verbose=0), usual.evaluate(x, y, verbose=0), 1e-5)
    np.testing.assert_allclose(own.predict(x), usual.predict(x), rtol=1e-5)
    assert own.optimizer.iterations.get_value() == 4 and own.trainer.step_count == 4


def test_weights_of_samples_and_classes_count():
    x, y = data()
    weights = np.linspace(0, 2, 40)
    for options in ({"sample_weight": weights}, {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}):
        _, own = fitted(Stepping, **options)
        _, expected = fitted(keras.Model, **options)
        np.testing.assert_allclose(own["loss"], expected["loss"], rtol=1e-5)
    with pytest.raises(ValueError, match=r"lacks the classes \[1, 2\]"):
        model().fit(x, y, class_weight={0: 1.0}, verbose=0)


def test_a_step_may_add_to_that_of_model_and_make_none_of_its_own():
    class Adding(keras.Model):
        def train_step(self, data):
            return {**super().train_step(data), "extra": K.constant(3.0)}

    class Testing(keras.Model):
        def test_step(self, data):
            return {"nothing": K.constant(0.0)}

    class Weighing(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return super().compute_loss(x, y, y_pred, sample_weight) * 2

    _, logs = fitted(Adding)
    _, expected = fitted(keras.Model)
    assert logs["extra"] == [3, 3]
    np.testing.assert_allclose(logs["loss"], expected["loss"], rtol=1e-5)
    tester, logs = fitted(Testing)
    np.testing.assert_allclose(logs["loss"], expected["loss"], rtol=1e-5)
    assert tester.evaluate(*data(), verbose=0, return_dict=True) == {"nothing": 0.0}
    _, logs = fitted(Weighing)
    assert set(logs) == {"loss", "accuracy"}


def test_own_metrics_begin_anew_each_epoch():
    class Counting(keras.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.seen = keras.metrics.Sum(name="seen")

        @property
        def metrics(self):
            return [self.seen]

        def train_step(self, data):
            self.seen.update_state(K.ones_like(data[1][:, 0]))
            return {"seen": self.seen.result()}

    _, logs = fitted(Counting)
    assert logs["seen"] == [40, 40]


def test_run_eagerly_runs_python_at_each_step():
    ran = []

    class Printing(Stepping):
        def train_step(self, data):
            ran.append(1)
            return super().train_step(data)

    model(Printing).fit(*data(), batch_size=10, verbose=0)
    assert len(ran) == 1  # traced
    eager = model(Printing, run_eagerly=True)
    eager.fit(*data(), batch_size=10, verbose=0)
    assert len(ran) == 5
    plain = model(keras.Model, run_eagerly=True)
    plain.fit(*data(), epochs=2, batch_size=16, verbose=0, shuffle=False)
    _, expected = fitted(keras.Model)
    np.testing.assert_allclose(plain.history.history["loss"], expected["loss"], rtol=1e-5)


def test_callbacks_hear_of_it(tmp_path, capsys):
    seen = []

    class Listener(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, logs["size"], type(logs["loss"])))

    best = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "best.h5"), monitor="val_loss", save_best_only=True, save_weights_only=True
    )
    made = model()
    made.fit(*data(), batch_size=16, validation_data=data(8), callbacks=[Listener(), best])
    assert seen == [(0, 16, float), (1, 16, float), (2, 8, float)]
    assert (tmp_path / "best.h5").exists()
    out = capsys.readouterr().out
    assert "40/40" in out and "val_accuracy: " in out


def test_functions_for_training_may_be_made_by_the_model():
    class Making(Stepping):
        def make_train_function(self, force=False):
            def twice(iterator):
                batch = next(iterator)
                with running.eagerly(eagerly):
                    self.train_step(batch)
                    return self.train_step(batch)

            self.train_function = twice
            return twice

    made = model(Making)
    made.fit(*data(), batch_size=20, verbose=0)
    assert made.optimizer.iterations.get_value() == 4


def test_it_is_saved_with_its_optimizer(tmp_path):
    made, _ = fitted(Stepping)
    made.save(str(tmp_path / "model.h5"))
    again = keras.models.load_model(
        str(tmp_path / "model.h5"), custom_objects={"Stepping": Stepping}
    )
    x, y = data()
    assert type(again) is Stepping
    np.testing.assert_allclose(again.predict(x), made.predict(x), rtol=1e-6)
    first, second = (m.train_on_batch(x, y, return_dict=True) for m in (made, again))
    assert first == pytest.approx(second) and list(first) == ["loss", "accuracy"]
    np.testing.assert_allclose(made.get_weights()[0], again.get_weights()[0], rtol=1e-5)


def test_it_says_what_is_missing():
    inputs = keras.Input((5,))
    made = Stepping(inputs, keras.layers.Dense(3)(inputs))
    with pytest.raises(NotCompiledError, match="must compile your model"):
        made.fit(*data(), verbose=0)
    made.compile("adam", "mse")
    with pytest.raises(ValueError, match=r"ambiguous.*\[7, 40\]"):
        made.fit(data()[0], data(7)[1], verbose=0)
    with pytest.raises(ValueError, match="no batch"):
        made.fit(iter([]), verbose=0)
    with pytest.raises(ValueError, match="no meaning for a model with a train_step"):
        made.compile("adam", "mse", sample_weight_mode="temporal")
