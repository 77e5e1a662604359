"""Callbacks at work in `fit`."""

import csv

import numpy as np
import pytest

from hornbeam.backend.function import get_value
from hornbeam.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from hornbeam.layers import Dense
from hornbeam.models import Sequential, load_model
from hornbeam.optimizers import SGD

X = np.random.RandomState(0).rand(40, 3).astype("float32")
Y = (X.sum(1, keepdims=True) > 1.5).astype("float32")


def model(rate=0.1):
    net = Sequential(
        [Dense(4, activation="tanh", input_shape=(3,)), Dense(1, activation="sigmoid")]
    )
    net.compile(SGD(rate), "binary_crossentropy", metrics=["accuracy"])
    return net


def test_hooks_come_in_keras_order():
    """The order that Keras 2.3.1 calls them in."""
    calls = []

    class Tracing(Callback):
        pass

    def tracing(name):
        return lambda self, *args, logs=None: calls.append(name[3:])

    for hook in vars(Callback):
        if hook.startswith("on_") and "train_batch" not in hook:
            setattr(Tracing, hook, tracing(hook))
    net = model()
    net.fit(X, Y, batch_size=32, epochs=2, validation_split=0.25, verbose=0, callbacks=[Tracing()])
    epoch = [
        "epoch_begin",
        *["batch_begin", "batch_end"],
        *["test_begin", "test_batch_begin", "test_batch_end", "test_end"],
        "epoch_end",
    ]
    assert calls == ["train_begin", *epoch, *epoch, "train_end"]


def test_learning_rates_are_set_and_logged():
    net = model()
    rates = []
    schedule = LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    watch = LambdaCallback(on_epoch_end=lambda e, logs: rates.append(get_value(net.optimizer.lr)))
    history = net.fit(X, Y, epochs=3, verbose=0, callbacks=[schedule, watch]).history
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.1 / 3], rtol=1e-6)
    np.testing.assert_allclose(history["lr"], rates)


def test_a_plateau_lowers_the_learning_rate():
    net = model(rate=0.0)
    net.optimizer.lr = 1e-30
    net.fit(X, Y, epochs=4, verbose=0, callbacks=ReduceLROnPlateau("loss", 0.5, patience=1))
    assert get_value(net.optimizer.lr) == pytest.approx(1e-30 / 8)


def test_a_schedule_changes_what_is_trained():
    nothing, something = model(), model()
    before = nothing.get_weights()
    something.set_weights(before)
    nothing.fit(X, Y, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: 0.0)])
    something.fit(X, Y, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: 0.5)])
    assert all(np.array_equal(a, b) for a, b in zip(before, nothing.get_weights()))
    assert not np.array_equal(before[0], something.get_weights()[0])


def test_the_best_weights_come_back():
    net, kept = model(), {}

    def keep(epoch, logs):
        kept[epoch] = net.get_weights()
        net.optimizer.lr = -5.0  # from now on it gets worse

    stop = EarlyStopping("val_acc", mode="max", patience=2, restore_best_weights=True)
    stop_loss = EarlyStopping("loss", patience=2, restore_best_weights=True)
    history = net.fit(
        X, Y, epochs=20, validation_data=(X, Y), verbose=0,
        callbacks=[LambdaCallback(on_epoch_end=keep), stop, stop_loss],
    )  # fmt: skip
    assert len(history.epoch) < 20
    best = int(np.argmax(history.history["val_acc"]))
    if stop.stopped_epoch:
        assert all(np.array_equal(a, b) for a, b in zip(kept[best], stop.best_weights))


def test_files_are_written_while_training(tmp_path):
    net = model()
    path = tmp_path / "best-{epoch}-{val_acc:.2f}.h5"
    checkpoint = ModelCheckpoint(path, monitor="val_acc", save_best_only=True)
    log = CSVLogger(str(tmp_path / "log.csv"))
    net.fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0, callbacks=[checkpoint, log])
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert [row["epoch"] for row in rows] == ["0", "1"]
    first = tmp_path / f"best-1-{float(rows[0]['val_accuracy']):.2f}.h5"
    assert load_model(first).optimizer.iterations.get_value() == 2


def test_nan_ends_training_at_its_batch(capsys):
    net = model()
    x = X.copy()
    x[8:] = np.nan
    history = net.fit(
        x, Y, batch_size=8, epochs=5, shuffle=False, verbose=0, callbacks=[TerminateOnNaN()]
    )
    assert "Batch 1: Invalid loss, terminating training\n" in capsys.readouterr().out
    assert len(history.epoch) == 1


@pytest.mark.parametrize("listens", [False, True])
def test_a_log_file_gets_two_lines_an_epoch(listens, capsys):
    callbacks = [LambdaCallback(on_batch_end=lambda batch, logs: None)] if listens else None
    model().fit(X, Y, batch_size=4, epochs=2, validation_data=(X, Y), callbacks=callbacks)
    lines = capsys.readouterr().out.splitlines()
    lines = [line for line in lines if not line.startswith("Train on")]
    assert len(lines) == 4 and lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    assert lines[1].startswith("40/40 [==============================] - ")
    assert all(f" - {name}: " in lines[1] for name in ("loss", "val_loss", "val_accuracy"))
