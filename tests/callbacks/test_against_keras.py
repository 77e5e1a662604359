"""Callbacks fed with the same logs as Keras 2.3.1's: same epochs, rates, files and texts.

`golden/keras-2.3.1.json` holds what Keras's own classes did with these cases.
"""

import json
import warnings
from pathlib import Path

import pytest

from hornbeam import callbacks
from hornbeam.backend.tensors import Variable

GOLDEN = json.loads((Path(__file__).parent / "golden" / "keras-2.3.1.json").read_text())
LOSSES = [1.0, 0.9, 0.95, 0.94, 0.93, 0.92, 0.91, 0.89, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
LOGS = [{"loss": v, "val_loss": v + 0.1, "val_acc": 1 - v, "acc": 1 - v} for v in LOSSES]

stop, check = callbacks.EarlyStopping, callbacks.ModelCheckpoint
plateau, schedule = callbacks.ReduceLROnPlateau, callbacks.LearningRateScheduler
CASES = {
    "stop_default": lambda: stop(),
    "stop_patience": lambda: stop(patience=3, verbose=1, restore_best_weights=True),
    "stop_delta": lambda: stop(monitor="loss", min_delta=0.2, patience=2, verbose=1),
    "stop_acc": lambda: stop(monitor="val_acc", patience=4, verbose=1),
    "stop_max": lambda: stop(monitor="loss", mode="max", patience=2),
    "stop_baseline": lambda: stop(monitor="loss", baseline=0.95, patience=3, verbose=1),
    "stop_baseline_missed": lambda: stop(monitor="loss", baseline=0.5, patience=5, verbose=1),
    "stop_missing": lambda: stop(monitor="nothing"),
    "check_all": lambda: check("w.{epoch:02d}-{val_loss:.2f}.h5", verbose=1),
    "check_best": lambda: check(
        "w.{epoch:02d}-{val_acc:.2f}.h5",
        monitor="val_acc",
        save_best_only=True,
        verbose=1,
        save_weights_only=True,
    ),
    "check_period": lambda: check("w{epoch}.h5", save_best_only=True, period=3, verbose=1),
    "check_min": lambda: check("w{epoch}.h5", monitor="acc", mode="min", save_best_only=True),
    "plateau": lambda: plateau(monitor="val_loss", patience=2, verbose=1),
    "plateau_cooldown": lambda: plateau(
        monitor="loss", factor=0.5, patience=1, cooldown=2, min_lr=0.02, verbose=1, epsilon=0.03
    ),
    "plateau_max": lambda: plateau(monitor="acc", factor=0.5, patience=2),
    "schedule": lambda: schedule(lambda e: 0.1 * 0.5**e, verbose=1),
    "schedule_two": lambda: schedule(lambda e, lr: lr * 0.9),
}


class Recorder:
    """Stands for a model: notes what a callback does to it."""

    def __init__(self):
        self.optimizer = type("Optimizer", (), {"lr": Variable(0.1)})()
        self.stop_training = False
        self.saved = []
        self.weights = None
        self.restored = None

    def save(self, path, overwrite=True):
        self.saved.append(["model", path])

    def save_weights(self, path, overwrite=True):
        self.saved.append(["weights", path])

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.restored = weights


def record(callback, all_logs, capsys):
    model, rates = Recorder(), []
    callback.set_model(model)
    callback.on_train_begin({})
    for epoch, logs in enumerate(all_logs):
        logs = dict(logs)
        model.weights = epoch
        callback.on_epoch_begin(epoch, {})
        callback.on_epoch_end(epoch, logs)
        rates.append(round(float(model.optimizer.lr.get_value()), 7))
        if model.stop_training:
            break
    callback.on_train_end({})
    return {
        "epochs": epoch + 1,
        "lrs": rates,
        "saved": model.saved,
        "restored": model.restored,
        "text": capsys.readouterr().out,
        "logs": sorted(logs),
    }


@pytest.mark.parametrize("name", CASES)
def test_does_what_keras_does(name, capsys):
    with warnings.catch_warnings():
        if name == "stop_missing":
            warnings.simplefilter("ignore", RuntimeWarning)
        assert record(CASES[name](), LOGS, capsys) == GOLDEN[name]


@pytest.mark.parametrize("name", ["stop_acc", "check_best", "plateau_max"])
def test_the_other_name_of_accuracy_is_found(name, capsys):
    renamed = [{key.replace("acc", "accuracy"): v for key, v in logs.items()} for logs in LOGS]
    logs = [callbacks.logs.Logs(entry) for entry in renamed]

    class Keeping(Recorder):
        pass

    callback = CASES[name]()
    epochs = []
    callback.set_model(Keeping())
    callback.on_train_begin()
    for epoch, entry in enumerate(logs):
        callback.on_epoch_end(epoch, entry)
        epochs.append(epoch)
        if callback.model.stop_training:
            break
    assert len(epochs) == GOLDEN[name]["epochs"]
    assert callback.model.saved == GOLDEN[name]["saved"]
