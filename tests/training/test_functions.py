"""`model.train_function` and its like: made, called, wrapped, replaced, overridden."""

import copy
import pickle

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.callbacks import Callback
from hornbeam.layers import BatchNormalization, Dense, Dropout, Embedding, Input
from hornbeam.models import Model, Sequential
from hornbeam.optimizers import SGD, Adam
from hornbeam.training.functions import StepFunction

rng = np.random.RandomState(0)
X = rng.uniform(-1, 1, (10, 4)).astype("float32")
Y = np.eye(3, dtype="float32")[np.arange(10) % 3]


class Graph(Model):
    """Makes its functions of the graph, in the words of Keras 2.3."""

    def _make_train_function(self):
        if not hasattr(self, "train_function"):
            raise RuntimeError("You must compile your model before using it.")
        self._check_trainable_weights_consistency()
        if self.train_function is None:
            inputs = self._feed_inputs + self._feed_targets + self._feed_sample_weights
            if self._uses_dynamic_learning_phase():
                inputs += [K.learning_phase()]
            updates = self.optimizer.get_updates(
                params=self._collected_trainable_weights, loss=self.total_loss
            )
            updates = self.updates + updates
            metrics = self._get_training_eval_metrics()
            tensors = [m._call_result for m in metrics if hasattr(m, "_call_result")]
            metrics_updates = []
            for m in metrics:
                metrics_updates.extend(m.updates)
            self.train_function = K.function(
                inputs,
                [self.total_loss] + tensors,
                updates=updates + metrics_updates,
                name="train_function",
                **self._function_kwargs,
            )

    def _make_test_function(self):
        if self.test_function is None:
            inputs = self._feed_inputs + self._feed_targets + self._feed_sample_weights
            if self._uses_dynamic_learning_phase():
                inputs += [K.learning_phase()]
            tensors = [m._call_result for m in self._get_training_eval_metrics()]
            self.test_function = K.function(
                inputs, [self.total_loss] + tensors, updates=self.state_updates
            )

    def _make_predict_function(self):
        if not hasattr(self, "predict_function"):
            self.predict_function = None
        if self.predict_function is None:
            inputs = self._feed_inputs
            if self._uses_dynamic_learning_phase():
                inputs = inputs + [K.learning_phase()]
            self.predict_function = K.function(inputs, self.outputs, updates=self.state_updates)


def build(cls=Model, optimizer=None, outputs=1, **compiled):
    x = Input((4,))
    hidden = BatchNormalization()(Dropout(0.0)(Dense(5, activation="tanh", name="hidden")(x)))
    names = "abc"[:outputs]
    model = cls(x, [Dense(3, activation="softmax", name=name)(hidden) for name in names])
    state = np.random.RandomState(1)
    for layer in model.layers:
        if isinstance(layer, Dense):
            layer.set_weights([state.uniform(-0.5, 0.5, w.shape) for w in layer.get_weights()])
    compiled.setdefault("metrics", ["accuracy", "mae"])
    model.compile(optimizer or Adam(0.01), "categorical_crossentropy", **compiled)
    return model


class Heard(Callback):
    """Keeps the losses of the batches."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=2e-5, err_msg=name)


@pytest.mark.parametrize("outputs", [1, 2])
def test_functions_made_of_the_graph_train_as_the_compiled_steps_do(outputs):
    y, half = ([Y, Y[::-1]], [Y[:5], Y[5:]]) if outputs == 2 else (Y, Y[5:])
    weights = [np.linspace(0.5, 2, 10)] * outputs
    found = []
    for cls in Model, Graph:
        model, heard = build(cls, outputs=outputs), Heard()
        history = model.fit(
            X,
            y,
            batch_size=5,
            epochs=2,
            shuffle=False,
            verbose=0,
            validation_data=(X[5:], half),
            callbacks=[heard],
            sample_weight=weights,
        ).history
        history["batches"] = heard.losses
        history["predicted"] = np.ravel(model.predict(X, 5))
        history["trained"] = model.train_on_batch(X[:5], half)
        history["going on"] = model.train_on_batch(X[5:], half, reset_metrics=False)
        history["tested"] = model.test_on_batch(X[5:], half)
        history["weights"] = np.concatenate([w.ravel() for w in model.get_weights()])
        found.append(history)
    assert not isinstance(model.train_function, StepFunction)
    assert_same(found[1], found[0])


def test_the_function_that_compile_left_is_the_compiled_step():
    model, other = build(), build()
    assert model.train_function is None and model.test_function is None
    assert not hasattr(Model(model.inputs, model.outputs), "train_function")
    model._make_train_function()
    model._make_test_function()
    model._make_predict_function()
    assert [t.name for t in model.train_function.inputs] == [
        t.name
        for t in (*model.inputs, *model.targets, *model.sample_weights, K.learning_phase())
    ]
    assert len(model.train_function.outputs) == 3
    ones = np.ones(10, "float32")
    loss, accuracy, mae = model.train_function([X, Y, ones, 1])
    assert_same({"a": [loss, accuracy, mae]}, {"a": other.train_on_batch(X, Y)})
    model.reset_metrics()
    tested = model.test_function([X, Y, ones, 0])
    assert_same({"a": tested}, {"a": other.test_on_batch(X, Y)})
    predicted = model.predict_function([X, 0])
    np.testing.assert_array_equal(predicted[0], other.predict(X))
    with pytest.raises(ValueError, match="train_function .* takes 3 arrays, .* 2 were given"):
        model.train_function([X, Y])


def test_a_function_put_in_its_place_is_called_with_each_batch():
    model, seen = build(metrics=["mae"]), []
    model._make_train_function()
    step = model.train_function

    def train(arrays):
        seen.append([np.shape(a) for a in arrays])
        assert arrays[-1] == 1 and all(isinstance(a, np.ndarray) for a in arrays[:-1])
        step(arrays)
        return [float(len(seen)), 10.0 * len(seen), "beyond the names"]

    model.train_function = train
    history = model.fit(X, Y, 4, 2, verbose=0).history
    assert seen == [[(n, 4), (n, 3), (n,), ()] for n in (4, 4, 2, 4, 4, 2)]
    # The loss is the mean over samples, a metric is what it was in the end.
    np.testing.assert_allclose(history["loss"], [(4 + 8 + 6) / 10, (16 + 20 + 12) / 10])
    assert history["mae"] == [30.0, 60.0]
    batches = (batch for batch in [(X, Y)] * 2)
    assert model.fit_generator(batches, 2, verbose=0).history["loss"] == [7.5]
    assert model.train_on_batch(X, Y) == [9.0, 90.0, "beyond the names"]
    assert int(model.optimizer.iterations.get_value()) == 9

    model.train_function = None  # made again from here on
    assert len(model.train_on_batch(X, Y)) == 2 and len(seen) == 9
    model.train_function = lambda arrays: None
    with pytest.raises(ValueError, match="train_function of .* returned None"):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", "mse")
    assert model.train_function is None


def test_a_method_put_on_one_model_makes_its_function():
    model = build()

    def make():
        if model.train_function is None:
            model.train_function = lambda arrays: [1.0]

    model._make_train_function = make
    assert model.fit(X, Y, verbose=0).history == {"loss": [1.0]}
    assert model.train_on_batch(X, Y) == 1.0
    model._make_train_function = lambda: None
    model.train_function = None
    with pytest.raises(RuntimeError, match="must set self.train_function"):
        model.train_on_batch(X, Y)


def test_a_subclass_may_go_through_the_method_of_model():
    class Counting(Model):
        calls = 0

        def _make_train_function(self):
            Counting.calls += 1
            super()._make_train_function()

    model, plain = build(Counting), build()
    for _ in range(2):
        assert model.train_on_batch(X, Y) == plain.train_on_batch(X, Y)
    assert Counting.calls == 2


def test_temporal_and_absent_weights_are_ones():
    model, seen = Sequential([Embedding(5, 3, input_length=2), Dense(2)]), []
    model.compile("sgd", "mse", sample_weight_mode="temporal")
    model.train_function = lambda arrays: seen.append(arrays) or [0.0]
    model.fit(np.zeros((3, 2)), np.zeros((3, 2, 2)), verbose=0)
    x, y, weights = seen[0]  # no learning phase: the model does not use it
    np.testing.assert_array_equal(weights, np.ones((3, 2)))


def test_appended_tensors_and_names_become_metrics():
    model = build(metrics=["mae"])
    hidden = model.get_layer("hidden").output
    model.metrics_names.append("size")
    model.metrics_tensors.append(K.mean(K.square(hidden), keepdims=True))
    model.metrics_tensors.append(K.max(model.outputs[0]))
    model.metrics_names += ["sure"]
    history = model.fit(X, Y, 4, 1, shuffle=False, verbose=0, validation_data=(X, Y)).history
    assert list(history) == [p + n for p in ("val_", "") for n in ("loss", "mae", "size", "sure")]
    assert model.metrics_names == ["loss", "mae", "size", "sure"]
    hidden = Model(model.inputs, hidden).predict(X)
    np.testing.assert_allclose(history["val_size"], [np.mean(hidden**2)], rtol=1e-5)
    predicted = model.predict(X)
    parts = [predicted[:4], predicted[4:8], predicted[8:]]
    sure = sum(len(part) * part.max() for part in parts) / 10  # a mean over samples
    np.testing.assert_allclose(model.evaluate(X, Y, 4, verbose=0)[-1], sure, rtol=1e-5)
    with pytest.raises(ValueError, match=r"must stay \['loss', 'mae', 'size', 'sure'\]"):
        model.metrics_names = ["loss"]


def test_updates_among_those_of_the_metrics_come_with_each_step():
    model = build(optimizer=SGD(0.1), metrics=[])
    average = K.zeros(K.shape(model.weights[0]))
    start = model.get_weights()[0]
    model.metrics_updates.append(K.moving_average_update(average, model.weights[0], 0.5))
    model.train_on_batch(X, Y)
    np.testing.assert_allclose(K.get_value(average), start / 2)
    now = model.get_weights()[0]
    model.test_on_batch(X, Y)
    np.testing.assert_allclose(K.get_value(average), start / 4 + now / 2, rtol=1e-6)


def test_another_total_loss_is_minimized():
    model, kernels = build(optimizer=SGD(0.1)), []
    kernel = model.get_layer("hidden").kernel
    model.total_loss = model.total_loss + K.sum(K.square(kernel))
    start = kernel.get_value()
    loss = model.test_on_batch(X, Y)[0]
    plain = build(optimizer=SGD(0.1))
    np.testing.assert_allclose(loss, plain.test_on_batch(X, Y)[0] + np.sum(start**2), rtol=1e-5)
    for each in model, plain:
        each.fit(X, Y, 10, 1, verbose=0)
        kernels.append(each.get_layer("hidden").kernel.get_value())
    np.testing.assert_allclose(kernels[0], kernels[1] - 0.1 * 2 * start, rtol=1e-4, atol=1e-6)


def test_what_changed_counts_when_the_function_is_made_anew():
    model = build(optimizer=SGD(0.1))
    model.train_on_batch(X, Y)
    model._collected_trainable_weights = model.get_layer("a").trainable_weights
    model.optimizer = SGD(0.0)
    model.train_function = None
    before = model.get_weights()
    model.train_on_batch(X, Y)
    assert all(np.array_equal(a, b) for a, b in zip(before[:2], model.get_weights()[:2]))
    model.optimizer, model.train_function = SGD(1.0), None
    model.train_on_batch(X, Y)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights())]
    assert moved[-2:] == [True, True] and moved[:2] == [False, False]


def test_copies_and_pickles_leave_functions_behind():
    model = build()
    model.train_function = lambda arrays: [1.0]
    for other in copy.deepcopy(model), pickle.loads(pickle.dumps(model)):
        assert other.train_function is None
        assert len(other.train_on_batch(X, Y)) == 3
    assert model.train_on_batch(X, Y) == 1.0
