"""`predict`: the same outputs by a compiled loop as batch by batch."""

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import layers as L
from hornbeam.callbacks import Callback
from hornbeam.engine.node import to_list
from hornbeam.models import Model, Sequential
from hornbeam.training.data import Arrays
from hornbeam.training.filling import may_fill
from hornbeam.training.plan import BATCHES, LOOP, STEPS, plan
from hornbeam.training.runner import Runner
from hornbeam.training.steps import PREDICT, TRAIN, Step

rng = np.random.RandomState(0)
X = rng.normal(size=(1050, 5)).astype("float32")
STEPS_OF_7 = rng.randint(7, size=(1050, 6))


class EachBatch(Callback):
    """Wants to hear of each batch, so that no loop is run."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def on_predict_batch_end(self, batch, logs=None):
        self.sizes.append(logs["size"])


def dense(*layers):
    return Sequential([L.Dense(6, activation="tanh", input_shape=(5,)), *layers])


def branched():
    x = L.Input((5,))
    y = L.Dense(4, activation="relu")(x)
    return Model(x, [L.Dense(3, activation="softmax")(y), L.Reshape((2, 2))(y)])


def recurrent(**options):
    inputs = L.Input(batch_shape=(2, 6)) if options.get("stateful") else L.Input((6,))
    x = L.Embedding(7, 4, mask_zero=True)(inputs)
    return Model(inputs, L.GRU(3, **options)(x))


def several_inputs():
    a, b = L.Input((5,)), L.Input((6,), dtype="int32")
    return Model([a, b], L.concatenate([L.Dense(2)(a), L.Flatten()(L.Embedding(7, 2)(b))]))


def noisy():
    inputs = L.Input((5,))
    return Model(inputs, L.Dropout(0.5)(inputs, training=True))


def wide():
    inputs = L.Input((5,), dtype="float64")
    return Model(inputs, L.Lambda(lambda x: x / 3)(inputs))


def over_the_batch(x):
    return x - K.mean(x, axis=0)


CASES = {  # model, inputs, size of a batch
    "whole batches": (dense, X[:1000], 10),
    "a last one that is filled": (dense, X[:1003], 10),
    "a last one that is not": (lambda: dense(L.Lambda(over_the_batch)), X[:1003], 10),
    "several pieces": (dense, X[:1049], 2),
    "two outputs": (branched, X[:203], 3),
    "two inputs": (several_inputs, [X, STEPS_OF_7], 16),
    "masks": (recurrent, STEPS_OF_7[:203], 3),
    "states": (lambda: recurrent(stateful=True), STEPS_OF_7[:200], 2),
    "random numbers": (noisy, X[:500], 5),
    "64 bits": (wide, X.astype("float64"), 16),
    "batch statistics": (lambda: dense(L.BatchNormalization()), X, 16),
}


def count_calls(monkeypatch):
    """Notes how many batches each call of the loop, and of a single step, does."""
    calls, run_loop, run = [], Step.run_loop, Step.run

    def looped(self, data, order, start, count, *rest):
        calls.append(count)
        return run_loop(self, data, order, start, count, *rest)

    def single(self, *arguments):
        calls.append("single")
        return run(self, *arguments)

    monkeypatch.setattr(Step, "run_loop", looped)
    monkeypatch.setattr(Step, "run", single)
    return calls


@pytest.mark.parametrize("case", CASES)
def test_outputs_are_those_of_single_batches_bit_for_bit(case, monkeypatch):
    make, x, size = CASES[case]
    model, listener, calls = make(), EachBatch(), count_calls(monkeypatch)
    found = []
    for callbacks in ([listener], None):
        np.random.seed(1)
        model.reset_states()
        model.trainer.other_count = 0
        found.append(to_list(model.predict(x, batch_size=size, callbacks=callbacks)))
    samples = len(to_list(x)[0])
    batches = -(-samples // size)
    assert len(listener.sizes) == batches and sum(listener.sizes) == samples
    assert calls[:batches] == ["single"] * batches
    assert calls[batches : batches + 2] == [1, 1]        # they are timed
    smaller = samples % size and not may_fill(model.trainer, PREDICT)
    assert calls[batches:].count("single") == bool(smaller)
    for one, other in zip(*found, strict=True):
        assert one.dtype == other.dtype and len(one) == samples
        np.testing.assert_array_equal(one, other)


def test_outputs_are_right():
    model = dense()
    kernel, bias = model.get_weights()
    found = model.predict(X, batch_size=4)
    np.testing.assert_allclose(found, np.tanh(X @ kernel + bias), rtol=1e-5, atol=1e-6)
    found[:] = 0                                         # the caller's own
    np.testing.assert_allclose(model.predict(X)[7], np.tanh(X[7] @ kernel + bias), rtol=1e-5)


def test_states_go_on_from_one_call_to_the_next():
    one, other = recurrent(stateful=True), recurrent(stateful=True)
    other.set_weights(one.get_weights())
    x = STEPS_OF_7[:200]
    whole = one.predict(x, batch_size=2)                 # a loop
    parts = [other.predict(x[i : i + 40], batch_size=2) for i in range(0, 200, 40)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert np.any(one.predict(x, batch_size=2) != whole)


def test_any_number_of_samples_is_computed_by_the_same_program():
    model = dense()
    for samples in (1050, 700, 1001, 640, 1050):
        assert len(model.predict(X[:samples], batch_size=10)) == samples
    (step,) = model.trainer._steps.values()
    assert step._loop._cache_size() == 1 and step._single._cache_size() == 0


def test_a_file_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("hornbeam.training.steps._PIECE", 8)
    array = np.memmap(tmp_path / "x", "float32", "w+", shape=X.shape)
    array[:] = X
    sizes, rows = [], Arrays.rows
    monkeypatch.setattr(
        Arrays, "rows", lambda self, start, size: sizes.append(size) or rows(self, start, size)
    )
    model = dense()
    found = model.predict(array, batch_size=4)
    assert max(sizes) == 8 * 4
    np.testing.assert_array_equal(found, model.predict(X, batch_size=4))


def test_outputs_that_have_other_rows_than_the_samples():
    inputs = L.Input((5,))
    total = L.Lambda(lambda x: K.sum(x, axis=0))(inputs)             # (5,): as many as a batch
    model = Model(inputs, total)
    expected = X[:1048].reshape(-1, 4, 5).sum(axis=1).reshape(-1)
    found = model.predict(X[:1048], batch_size=4)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    batches = [X[i : min(i + 5, 1048)].sum(axis=0) for i in range(0, 1048, 5)]
    found = model.predict(X[:1048], batch_size=5)
    np.testing.assert_allclose(found, np.concatenate(batches), rtol=1e-4, atol=1e-5)


def test_the_bar_moves_by_many_batches(capsys):
    model = dense()
    model.predict(X, batch_size=10)
    model.predict(X, batch_size=10, verbose=1)
    shown = capsys.readouterr().out
    assert "1050/1050" in shown and shown.count("\r") < 50


def way(model, x, size=4, mode=PREDICT, steps=None, listens=False, y=()):
    model.compile("sgd", "mse")
    data = Arrays([x], list(y), [None] * len(y), size)
    return plan(Runner(model.trainer, mode), data, steps, listens)


def test_the_plan_says_why(monkeypatch):
    sums = Sequential([L.Lambda(lambda x: K.sum(x), input_shape=(5,))])
    y = [np.zeros((1050, 6), "float32")]
    assert way(dense(), X) == (LOOP, "Nobody listens to single batches.")
    assert way(dense(), X, mode=TRAIN, y=y) == (LOOP, "Nobody listens to single batches.")
    assert way(dense(), X, listens=True) == (BATCHES, "A callback wants to hear of each batch.")
    assert way(dense(), X[:10]) == (BATCHES, "They are fewer than 64.")
    assert "A number of batches" in way(dense(), X, steps=3)[1]
    assert "one row for each sample" in way(sums, X)[1]
    monkeypatch.setattr("hornbeam.training.steps._PIECE_BYTES", 1000)
    assert "as much as one call" in way(dense(), X)[1]
    monkeypatch.undo()
    monkeypatch.setattr(Step, "has_convolution", True)
    assert way(dense(), X)[0] == BATCHES and way(dense(), X, mode=TRAIN, y=y)[0] == STEPS
    assert "convolution" in way(dense(), X)[1]


def test_a_batch_like_one_before_goes_to_the_function_that_is_there_now():
    model, one = dense(), X[:1]
    before = model.predict(one)
    np.testing.assert_array_equal(model.predict_on_batch(one), before)
    model.predict_function = lambda inputs: [inputs[0] + 1]
    np.testing.assert_array_equal(model.predict(one), one + 1)
    model.predict_function = None
    np.testing.assert_array_equal(model.predict(one), before)
    model.add(L.Lambda(lambda x: 2 * x))
    np.testing.assert_array_equal(model.predict(one), 2 * before)
    with pytest.raises(ValueError, match="shape"):
        model.predict(X[:1, :4])
