"""`fit` and its arguments: the same numbers whichever way the steps are run."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam import metrics
from hornbeam.callbacks import Callback, History, LambdaCallback
from hornbeam.layers import LSTM, BatchNormalization, Conv2D, Dense, Dropout, Embedding, Flatten
from hornbeam.models import Input, Model, Sequential
from hornbeam.optimizers import SGD
from hornbeam.training.streams import Sequence

ROOT = Path(__file__).resolve().parents[2]


def fixed(shape, seed, scale=1.0):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype("float32")


def classifier(optimizer="sgd", **settings):
    model = Sequential(
        [Dense(6, activation="tanh", input_shape=(4,)), Dense(3, activation="softmax")]
    )
    model.set_weights([fixed(w.shape, i, 0.7) for i, w in enumerate(model.get_weights())])
    settings = {"loss": "categorical_crossentropy", "metrics": ["accuracy"], **settings}
    model.compile(optimizer, **settings)
    return model


X = fixed((22, 4), 10)
Y = np.eye(3, dtype="float32")[np.random.RandomState(11).randint(0, 3, size=22)]


def by_hand(x, y, weights, batches, rate=0.01, sample_weights=None):
    """Softmax regression on one tanh layer, in NumPy: the SGD steps and each batch's loss."""
    w1, b1, w2, b2 = [w.astype("float64") for w in weights]
    losses = []
    for index in batches:
        xb, yb = x[index].astype("float64"), y[index]
        hidden = np.tanh(xb @ w1 + b1)
        logits = hidden @ w2 + b2
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        scale = np.ones(len(xb)) if sample_weights is None else sample_weights[index]
        losses.append(float(np.mean(-np.log((p * yb).sum(axis=1)) * scale)))
        d = (p - yb) * scale[:, None] / len(xb)
        dh = (d @ w2.T) * (1 - hidden**2)
        w2, b2 = w2 - rate * hidden.T @ d, b2 - rate * d.sum(axis=0)
        w1, b1 = w1 - rate * xb.T @ dh, b1 - rate * dh.sum(axis=0)
    return losses, [w1, b1, w2, b2]


def in_order(samples, size):
    return [np.arange(i, min(i + size, samples)) for i in range(0, samples, size)]


def assert_weights(model, expected, rtol=2e-5):
    for found, wanted in zip(model.get_weights(), expected):
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=2e-6)


# ---- one result, three ways to run


class EachBatch(Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


def make_dense():
    return classifier("rmsprop"), X, Y


def make_convolution():
    model = Sequential([
        Conv2D(3, (2, 2), activation="relu", input_shape=(4, 4, 1)), BatchNormalization(),
        Flatten(), Dense(3, activation="softmax"),
    ])
    model.set_weights([np.abs(fixed(w.shape, i)) for i, w in enumerate(model.get_weights())])
    model.compile(SGD(0.05), "categorical_crossentropy", metrics=["accuracy"])
    return model, fixed((22, 4, 4, 1), 3), Y


def make_recurrent():
    model = Sequential([Embedding(9, 4, mask_zero=True), LSTM(3), Dense(3, activation="softmax")])
    model.build((None, 5))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(SGD(0.05), "categorical_crossentropy", metrics=["accuracy"])
    return model, np.random.RandomState(4).randint(0, 9, size=(22, 5)), Y


def run_loop(model, x, y):
    return model.fit(x, y, batch_size=5, epochs=3, shuffle=False, verbose=0)


def run_watched(model, x, y):
    return model.fit(x, y, batch_size=5, epochs=3, shuffle=False, verbose=2)


def run_callbacks(model, x, y):
    callbacks = [EachBatch()]
    return model.fit(x, y, batch_size=5, epochs=3, shuffle=False, verbose=0, callbacks=callbacks)


def run_generator(model, x, y):
    def batches():
        while True:
            for index in in_order(len(x), 5):
                yield x[index], y[index]

    return model.fit_generator(batches(), steps_per_epoch=5, epochs=3, verbose=0)


def run_sequence(model, x, y):
    class Data(Sequence):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return x[index * 5 : index * 5 + 5], y[index * 5 : index * 5 + 5]

    return model.fit(Data(), epochs=3, shuffle=False, verbose=0, workers=2)


def run_batches(model, x, y):
    history = {"loss": [], "accuracy": []}
    for _ in range(3):
        model.reset_metrics()
        total = 0.0
        for index in in_order(len(x), 5):
            loss, accuracy = model.train_on_batch(x[index], y[index], reset_metrics=False)
            total += loss * len(index)
        history["loss"].append(total / len(x))
        history["accuracy"].append(accuracy)
    result = History()
    result.history = history
    return result


@pytest.mark.parametrize("make", [make_dense, make_convolution, make_recurrent])
def test_every_way_of_running_gives_the_same_numbers(make):
    results = []
    for way in (run_loop, run_watched, run_callbacks, run_generator, run_sequence, run_batches):
        model, x, y = make()
        history = way(model, x, y).history
        results.append((way.__name__, history, model.get_weights()))
    _, expected, weights = results[0]
    for name, history, found in results[1:]:
        for key in ("loss", "accuracy"):
            np.testing.assert_allclose(history[key], expected[key], rtol=1e-5, err_msg=name)
        for one, other in zip(found, weights):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6, err_msg=name)


def test_steps_are_those_of_gradient_descent():
    model = classifier()
    start = model.get_weights()
    losses, expected = by_hand(X, Y, start, in_order(22, 8) * 2)
    watch = EachBatch()
    history = model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0, callbacks=[watch])
    np.testing.assert_allclose(watch.losses, losses, rtol=1e-5)
    sizes = np.array([8, 8, 6])
    np.testing.assert_allclose(
        history.history["loss"], (np.reshape(losses, (2, 3)) * sizes).sum(axis=1) / 22, rtol=1e-5
    )
    assert_weights(model, expected)


def test_arrays_of_64_bits_stay_such():
    x, y = np.random.rand(8, 3), np.random.rand(8, 1)
    K.set_floatx("float64")
    try:
        model = Sequential([Dense(1, input_shape=(3,))])
        model.compile(SGD(0.5), "mse")
        kernel, bias = model.get_weights()
        error = x @ kernel + bias - y
        model.fit(x, y, batch_size=8, verbose=0)
    finally:
        K.set_floatx("float32")
    expected = kernel - 0.5 * 2 * x.T @ error / 8
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-7)


def test_padded_last_batch_does_not_change_the_metrics():
    model = classifier(SGD(0.0), metrics=["accuracy", "mae", metrics.TopKCategoricalAccuracy(2)])
    whole = model.evaluate(X, Y, batch_size=22, verbose=0)
    for size in (1, 5, 8, 21, 64):
        pieces = model.evaluate(X, Y, batch_size=size, verbose=0)
        np.testing.assert_allclose(pieces, whole, rtol=1e-5)
        history = model.fit(X, Y, batch_size=size, verbose=0).history
        np.testing.assert_allclose([v[0] for v in history.values()], whole, rtol=1e-5)


# ---- splitting and shuffling


def test_validation_split_takes_the_last_samples():
    model = classifier()
    start = model.get_weights()
    history = model.fit(X, Y, batch_size=8, validation_split=0.3, shuffle=False, verbose=0)
    at = int(22 * 0.7)
    _, expected = by_hand(X[:at], Y[:at], start, in_order(at, 8))
    assert_weights(model, expected)
    scores = model.evaluate(X[at:], Y[at:], verbose=0)
    assert history.history["val_loss"] == [pytest.approx(scores[0])]
    assert history.history["val_accuracy"] == [pytest.approx(scores[1])]


@pytest.mark.parametrize("fraction", [1.0, -0.2, 1.5, 0.999])
def test_validation_split_outside_its_range(fraction):
    model = classifier()
    with pytest.raises(ValueError, match="validation_split|sufficient to split"):
        model.fit(X, Y, validation_split=fraction, verbose=0)


class Order(Callback):
    """Learns which samples each batch held: the inputs are their own numbers."""

    def on_train_begin(self, logs=None):
        self.sums = []

    def on_batch_end(self, batch, logs=None):
        self.sums.append(round(logs["loss"] * logs["size"]))


def orders(shuffle, epochs=2, size=4, samples=10, **arguments):
    model = Sequential([Dense(1, input_shape=(1,), use_bias=False)])
    model.set_weights([np.ones((1, 1))])
    model.compile(SGD(0.0), "mae")
    order = Order()
    x = 2.0 ** np.arange(samples)[:, None]
    model.fit(x, 0 * x, batch_size=size, epochs=epochs, shuffle=shuffle, verbose=0,
              callbacks=[order], **arguments)
    return np.reshape(order.sums, (epochs, -1)).tolist()


def test_shuffle_false_keeps_the_order():
    assert orders(False) == [[15, 240, 768]] * 2


def test_shuffle_true_takes_every_sample_once_in_another_order():
    found = orders(True, epochs=3)
    assert [sum(sums) for sums in found] == [1023] * 3
    assert len({tuple(sums) for sums in found}) > 1
    assert all([bin(s).count("1") for s in sums] == [4, 4, 2] for sums in found)


def test_shuffled_training_leaves_the_validation_samples_alone():
    found = orders(True, epochs=3, validation_split=0.3)
    assert [sum(sums) for sums in found] == [127] * 3          # the first seven samples, no other
    assert len({tuple(sums) for sums in found}) > 1


def test_shuffle_batch_keeps_batches_whole():
    found = orders("batch", epochs=4, size=2)
    assert all(sorted(sums) == [3, 12, 48, 192, 768] for sums in found)
    assert len({tuple(sums) for sums in found}) > 1


def test_the_seed_of_numpy_fixes_shuffling_and_dropout():
    def run(verbose=0, callbacks=None):
        np.random.seed(3)
        model = Sequential(
            [Dense(8, input_shape=(4,)), Dropout(0.5), Dense(3, activation="softmax")]
        )
        model.compile("adam", "categorical_crossentropy")
        history = model.fit(X, Y, batch_size=4, epochs=2, verbose=verbose, callbacks=callbacks)
        return history.history["loss"]

    first = run()
    assert run() == first
    np.testing.assert_allclose(run(callbacks=[EachBatch()]), first, rtol=1e-5)


# ---- weights of samples and classes


def test_sample_weights_scale_losses():
    model = classifier(weighted_metrics=["accuracy"])
    weights = np.linspace(0, 2, 22)
    start = model.get_weights()
    losses, expected = by_hand(X, Y, start, in_order(22, 22), sample_weights=weights)
    history = model.fit(X, Y, batch_size=22, shuffle=False, sample_weight=weights, verbose=0)
    assert history.history["loss"] == [pytest.approx(losses[0], rel=1e-5)]
    assert_weights(model, expected)
    model.set_weights(start)
    right = model.predict(X).argmax(axis=1) == Y.argmax(axis=1)
    scores = model.evaluate(X, Y, sample_weight=weights, verbose=0)
    assert scores[1] == pytest.approx(right.mean())
    assert scores[2] == pytest.approx((right * weights).sum() / weights.sum(), rel=1e-5)


@pytest.mark.parametrize("labels", ["one-hot", "sparse", "column"])
def test_class_weights_are_sample_weights(labels):
    classes = Y.argmax(axis=1)
    y = {"one-hot": Y, "sparse": classes, "column": classes[:, None]}[labels]
    loss = "categorical_crossentropy" if labels == "one-hot" else "sparse_categorical_crossentropy"
    by_class = {0: 1.0, 1: 3.0, 2: 0.5}
    one, other = classifier(loss=loss), classifier(loss=loss)
    one.fit(X, y, batch_size=8, shuffle=False, class_weight=by_class, verbose=0)
    weights = np.array([by_class[c] for c in classes])
    other.fit(X, y, batch_size=8, shuffle=False, sample_weight=weights, verbose=0)
    assert_weights(one, other.get_weights())
    one.fit(X, y, class_weight=by_class, sample_weight=weights, verbose=0)


def test_class_weights_must_know_every_class():
    with pytest.raises(ValueError, match=r"The classes \[2\] exist in the data but not in"):
        classifier().fit(X, Y, class_weight={0: 1.0, 1: 2.0}, verbose=0)


def test_temporal_weights_and_masks():
    model = Sequential([Dense(2, input_shape=(3, 4))])
    model.compile("sgd", "mse", sample_weight_mode="temporal")
    x, y = fixed((5, 3, 4), 1), fixed((5, 3, 2), 2)
    weights = np.random.RandomState(3).uniform(0, 2, size=(5, 3))
    per_step = ((model.predict(x) - y) ** 2).mean(axis=-1)
    found = model.evaluate(x, y, sample_weight=weights, verbose=0)
    assert found == pytest.approx(np.mean(per_step * weights), rel=1e-5)
    with pytest.raises(ValueError, match="you should pass a 2D sample_weight array"):
        model.fit(x, y, sample_weight=weights[:, 0], verbose=0)
    plain = Sequential([Dense(2, input_shape=(3, 4))])
    plain.compile("sgd", "mse")
    with pytest.raises(ValueError, match='specify sample_weight_mode="temporal"'):
        plain.fit(x, y, sample_weight=weights, verbose=0)


def test_masked_steps_have_no_part_in_loss_and_gradients():
    x = np.array([[1, 2, 0, 0], [3, 1, 2, 0]])
    y = fixed((2, 4, 1), 5)
    other = y.copy()
    other[x == 0] = 1e6                                # masked targets may be anything
    ends = []
    for target in (y, other):
        model = Sequential([Embedding(4, 3, mask_zero=True), Dense(1)])
        model.build((None, 4))
        model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
        model.compile("sgd", "mse", metrics=["mae"])
        losses = model.train_on_batch(x, target)
        ends.append([losses, *[w.tolist() for w in model.get_weights()]])
    assert ends[0] == ends[1]


# ---- epochs and steps


def test_initial_epoch_and_nb_epoch():
    seen = []
    model = classifier()
    history = model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0, callbacks=[
        LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))])
    assert history.epoch == [3, 4] == seen
    assert model.fit(X, Y, nb_epoch=2, verbose=0).epoch == [0, 1]
    assert model.fit(X, Y, epochs=2, initial_epoch=2, verbose=0).epoch == []
    assert model.history.history == {}


def test_steps_per_epoch_goes_round_the_arrays():
    model = classifier()
    watch = EachBatch()
    model.fit(X, Y, batch_size=10, steps_per_epoch=7, epochs=2, verbose=0, callbacks=[watch])
    assert len(watch.losses) == 14
    assert model.evaluate(X, Y, batch_size=11, steps=2, verbose=0) == pytest.approx(
        model.evaluate(X, Y, verbose=0), rel=1e-5)
    assert model.predict(X, batch_size=5, steps=2).shape == (10, 3)


@pytest.mark.parametrize("frequency, epochs", [(1, [0, 1, 2, 3]), (2, [1, 3]), ([1, 4], [0, 3])])
def test_validation_frequency(frequency, epochs):
    seen = []
    history = classifier().fit(
        X, Y, epochs=4, validation_data=(X[:5], Y[:5]), validation_freq=frequency, verbose=0,
        callbacks=[LambdaCallback(on_epoch_end=lambda _, logs: seen.append("val_loss" in logs))],
    )
    assert [e for e, validated in enumerate(seen) if validated] == epochs
    assert len(history.history["val_loss"]) == len(epochs)


def test_validation_data_with_weights_and_from_a_generator():
    model = classifier(SGD(0.0))
    weights = np.linspace(0, 1, 22)
    history = model.fit(X, Y, validation_data=(X, Y, weights), verbose=0)
    assert history.history["val_loss"] == [
        pytest.approx(model.evaluate(X, Y, sample_weight=weights, verbose=0)[0], rel=1e-5)]

    def batches():
        while True:
            yield X[:11], Y[:11]
            yield X[11:], Y[11:]

    history = model.fit(X, Y, validation_data=batches(), validation_steps=2, verbose=0)
    assert history.history["val_loss"] == [pytest.approx(history.history["loss"][0], rel=1e-5)]


@pytest.mark.parametrize("argument", ["epochs", "initial_epoch", "steps_per_epoch"])
@pytest.mark.parametrize("value", [-1, 2.5, True])
def test_counts_must_be_counts(argument, value):
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match=f"`{argument}` must be an integer of at least 0"):
        model.fit(X, Y, verbose=0, **{argument: value})
    assert_weights(model, before, rtol=0)


def test_unknown_arguments_of_fit():
    with pytest.raises(TypeError, match=r"Unrecognized keyword arguments: \['epoch'\]"):
        classifier().fit(X, Y, epoch=3)


# ---- ends


def test_stop_training_in_a_batch_ends_at_once_and_in_an_epoch_after_it():
    class Stop(Callback):
        batches = 0

        def on_batch_end(self, batch, logs=None):
            self.batches += 1
            if self.batches == 7:
                self.model.stop_training = True

    model = classifier()
    history = model.fit(X, Y, batch_size=5, epochs=4, verbose=0, callbacks=[Stop()])
    assert len(history.epoch) == 2
    history = model.fit(X, Y, epochs=4, verbose=0, callbacks=[
        LambdaCallback(
            on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", epoch == 1))])
    assert history.epoch == [0, 1]
    assert model.fit(X, Y, epochs=3, verbose=0).epoch == [0, 1, 2]


INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np
from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.callbacks import Callback

class Slow(Callback):
    def on_batch_end(self, batch, logs=None):
        time.sleep(0.002)

model = Sequential([Dense(8, activation="tanh", input_shape=(4,)), Dense(1)])
model.compile("adam", "mse")
x = np.random.randn(512, 4)
y = x[:, :1]
model.fit(x, y, epochs=1, verbose=0)
before = model.evaluate(x, y, verbose=0)
signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background ignore it
threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    model.fit(x, y, epochs=10**9, batch_size=16, verbose=0, callbacks=%s)
except KeyboardInterrupt:
    after = model.evaluate(x, y, verbose=0)
    again = model.fit(x, y, epochs=2, verbose=0)
    handler = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    print("usable", after < before, np.isfinite(again.history["loss"]).all(), handler)
"""


@pytest.mark.parametrize("callbacks", ["None", "[Slow()]"])
def test_ctrl_c_leaves_a_usable_model(callbacks, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(INTERRUPTED % callbacks))
    done = subprocess.run(
        [sys.executable, program], env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120,
    )
    assert done.stdout.strip() == "usable True True True", done.stderr


def test_ctrl_c_from_outside_ends_a_program(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent("""
        import signal
        import numpy as np
        from hornbeam.layers import Dense
        from hornbeam.models import Sequential
        signal.signal(signal.SIGINT, signal.default_int_handler)
        model = Sequential([Dense(8, input_shape=(4,)), Dense(1)])
        model.compile("sgd", "mse")
        model.fit(np.ones((64, 4)), np.ones((64, 1)), verbose=0)
        print("training", flush=True)
        model.fit(np.ones((64, 4)), np.ones((64, 1)), epochs=10**9, verbose=0)
    """))
    process = subprocess.Popen(
        [sys.executable, program], env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert process.stdout.readline().strip() == "training"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode != 0 and "KeyboardInterrupt" in errors


# ---- data are the caller's own


def test_arrays_of_the_caller_stay_untouched():
    x, y, w = X.copy(), Y.copy(), np.ones(22)
    copies = [a.copy() for a in (x, y, w)]
    for array in (x, y, w):
        array.setflags(write=False)
    model = classifier()
    model.fit(x, y, sample_weight=w, epochs=2, validation_split=0.2, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.predict(x)
    for array, copy in zip((x, y, w), copies):
        np.testing.assert_array_equal(array, copy)


def test_fit_does_not_remember_data_that_change_later():
    model = classifier(SGD(0.0))
    x = X.copy()
    model.fit(x, Y, verbose=0)
    x[:] = 0
    history = model.fit(x, Y, batch_size=22, verbose=0)
    assert history.history["loss"][0] == pytest.approx(model.evaluate(0 * X, Y, verbose=0)[0])


@pytest.mark.parametrize("size", [1, 3, 22, 22 * 5])
def test_predictions_are_writable_and_the_callers_own(size):
    model = classifier()
    data = np.tile(X, (5, 1))[:size]
    one, other = model.predict(data, batch_size=7), model.predict(data)
    assert one.flags.writeable
    one[:] = 9
    assert (model.predict(data) != 9).all() and (other != 9).all()
    assert not np.shares_memory(other, model.predict(data))
    batch = model.predict_on_batch(data)
    batch[:] = 3
    np.testing.assert_allclose(model.predict_on_batch(data), other, rtol=1e-5)


def test_lists_pandas_like_and_integer_data():
    model = classifier(loss="sparse_categorical_crossentropy")
    plain = model.predict(X)
    np.testing.assert_allclose(model.predict(X.tolist()), plain, rtol=1e-6)
    np.testing.assert_allclose(model.predict(X.astype("float64")), plain, rtol=1e-6)
    labels = Y.argmax(axis=1).tolist()
    assert model.evaluate(X, labels, verbose=0)[0] == pytest.approx(
        model.evaluate(X, np.array(labels)[:, None], verbose=0)[0])
    binary = Sequential([Dense(1, activation="sigmoid", input_shape=(4,))])
    binary.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    binary.fit(X, X[:, 0] > 0, verbose=0)
    binary.fit((X * 100).astype("uint8"), (X[:, 0] > 0).astype("int8"), verbose=0)


# ---- results


def test_what_train_test_and_evaluate_return():
    model = classifier()
    assert model.metrics_names == ["loss", "accuracy"]
    loss, accuracy = model.test_on_batch(X, Y)
    assert [loss, accuracy] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    assert model.train_on_batch(X, Y) == pytest.approx([loss, accuracy], rel=1e-5)
    alone = classifier(metrics=None)
    assert isinstance(alone.evaluate(X, Y, verbose=0), float)
    assert np.ndim(alone.train_on_batch(X, Y)) == 0


def test_reset_metrics_false_goes_on():
    model = classifier(SGD(0.0))
    model.test_on_batch(X[:10], Y[:10], reset_metrics=False)
    _, both = model.test_on_batch(X[10:], Y[10:], reset_metrics=False)
    assert both == pytest.approx(model.evaluate(X, Y, verbose=0)[1], rel=1e-5)
    model.reset_metrics()
    _, last = model.test_on_batch(X[10:], Y[10:])
    assert last == pytest.approx(model.evaluate(X[10:], Y[10:], verbose=0)[1], rel=1e-5)


@pytest.mark.parametrize("asked, other", [("acc", "accuracy"), ("accuracy", "acc")])
def test_acc_and_accuracy_find_each_other(asked, other):
    history = classifier(metrics=[asked]).fit(X, Y, validation_data=(X, Y), verbose=0).history
    assert asked in history
    assert history[other] == history[asked]
    assert history["val_" + other] == history["val_" + asked]


def test_models_without_targets():
    x = Input(shape=(4,))
    out = Dense(2)(x)
    model = Model(x, out)
    model.add_loss(K.mean(K.square(out - 1.0)))
    model.compile("sgd")
    losses = model.fit(X, y=None, epochs=3, verbose=0).history["loss"]
    assert losses[2] < losses[0]
    assert model.train_on_batch(X, None) == pytest.approx(model_loss(model), rel=0.2)
    with pytest.raises(ValueError, match="takes no targets|without a loss"):
        model.fit(X, Y, verbose=0)


def model_loss(model):
    return float(np.mean((model.predict(X) - 1) ** 2))


def test_target_tensors():
    x = Input(shape=(4,))
    model = Model(x, Dense(1)(x))
    model.compile("sgd", "mse", target_tensors=K.constant(np.zeros((1, 1))))
    expected = float(np.mean(model.predict(X) ** 2))
    assert model.train_on_batch(X, None) == pytest.approx(expected, rel=1e-5)


def test_optimizer_state_goes_on_between_fits_and_starts_anew_at_compile():
    one, other = classifier(SGD(0.1, momentum=0.9)), classifier(SGD(0.1, momentum=0.9))
    one.fit(X, Y, batch_size=8, epochs=4, shuffle=False, verbose=0)
    for _ in range(4):
        other.fit(X, Y, batch_size=8, epochs=1, shuffle=False, verbose=0)
    assert_weights(one, other.get_weights())
    assert K.get_value(one.optimizer.iterations) == 12
    K.set_value(one.optimizer.lr, 0.0)
    held = SGD(0.1)
    one.compile(held, "categorical_crossentropy")
    assert K.get_value(held.iterations) == 0


def test_the_learning_rate_may_change_at_any_time():
    model = classifier(SGD(0.1))
    model.fit(X, Y, verbose=0)
    before = model.get_weights()
    K.set_value(model.optimizer.lr, 0.0)
    model.fit(X, Y, epochs=2, verbose=0)
    assert_weights(model, before, rtol=0)


def test_set_weights_between_fits_counts():
    model = classifier()
    start = model.get_weights()
    first = model.fit(X, Y, shuffle=False, epochs=2, verbose=0).history["loss"]
    model.set_weights(start)
    assert model.fit(X, Y, shuffle=False, epochs=2, verbose=0).history["loss"] == first


def test_fits_do_not_compile_again():
    model = classifier()
    model.fit(X, Y, batch_size=8, verbose=0)
    steps = dict(model.trainer._steps)
    for _ in range(3):
        model.fit(X, Y, batch_size=8, verbose=0)
    assert model.trainer._steps == steps


def test_show_accuracy_of_keras_0_changes_nothing_and_is_told_of_where_none_is_seen():
    model = classifier()
    assert model.fit(X, Y, show_accuracy=True, verbose=0).history.keys() >= {"loss", "accuracy"}
    assert len(model.evaluate(X, Y, show_accuracy=True, verbose=0)) == 2
    model.compile("sgd", "categorical_crossentropy")
    with pytest.warns(UserWarning, match=r"metrics=\['accuracy'\]"):
        assert np.ndim(model.train_on_batch(X, Y, accuracy=True)) == 0


def test_class_weight_auto_weights_nothing_and_says_so():
    model = classifier()
    with pytest.warns(UserWarning, match="class_weight='auto' weights nothing"):
        weighted = model.test_on_batch(X, Y), model.fit(
            X, Y, batch_size=len(X), class_weight="auto", verbose=0
        ).history["loss"][0]
    np.testing.assert_allclose(weighted[1], weighted[0][0], rtol=1e-5)


def test_losses_of_outputs_are_means_of_the_epoch_where_a_callback_hears_of_batches():
    x = Input((4,))
    model = Model(x, [Dense(2, name="a")(x), Dense(3, name="b")(x)])
    model.compile("sgd", "mse")
    start, batches, found = model.get_weights(), [], []
    for callbacks in [], [LambdaCallback(on_batch_end=lambda batch, logs: batches.append(logs))]:
        model.set_weights(start)
        fitted = model.fit(X, [X[:, :2], Y], 8, shuffle=False, verbose=0, callbacks=callbacks)
        found.append(fitted.history)
    for name in ("loss", "a_loss", "b_loss"):
        np.testing.assert_allclose(found[1][name], found[0][name], rtol=1e-5)
    # The logs of a batch: its own total, and the means so far, as in Keras 2.3.1.
    assert batches[-1]["a_loss"] == found[1]["a_loss"][0]
    assert batches[0]["loss"] == pytest.approx(batches[0]["a_loss"] + batches[0]["b_loss"])


def test_samples_per_epoch_takes_the_batches_of_a_sequence_in_their_order():
    class Batches(Sequence):
        def __len__(self):
            return 8

        def __getitem__(self, index):
            order.append(index)
            return X[index : index + 2], Y[index : index + 2]

    order = []
    classifier().fit_generator(Batches(), samples_per_epoch=16, nb_epoch=2, verbose=0, nb_worker=0)
    assert order[-16:] == [*range(8), *range(8)]
