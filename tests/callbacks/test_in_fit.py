"""Callbacks at work in `fit`."""

import csv

import numpy as np
import pytest

from hornbeam.backend.function import get_value
from hornbeam.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    SidecarEvaluatorModelExport,
    TerminateOnNaN,
)
from hornbeam.layers import Dense
from hornbeam.models import Sequential, load_model
from hornbeam.optimizers import SGD
from hornbeam.training.steps import Step

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


def test_early_stopping_needs_no_list_around_it():
    net = model(rate=0.0)
    stop = EarlyStopping("loss", patience=2)
    history = net.fit(X, Y, epochs=9, shuffle=False, verbose=0, callbacks=stop)
    assert history.epoch == [0, 1, 2]


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


# ---- the plan: who listens to single batches, and who does not


@pytest.fixture
def dispatches(monkeypatch):
    """Counts how training steps are run: [steps in compiled loops, single steps]."""
    counts = [0, 0]
    run_loop, run = Step.run_loop, Step.run

    def looped(self, data, order, start, count, *rest):
        counts[0] += count
        return run_loop(self, data, order, start, count, *rest)

    def single(self, *args, **kwargs):
        counts[1] += 1
        return run(self, *args, **kwargs)

    monkeypatch.setattr(Step, "run_loop", looped)
    monkeypatch.setattr(Step, "run", single)
    return counts


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: None,
        lambda folder: EarlyStopping("loss"),
        lambda folder: CallbackList([EarlyStopping("loss")]),
        lambda folder: ReduceLROnPlateau("loss"),
        lambda folder: ModelCheckpoint(folder / "w.h5"),
        lambda folder: BackupAndRestore(folder),
        lambda folder: CSVLogger(folder / "log.csv"),
        lambda folder: ProgbarLogger("steps"),
        lambda folder: LambdaCallback(on_epoch_end=lambda epoch, logs: None),
    ],
)
def test_callbacks_of_epochs_leave_the_compiled_loops(make, dispatches, tmp_path):
    callback = make(tmp_path)
    model().fit(X, Y, batch_size=8, verbose=0, callbacks=callback)
    assert dispatches == [5, 0]


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: TerminateOnNaN(),
        lambda folder: ModelCheckpoint(folder / "w.h5", save_freq=4),
        lambda folder: BackupAndRestore(folder, save_freq=4),
        lambda folder: LambdaCallback(on_batch_end=lambda batch, logs: None),
        lambda folder: LambdaCallback(on_train_batch_begin=lambda batch, logs: None),
    ],
)
def test_callbacks_of_batches_get_every_batch(make, dispatches, tmp_path):
    model().fit(X, Y, batch_size=8, verbose=0, callbacks=[make(tmp_path)])
    assert dispatches == [0, 5]


def test_hooks_of_test_batches_leave_training_in_loops(dispatches):
    seen = []
    watch = LambdaCallback(on_test_batch_end=lambda batch, logs: seen.append(logs["size"]))
    model().fit(
        X, Y, batch_size=8, verbose=0, callbacks=watch, validation_data=(X[:10], Y[:10])
    )
    assert seen == [8, 2] and dispatches == [5, 2]


def test_the_logs_of_batches_are_those_of_the_steps():
    """The loss is the batch's own; metrics are what they are since the epoch began."""
    net, seen = model(), []
    watch = LambdaCallback(on_batch_end=lambda batch, logs: seen.append(dict(logs)))
    weights = net.get_weights()
    history = net.fit(X, Y, batch_size=16, shuffle=False, verbose=0, callbacks=watch).history
    same = model()
    same.set_weights(weights)
    expected = [
        same.train_on_batch(X[i : i + 16], Y[i : i + 16], reset_metrics=False) for i in (0, 16, 32)
    ]
    assert [(logs["batch"], logs["size"]) for logs in seen] == [(0, 16), (1, 16), (2, 8)]
    for logs, (loss, accuracy) in zip(seen, expected):
        np.testing.assert_allclose([logs["loss"], logs["accuracy"]], [loss, accuracy], rtol=1e-6)
    mean = np.average([logs["loss"] for logs in seen], weights=[16, 16, 8])
    np.testing.assert_allclose(history["loss"], [mean], rtol=1e-6)
    assert history["accuracy"] == [seen[-1]["accuracy"]]


def test_the_weights_of_the_best_epoch_come_back_when_all_epochs_are_done():
    net, kept = model(rate=0.5), []
    keep = LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(net.get_weights()))
    worse = LearningRateScheduler(lambda epoch: 0.5 if epoch < 2 else -0.5)
    stop = EarlyStopping("loss", patience=50, restore_best_weights=True)
    history = net.fit(X, Y, epochs=5, verbose=0, callbacks=[worse, keep, stop])
    best = int(np.argmin(history.history["loss"]))
    assert len(history.epoch) == 5 and best < 4 and stop.best_epoch == best
    assert all(np.array_equal(a, b) for a, b in zip(net.get_weights(), kept[best]))


def test_training_goes_on_from_the_newest_checkpoint(tmp_path):
    path = str(tmp_path / "w{epoch:02d}-{loss:.1f}.h5")
    first = model()
    first.fit(X, Y, epochs=3, verbose=0, callbacks=ModelCheckpoint(path, save_weights_only=True))
    second, seen = model(), []
    begin = LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(second.get_weights()))
    again = ModelCheckpoint(path, load_weights_on_restart=True)
    second.fit(X, Y, verbose=0, callbacks=[again, begin])
    assert all(np.array_equal(a, b) for a, b in zip(seen[0], first.get_weights()))


@pytest.mark.parametrize("suffix", ["w", "w.hdf5", "w.h5", "w.weights.backup", "w.model"])
def test_a_checkpoint_has_any_suffix(suffix, tmp_path):
    net = model()
    net.fit(X, Y, verbose=0, callbacks=ModelCheckpoint(tmp_path / suffix))
    loaded = load_model(tmp_path / suffix)
    assert all(np.array_equal(a, b) for a, b in zip(net.get_weights(), loaded.get_weights()))


def test_a_failed_saving_keeps_the_file_before(tmp_path, monkeypatch):
    net, path = model(), tmp_path / "w.h5"
    net.fit(X, Y, verbose=0, callbacks=ModelCheckpoint(path))
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *names: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        net.fit(X, Y, verbose=0, callbacks=ModelCheckpoint(path))
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["w.h5"]


def test_epochs_without_validation_are_not_available_in_the_log(tmp_path):
    path = tmp_path / "log.csv"
    model().fit(
        X, Y, epochs=2, validation_data=(X, Y), validation_freq=2, verbose=0,
        callbacks=CSVLogger(path),
    )  # fmt: skip
    first, second = list(csv.DictReader(path.read_text().splitlines()))
    assert first["val_loss"] == "NA" and float(second["val_loss"]) > 0


def test_a_list_of_callbacks_can_be_driven_by_hand():
    net, seen = model(), []
    hooks = CallbackList(
        LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs)),
        add_history=True, model=net, epochs=3, verbose=0, metrics=["loss"],
    )  # fmt: skip
    assert net.history is hooks.callbacks[1] and hooks.callbacks[0].params["epochs"] == 3
    hooks.on_train_begin()
    logs = hooks.make_logs(net, {"own": 1}, [0.5, 0.25], "test", prefix="val_")
    hooks.on_epoch_end(0, logs)
    assert seen == [{"own": 1, "val_loss": 0.5, "val_accuracy": 0.25}]
    assert net.history.history == {"own": [1], "val_loss": [0.5], "val_accuracy": [0.25]}
    assert hooks.make_logs(net, {}, "predicted", "predict") == {"outputs": "predicted"}
    assert CallbackList().make_logs(net, {}, [1.0], "train") == {}


def test_the_best_of_the_checkpoints_of_another_program_is_exported(tmp_path, capsys):
    net, losses = model(), []
    checkpoints = str(tmp_path / "w-{epoch:02d}-{loss:.2f}.h5")
    export = SidecarEvaluatorModelExport(
        tmp_path / "best-{epoch}.h5", checkpoints, monitor="loss", verbose=1
    )
    for epoch, rate in enumerate([0.5, -3.0, 0.9]):
        net.optimizer.lr = rate
        checkpoint = ModelCheckpoint(checkpoints, save_weights_only=True)
        net.fit(
            X, Y, epochs=epoch + 8, initial_epoch=epoch + 7, verbose=0, callbacks=checkpoint
        )
        losses.append(net.evaluate(X, Y, verbose=0, callbacks=export)[0])
        if losses[-1] == min(losses):
            assert (tmp_path / f"best-{epoch + 8}.h5").exists()
            assert load_model(tmp_path / f"best-{epoch + 8}.h5").evaluate(X, Y, verbose=0)[0] == (
                pytest.approx(losses[-1])
            )
    assert sorted(p.name for p in tmp_path.glob("best*")) == ["best-8.h5"]
    assert "Epoch 00008: loss improved from inf to" in capsys.readouterr().out
    with pytest.raises(TypeError, match="leave `save_best_only` out"):
        SidecarEvaluatorModelExport("a", "b", save_best_only=False)
