"""The last, smaller batch computed as a full one: the same results, by one compiled program."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.engine.node import to_list
from hornbeam.models import Model, Sequential
from hornbeam.training import runner
from hornbeam.training.filling import may_fill
from hornbeam.training.steps import PREDICT, TEST, TRAIN

rng = np.random.RandomState(0)


def dense():
    return Sequential(
        [
            L.Dense(6, activation="relu", kernel_regularizer="l2", input_shape=(5,)),
            L.Dropout(0.5),
            L.Dense(3, activation="softmax"),
        ]
    )


def recurrent():
    return Sequential(
        [
            L.Embedding(7, 4, mask_zero=True, input_length=5),
            L.SimpleRNN(3, dropout=0.3, return_sequences=True),
            L.TimeDistributed(L.Dense(3, activation="softmax")),
        ]
    )


def images():
    x = L.Input((4, 4, 2))
    y = L.MaxPooling2D()(L.Conv2D(3, 3, padding="same", activation="relu")(x))
    y = L.concatenate([L.Flatten()(y), L.Flatten()(x)])
    inner = Sequential([L.Dense(4, activation="tanh", input_shape=(44,))])
    return Model(x, [L.Dense(3, activation="softmax", name="a")(inner(y)), L.Dense(1, name="b")(y)])


X = rng.normal(size=(11, 5)).astype("float32")
Y = np.eye(3, dtype="float32")[rng.randint(3, size=11)]
STEPS = rng.randint(7, size=(11, 5))
CASES = {
    "dense": (dense, {"loss": "categorical_crossentropy", "metrics": ["acc", "mae"]}, X, Y, None),
    "weights": (
        dense,
        {"loss": "categorical_crossentropy", "weighted_metrics": ["acc"], "metrics": ["mse"]},
        X,
        Y,
        rng.uniform(size=11),
    ),
    "masks and weights of steps": (
        recurrent,
        {
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["acc"],
            "sample_weight_mode": "temporal",
        },
        STEPS,
        rng.randint(3, size=(11, 5, 1)),
        rng.uniform(size=(11, 5)),
    ),
    "two outputs": (
        images,
        {
            "loss": ["categorical_crossentropy", "hinge"],
            "loss_weights": [1, 0.3],
            "metrics": ["mae"],
        },
        rng.normal(size=(11, 4, 4, 2)),
        [Y, rng.randint(2, size=(11, 1))],
        None,
    ),
}


def work(case):
    build, compiled, x, y, weights = CASES[case]
    np.random.seed(3)
    model = build()
    model.compile("adam", **compiled)
    history = model.fit(x, y, batch_size=4, epochs=3, sample_weight=weights, verbose=0)
    results = [*history.history.values(), model.evaluate(x, y, 4, 0, sample_weight=weights)]
    results += [*model.get_weights(), *to_list(model.predict(x, batch_size=4))]
    return results, [key[0] for key in model.trainer._steps]


@pytest.mark.parametrize("case", CASES)
def test_results_are_those_of_a_smaller_batch(case, monkeypatch):
    filled, steps = work(case)
    assert sorted(steps) == sorted([TRAIN, TEST, PREDICT])
    monkeypatch.setattr(runner, "may_fill", lambda trainer, mode: False)
    smaller, steps = work(case)
    assert len(steps) == 6
    for one, other in zip(filled, smaller, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


class Own(L.Layer):
    def call(self, inputs):
        return inputs - K.mean(inputs, axis=0)


def compiled(*layers, loss="mse", metrics=(), optimizer="sgd", extra=None):
    model = Sequential([L.Dense(3, input_shape=(5,)), *layers])
    if extra:
        extra(model)
    model.compile(optimizer, loss, metrics=list(metrics))
    return model


def over_the_batch(y_true, y_pred):
    return K.mean(K.square(K.mean(y_true - y_pred, axis=0)))


MODELS = {  # model, and in which modes a batch may be filled
    "plain": (lambda: compiled(L.Activation("relu")), [TRAIN, TEST, PREDICT]),
    "normalized": (lambda: compiled(L.BatchNormalization()), [TEST, PREDICT]),
    "own layer": (lambda: compiled(Own()), []),
    "lambda": (lambda: compiled(L.Lambda(lambda x: x - K.mean(x, axis=0))), []),
    "own activation": (lambda: compiled(L.Activation(lambda x: x / K.max(x))), []),
    "softmax over samples": (lambda: compiled(L.Softmax(axis=0)), []),
    "inner": (lambda: compiled(Sequential([Own(input_shape=(3,))])), []),
    "activity": (lambda: compiled(L.Dense(2, activity_regularizer="l2")), []),
    "own loss": (lambda: compiled(loss=over_the_batch), [PREDICT]),
    "own metric": (lambda: compiled(metrics=[over_the_batch]), [PREDICT]),
    "metric of a batch": (lambda: compiled(metrics=["mae", "fmeasure"]), [PREDICT]),
    "added loss": (
        lambda: compiled(extra=lambda model: model.add_loss(K.mean(model.outputs[0]))),
        [],
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_only_what_is_known_to_compute_each_sample_by_itself_is_filled(name):
    make, modes = MODELS[name]
    model = make()
    assert [mode for mode in (TRAIN, TEST, PREDICT) if may_fill(model.trainer, mode)] == modes
