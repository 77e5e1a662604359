"""Training that is saved, loaded and gone on with ends bit for bit as training in one go.

The random state of a program is NumPy's: it shuffles, and seeds what a step draws. A file does not
hold it, and loading leaves it alone, so a program that goes on in the same process, or sets the
seed again, draws what it would have drawn. A pickle or a copy also holds what a model itself has
of it, and the states of stateful layers.
"""

import copy
import functools
import io
import pickle

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam import metrics, optimizers
from hornbeam.callbacks import LearningRateScheduler
from hornbeam.models import Input, Model, Sequential, load_model

X = np.random.RandomState(1).normal(size=(12, 4)).astype("float32")
Y = np.random.RandomState(2).normal(size=(12, 2)).astype("float32")


class Heavy(optimizers.Optimizer):
    """An optimizer written as for Keras 2, with slots made in `get_updates`."""

    def __init__(self, lr=0.1, **kwargs):
        super().__init__(**kwargs)
        self.rate = K.variable(lr, name="rate")
        self.iterations = K.variable(0, dtype="int64", name="iterations")

    def get_updates(self, loss, params):
        slots = [K.zeros(K.int_shape(p)) for p in params]
        self.weights = [self.iterations, *slots]
        self.updates = [K.update_add(self.iterations, 1)]
        for p, g, slot in zip(params, self.get_gradients(loss, params), slots):
            new = 0.9 * slot + g
            self.updates += [K.update(slot, new), K.update(p, p - self.rate * new)]
        return self.updates

    def get_config(self):
        return {**super().get_config(), "lr": float(K.get_value(self.rate))}


def file(save_format):
    def through(model):
        buffer = io.BytesIO()
        model.save(buffer, save_format=save_format)
        buffer.seek(0)
        return load_model(buffer, custom_objects={"Heavy": Heavy})

    return through


h5 = file("h5")
WAYS = {
    "h5": h5,
    "keras": file("keras"),
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
}
by_pickle = {name: WAYS[name] for name in ("pickle", "deepcopy")}


def state(model):
    return model.get_weights() + model.optimizer.get_weights()


def assert_same(ours, theirs, where=""):
    for mine, other in zip(state(ours), state(theirs), strict=True):
        np.testing.assert_array_equal(mine, other, err_msg=where)


def goes_on(model, ways=WAYS, x=X, y=Y, between=lambda model: None, seed=None, **arguments):
    """Trains for an epoch; checks that copies train on as the model itself does; returns them."""
    arguments = {"batch_size": 6, "verbose": 0, **arguments}
    model.fit(x, y, **arguments)
    copies = {name: way(model) for name, way in ways.items()}
    random = np.random.get_state()
    for each in (*copies.values(), model):
        between(each)
        np.random.set_state(random)
        if seed is not None:
            np.random.seed(seed)
        each.fit(x, y, epochs=2, initial_epoch=1, **arguments)
    for name, made in copies.items():
        assert_same(made, model, name)
    return copies


def stack(optimizer="adam", *more, loss="mse", **arguments):
    model = Sequential([L.Dense(3, input_shape=(4,), activation="tanh"), *more, L.Dense(2)])
    model.compile(optimizer, loss, **arguments)
    return model


OPTIMIZERS = {
    "SGD": lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True, decay=0.1, clipnorm=1.0),
    "RMSprop": lambda: optimizers.RMSprop(decay=0.1),
    "Adagrad": lambda: optimizers.Adagrad(),
    "Adadelta": lambda: optimizers.Adadelta(),
    "Adam": lambda: optimizers.Adam(amsgrad=True, clipvalue=0.1),
    "Adamax": lambda: optimizers.Adamax(),
    "Nadam": lambda: optimizers.Nadam(),
    "Heavy": Heavy,
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_goes_on(optimizer):
    """Also with a shuffled second epoch: NumPy's random numbers are where they were."""
    model = stack(OPTIMIZERS[optimizer]())
    for made in goes_on(model).values():
        assert made.optimizer.get_config() == model.optimizer.get_config()


def test_two_epochs_are_one_and_one_with_all_that_the_data_may_bring():
    """The literal promise, with class weights, stateful metrics and moving statistics.

    Not shuffled: within one `fit`, Keras shuffles the order of the epoch before.
    """
    x = np.abs(X)
    y = np.eye(2, dtype="float32")[np.arange(12) % 2]
    make = functools.partial(
        stack,
        "adam",
        L.BatchNormalization(),
        loss="categorical_hinge",
        metrics=["accuracy", metrics.AUC(num_thresholds=5)],
        weighted_metrics=["mse"],
    )
    arguments = {
        "verbose": 0,
        "batch_size": 6,
        "shuffle": False,
        "class_weight": {0: 1.0, 1: 3.0},
        "validation_data": (x, y),
    }
    whole = make()
    part = copy.deepcopy(whole)
    expected = whole.fit(x, y, epochs=2, **arguments)
    before = part.fit(x, y, epochs=1, **arguments)
    for name, way in WAYS.items():
        rest = way(part)
        found = rest.fit(x, y, epochs=1, **arguments)
        assert_same(whole, rest, name)
        for key, values in expected.history.items():
            assert values == before.history[key] + found.history[key], (name, key)


def test_dropout_goes_on_where_the_seed_is_set():
    model = stack("sgd", L.Dropout(0.5), L.GaussianNoise(0.1), L.Dropout(0.5, seed=7))
    other = copy.deepcopy(model)
    goes_on(model, seed=6)
    goes_on(other, {}, seed=8)
    assert not np.array_equal(model.get_weights()[0], other.get_weights()[0])


def test_evaluating_in_between_changes_nothing():
    model = stack("sgd", L.Dropout(0.5))
    other = copy.deepcopy(model)
    np.random.seed(0)
    goes_on(model, {"h5": h5}, seed=6, between=lambda model: model.evaluate(X, Y, 6, 0))
    np.random.seed(0)
    goes_on(other, {}, seed=6)
    assert_same(model, other)


def test_single_steps_with_dropout_go_on_from_pickles():
    model = stack("adam", L.Dropout(0.5))
    for _ in range(3):
        model.train_on_batch(X, Y)
    copies = [way(model) for way in by_pickle.values()]
    for _ in range(2):
        loss = model.train_on_batch(X, Y)
        assert [made.train_on_batch(X, Y) for made in copies] == [loss, loss]


def test_loading_leaves_the_random_numbers_of_numpy_alone():
    model = stack("adam", L.Dropout(0.5))
    model.fit(X, Y, verbose=0)
    np.random.seed(0)
    expected = np.random.rand()
    np.random.seed(0)
    for way in WAYS.values():
        way(model)
    assert np.random.rand() == expected


def test_a_stateful_network_goes_on():
    """A file holds no states, as in Keras: they are reset. A pickle holds them."""
    options = {"x": X.reshape(12, 2, 2), "batch_size": 6, "shuffle": False}
    model = Sequential([L.LSTM(2, stateful=True, batch_input_shape=(6, 2, 2)), L.Dense(2)])
    model.compile("rmsprop", "mse")
    goes_on(model, by_pickle, **options)
    model.reset_states()
    goes_on(model, between=Model.reset_states, **options)
    with pytest.raises(AssertionError, match="h5"):
        goes_on(model, **options)


def test_a_changed_learning_rate_is_kept():
    def between(model):
        assert K.get_value(model.optimizer.lr) == np.float32(0.037)

    schedule = LearningRateScheduler(lambda epoch: 0.037 / (1 + epoch))
    goes_on(stack(optimizers.SGD(0.1)), between=between, callbacks=[schedule])


def test_a_shared_and_nested_graph_with_two_losses_goes_on():
    x = Input((4,))
    inner = Sequential(
        [L.Dense(4, input_shape=(4,), kernel_regularizer="l2"), L.BatchNormalization()]
    )
    once = inner(x)
    model = Model(x, [L.Dense(2, name="a")(inner(once)), L.Dense(2, name="b")(once)])
    inner.layers[0].trainable = False
    model.compile(
        "adam",
        {"a": "mse", "b": "mae"},
        loss_weights={"a": 1.0, "b": 0.3},
        metrics={"a": ["mae"]},
    )
    goes_on(model, y={"a": Y, "b": Y})


class Own(Model):
    def __init__(self):
        super().__init__()
        self.hidden = L.Dense(3, activation="relu")
        self.norm = L.BatchNormalization()
        self.out = [L.Dense(2)]

    def call(self, inputs, training=None):
        return self.out[0](self.norm(self.hidden(inputs), training=training))


def test_a_subclassed_model_goes_on():
    model = Own()
    model.compile("adam", "mse")
    goes_on(model, by_pickle)
    with pytest.raises(NotImplementedError, match="save_weights"):
        h5(model)


def test_the_weights_of_a_subclassed_model_go_on_in_another():
    def weights_alone(model):
        buffer = io.BytesIO()
        model.save_weights(buffer)
        other = Own()
        other.build((None, 4))
        other.load_weights(buffer)
        other.compile(optimizers.SGD(0.1), "mse")
        return other

    model = Own()
    model.compile(optimizers.SGD(0.1), "mse")
    model.fit(X, Y, verbose=0)
    other = weights_alone(model)
    assert other.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
