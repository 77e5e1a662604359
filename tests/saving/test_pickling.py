"""Pickles and copies of models, layers and what belongs to them."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import (
    callbacks,
    constraints,
    initializers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from hornbeam import layers as L
from hornbeam.models import Input, Model, Sequential

X = np.random.RandomState(0).normal(size=(6, 4)).astype("float32")
Y = np.random.RandomState(1).normal(size=(6, 2)).astype("float32")


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


both = pytest.mark.parametrize("way", [pickled, copy.deepcopy], ids=["pickle", "deepcopy"])


class Scaled(L.Layer):
    """A layer without a config: a pickle needs none."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


class Branches(Model):
    """A functional model with a constructor of its own."""

    def __init__(self, units):
        x = Input((4,))
        hidden = L.Dense(units)(x)
        super().__init__(x, L.Dense(2)(hidden))
        self.units = units
        self.hidden = hidden


def power(exponent):
    def loss(y_true, y_pred):
        return K.mean(K.abs(y_true - y_pred) ** exponent, axis=-1)

    return loss


def trains_on_alike(model, other, x=X, y=Y):
    for _ in range(2):
        assert model.train_on_batch(x, y) == other.train_on_batch(x, y)
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# ---- models


@both
def test_a_model_comes_back_compiled_without_its_history(way):
    model = Sequential([L.Dense(2, input_shape=(4,), name="only")])
    model.compile("adam", "mse", metrics=["mae"], loss_weights=[2.0])
    model.fit(X, Y, verbose=0)
    other = way(model)
    assert (other.loss, other.loss_weights, other.history) == ("mse", [2.0], None)
    assert other.metrics_names == ["loss", "mae"]
    assert other.layers[0].name == "only" and other.layers[0].input is other.input
    assert other.optimizer is other.trainer.optimizer is not model.optimizer
    trains_on_alike(model, other)


@both
def test_functions_without_a_name_and_classes_without_a_config_come_along(way):
    bias = K.variable(0.5)
    model = Sequential(
        [
            L.Dense(3, input_shape=(4,), activation=lambda x: K.tanh(x) * 2),
            Scaled(3.0),
            L.Lambda(lambda x, by=2.0: x * by + bias),
            L.Dense(2, kernel_constraint=lambda w: w * 0.5),
        ]
    )
    model.compile("sgd", power(1.5), metrics=[power(3.0)])
    model.train_on_batch(X, Y)
    other = way(model)
    trains_on_alike(model, other)
    before = other.predict(X)
    bias.set_value(7.0)  # the copy has a variable of its own
    np.testing.assert_array_equal(other.predict(X), before)


@both
def test_a_loss_that_closes_over_tensors_and_added_losses(way):
    x = Input((4,))
    mean = L.Dense(2)(x)
    model = Model(x, L.Dense(2)(K.relu(mean) * 2.0))
    model.add_loss(0.1 * K.mean(K.square(mean)))
    model.add_metric(K.sum(mean), name="total")
    model.compile("adam", lambda a, b: K.mean(K.square(a - b)) + K.mean(K.abs(mean)))
    model.train_on_batch(X, Y)
    other = way(model)
    assert other.metrics_names == model.metrics_names
    trains_on_alike(model, other)


@both
def test_a_subclass_keeps_its_attributes_and_its_tensors(way):
    other = way(Branches(3))
    assert type(other) is Branches and other.units == 3
    hidden = Model(other.input, other.hidden)
    assert hidden.predict(X).shape == (6, 3)


@both
def test_models_that_share_layers_still_share_them(way):
    """A generator, a discriminator frozen after it was compiled, and both together."""
    generator = Sequential([L.Dense(4, input_shape=(4,))])
    critic = Sequential([L.Dense(2, input_shape=(4,))])
    critic.compile("adam", "mse")
    critic.trainable = False
    x = Input((4,))
    both_ = Model(x, critic(generator(x)))
    both_.compile("sgd", "mse")
    parts = generator, critic, both_
    parts[1].train_on_batch(X, Y)
    others = way(parts)
    assert others[2].layers[1:] == [others[0], others[1]]
    for number in (1, 2, 1):
        trains_on_alike(parts[number], others[number])


@both
def test_two_models_on_the_same_graph_still_are(way):
    x = Input((4,))
    hidden = L.Dense(3)
    code = hidden(x)
    encoder, whole = way((Model(x, code), Model(x, L.Dense(2)(code))))
    assert encoder.input is whole.input and encoder.output is whole.layers[1].output
    assert encoder.layers[1] is whole.layers[1] and len(encoder.layers[1]._inbound_nodes) == 1


def test_a_shallow_copy_shares_the_layers():
    model = Sequential([L.Dense(2, input_shape=(4,))])
    other = copy.copy(model)
    assert other.layers[0] is model.layers[0] and other is not model
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


@both
def test_an_optimizer_of_optax_keeps_its_state(way):
    optax = pytest.importorskip("optax")
    schedule = optax.exponential_decay(0.1, 10, 0.9)
    model = Sequential([L.Dense(2, input_shape=(4,))])
    model.compile(optax.chain(optax.add_noise(0.1, 0.5, 1), optax.adamw(schedule)), "mse")
    model.train_on_batch(X, Y)
    trains_on_alike(model, way(model))


@both
def test_targets_that_are_tensors(way):
    x = Input(tensor=K.variable(X))
    model = Model(x, L.Dense(2)(x))
    model.compile("sgd", "mse", target_tensors=[K.constant(Y)])
    model.train_on_batch(None, None)
    trains_on_alike(model, way(model), None, None)


def test_a_deep_model_is_no_deep_recursion():
    model = Sequential([L.Dense(1, input_shape=(1,)), *[L.ReLU() for _ in range(600)]])
    assert len(copy.deepcopy(pickled(model)).layers) == 601


def test_a_pickle_is_read_by_another_process(tmp_path):
    """As with `multiprocessing` and `joblib`; the function has no name to be found by."""
    model = Sequential([L.Lambda(lambda x: K.square(x) + 1, input_shape=(4,)), L.Dense(2)])
    (tmp_path / "model").write_bytes(pickle.dumps(model))
    program = (
        "import pickle, sys, numpy as np\n"
        "model = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(repr(model.predict(np.ones((1, 4), 'float32')).tobytes()))"
    )
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "model")]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() == repr(model.predict(np.ones((1, 4), "float32")).tobytes())


def test_code_of_another_python_is_refused_with_words(monkeypatch):
    layer = L.Lambda(lambda x: x)
    monkeypatch.setattr(sys, "version_info", (3, 5, 0))
    data = pickle.dumps(layer)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"written by Python 3\.5"):
        pickle.loads(data)


# ---- what belongs to models


@both
def test_a_layer_alone_comes_without_its_graph(way):
    layer = L.Bidirectional(L.LSTM(2, kernel_regularizer="l2"))
    layer(Input((3, 4)))
    other = way(layer)
    assert not other._inbound_nodes and other.built
    for ours, theirs in zip(other.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    x = np.ones((1, 3, 4), "float32")
    np.testing.assert_array_equal(other(x), layer(x))


@both
@pytest.mark.parametrize(
    "thing",
    [
        initializers.VarianceScaling(seed=3),
        regularizers.l1_l2(0.1, 0.2),
        constraints.MinMaxNorm(0.5),
        losses.Huber(0.3),
        metrics.AUC(num_thresholds=7),
        optimizers.Adam(0.3, amsgrad=True),
        optimizers.SGD(0.1, clipnorm=2.0),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_objects_of_a_config(way, thing):
    other = way(thing)
    assert type(other) is type(thing) and other.get_config() == thing.get_config()


@both
def test_a_metric_keeps_its_state(way):
    metric = metrics.Mean()
    metric.update_state([1.0, 3.0])
    other = way(metric)
    other.update_state([8.0])
    assert (K.eval(metric.result()), K.eval(other.result())) == (2.0, 4.0)


@both
def test_callbacks_come_with_their_model(way):
    model = Sequential([L.Dense(2, input_shape=(4,))])
    model.compile("sgd", "mse")
    stopping = callbacks.EarlyStopping("loss", patience=3)
    history = model.fit(X, Y, verbose=0, callbacks=[stopping])
    other, again = way((stopping, history))
    assert other.best == stopping.best and again.history == history.history
    assert again.model is other.model is not model


@both
def test_variables_and_tensors(way):
    variable = K.variable(np.arange(3.0))
    total = K.sum(K.square(variable)) + 1
    other, result = way((variable, total))
    other.set_value(np.zeros(3))
    assert (K.eval(result), K.eval(total)) == (1.0, 6.0)
