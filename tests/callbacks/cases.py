"""Callbacks at work, under whichever Keras is handed in; runs on Python 3.7 as well.

    PYTHON tests/callbacks/cases.py keras      > tests/callbacks/golden/keras-2.3.1.json
    PYTHON tests/callbacks/cases.py tf_keras   > tests/callbacks/golden/tf_keras-2.21.json

with the PYTHON that has Keras 2.3.1 (on TensorFlow 1.15), or tf_keras 2.21.
`test_against_keras.py` runs the same with hornbeam and compares.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import warnings

import numpy as np

LOSSES = [1.0, 0.9, 0.95, 0.94, 0.93, 0.92, 0.91, 0.89, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
LOGS = [{"loss": v, "val_loss": v + 0.1, "val_acc": 1 - v, "acc": 1 - v} for v in LOSSES]
NANS = [dict(logs, loss=float("nan")) for logs in LOGS[:5]]
AREAS = [{"loss": v, "val_auc": 1 - v} for v in LOSSES]
NEW = "tf.keras alone has the argument"


def fed(callbacks):
    """Cases of callbacks that are fed with logs: name -> (maker, logs)."""
    stop, check = callbacks.EarlyStopping, callbacks.ModelCheckpoint
    plateau, schedule = callbacks.ReduceLROnPlateau, callbacks.LearningRateScheduler
    best = {"restore_best_weights": True}
    rows = {
        "stop_default": lambda: stop(),
        "stop_patience": lambda: stop(patience=3, verbose=1, **best),
        "stop_delta": lambda: stop(monitor="loss", min_delta=0.2, patience=2, verbose=1),
        "stop_acc": lambda: stop(monitor="val_acc", patience=4, verbose=1),
        "stop_max": lambda: stop(monitor="loss", mode="max", patience=2),
        "stop_baseline": lambda: stop(monitor="loss", baseline=0.95, patience=3, verbose=1),
        "stop_baseline_missed": lambda: stop(monitor="loss", baseline=0.5, patience=5, verbose=1),
        "stop_baseline_at_once": lambda: stop(monitor="loss", baseline=0.5),
        "stop_baseline_best": lambda: stop(monitor="loss", baseline=0.5, patience=5, **best),
        "stop_missing": lambda: stop(monitor="nothing"),
        "stop_never": lambda: stop(monitor="loss", patience=20, **best),
        "stop_unknown_mode": lambda: stop(monitor="val_acc", mode="high", patience=4),
        "stop_start": lambda: stop(monitor="loss", patience=2, start_from_epoch=4, **best),
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
        "check_threshold": lambda: check(
            "w{epoch}.h5", monitor="loss", save_best_only=True, initial_value_threshold=0.92
        ),
        "plateau": lambda: plateau(monitor="val_loss", patience=2, verbose=1),
        "plateau_cooldown": lambda: plateau(
            monitor="loss", factor=0.5, patience=1, cooldown=2, min_lr=0.02, verbose=1, epsilon=0.03
        ),
        "plateau_max": lambda: plateau(monitor="acc", factor=0.5, patience=2),
        "plateau_delta": lambda: plateau("loss", 0.5, 2, min_delta=0.03),
        "schedule": lambda: schedule(lambda e: 0.1 * 0.5**e, verbose=1),
        "schedule_two": lambda: schedule(lambda e, lr: lr * 0.9),
    }
    rows = {name: (maker, LOGS) for name, maker in rows.items()}
    rows["stop_nan"] = (lambda: stop(monitor="loss", patience=2, **best), NANS)
    rows["stop_auc"] = (lambda: stop(monitor="val_auc", patience=2), AREAS)
    rows["check_auc"] = (lambda: check("w{epoch}.h5", "val_auc", save_best_only=True), AREAS)
    return rows


def feed(keras, maker, all_logs):
    """Feeds one callback, and returns what it did to its model and wrote."""
    model = keras.models.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    saved, restored, rates = [], [], []
    epoch = 0
    # What a callback does to its model is noted in place of being done.
    model.save = lambda path, *args, **kwargs: saved.append(["model", path])
    model.save_weights = lambda path, *args, **kwargs: saved.append(["weights", path])
    model.get_weights = lambda: epoch
    model.set_weights = restored.append
    model.stop_training = False
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        callback = maker()
        callback.set_model(model)
        callback.on_train_begin({})
        for epoch, logs in enumerate(all_logs):
            logs = dict(logs)
            callback.on_epoch_begin(epoch, {})
            callback.on_epoch_end(epoch, logs)
            rates.append(round(float(keras.backend.get_value(model.optimizer.lr)), 7))
            if model.stop_training:
                break
        callback.on_train_end({})
    return {
        "epochs": epoch + 1,
        "lrs": rates,
        "saved": saved,
        "restored": restored,
        "text": text.getvalue(),
        "logs": sorted(logs),
    }


# ---- whole trainings, the same under each Keras: weights by formula, no shuffling


def data(samples=10):
    x = np.sin(np.arange(samples * 3)).reshape(samples, 3).astype("float32")
    return x, (x.sum(1, keepdims=True) > 0).astype("float32")


def make(keras):
    model = keras.models.Sequential(
        [
            keras.layers.Dense(2, activation="tanh", input_shape=(3,)),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    shapes = [(3, 2), (2,), (2, 1), (1,)]
    model.set_weights([np.cos(np.arange(np.prod(s))).reshape(s) for s in shapes])
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy", metrics=["accuracy"])
    return model


def numbers(value):
    return [round(float(v), 5) for v in np.ravel(value)]


def fit(keras, callbacks, epochs=6, **options):
    """Trains, and returns history and weights."""
    x, y = data()
    model = make(keras)
    x_val, y_val = data(6)
    history = model.fit(
        x, y, batch_size=4, epochs=epochs, verbose=0, shuffle=False, callbacks=callbacks,
        validation_data=(x_val, 1 - y_val), **options
    )  # fmt: skip
    found = {name: numbers(values) for name, values in sorted(history.history.items())}
    return {"history": found, "epochs": history.epoch, "weights": numbers(model.get_weights()[0])}


def tracing(keras, calls):
    """Returns a callback that notes each hook and the names in its logs."""

    def hook(name):
        def note(self, *args, **kwargs):
            logs = kwargs.get("logs", args[-1] if args else None)
            where = [a for a in args if isinstance(a, (int, np.integer))]
            calls.append(" ".join([name[3:], *map(str, where), *sorted(logs or ())]))

        return note

    names = ["on_train", "on_test", "on_predict", "on_epoch"]
    names += ["on_train_batch", "on_test_batch", "on_predict_batch"]
    names = [name + end for name in names for end in ("_begin", "_end")]
    kind = type("Tracing", (keras.callbacks.Callback,), {name: hook(name) for name in names})
    return kind()


def traced_fit(keras, folder):
    calls = []
    fit(keras, [tracing(keras, calls)], epochs=2)
    return {"calls": calls}


def traced_stop(keras, folder):
    calls, seen = [], []

    def stop(batch, logs):
        seen.append(batch)
        if len(seen) == 4:
            stopper.model.stop_training = True

    stopper = keras.callbacks.LambdaCallback(on_batch_end=stop)
    fit(keras, [stopper, tracing(keras, calls)])
    return {"calls": calls}


def traced_evaluate(keras, folder):
    calls = []
    x, y = data()
    make(keras).evaluate(x, y, batch_size=4, verbose=0, callbacks=[tracing(keras, calls)])
    return {"calls": calls}


def traced_predict(keras, folder):
    calls = []
    make(keras).predict(data()[0], batch_size=4, callbacks=[tracing(keras, calls)], verbose=0)
    return {"calls": calls}


def batch_losses(keras, folder):
    losses = []
    note = lambda batch, logs: losses.append([logs["loss"], logs["accuracy"]])  # noqa: E731
    fit(keras, [keras.callbacks.LambdaCallback(on_batch_end=note)], epochs=2)
    return {"losses": numbers(losses)}


def trained(*makers, **options):
    """A case of one training with the callbacks that the makers make."""

    def case(keras, folder):
        with contextlib.redirect_stdout(io.StringIO()):
            found = fit(keras, [maker(keras.callbacks, folder) for maker in makers], **options)
        found["files"] = sorted(os.listdir(folder))
        return found

    return case


def in_folder(folder, name):
    return os.path.join(folder, name)


def logged(keras, folder):
    path = in_folder(folder, "log.csv")
    fit(keras, [keras.callbacks.CSVLogger(path, separator=";")], epochs=2)
    fit(keras, [keras.callbacks.CSVLogger(path, separator=";", append=True)], epochs=1)
    with open(path, newline="") as file:
        lines = file.read().splitlines(True)
    cells = [line.strip().split(";") for line in lines]
    values = [numbers([float(cell) for cell in row]) for row in cells if row[0] != "epoch"]
    return {"header": lines[0], "ends": [line[-2:] for line in lines], "values": values}


def one_callback(keras, folder):
    stop = keras.callbacks.EarlyStopping("val_loss")
    return fit(keras, stop)


TRAINED = {
    "traced_fit": traced_fit,
    "traced_stop": traced_stop,
    "traced_evaluate": traced_evaluate,
    "traced_predict": traced_predict,
    "batch_losses": batch_losses,
    "logged": logged,
    "one_callback": one_callback,
    "stopped": trained(
        lambda c, f: c.EarlyStopping("val_loss", patience=1, restore_best_weights=True)
    ),
    "ended": trained(
        lambda c, f: c.EarlyStopping("val_loss", patience=9, restore_best_weights=True)
    ),
    "lowered": trained(lambda c, f: c.ReduceLROnPlateau("val_loss", factor=0.5, patience=1)),
    "scheduled": trained(lambda c, f: c.LearningRateScheduler(lambda e: 0.5 / (1 + e))),
    "saved": trained(lambda c, f: c.ModelCheckpoint(in_folder(f, "w{epoch}-{val_loss:.3f}.h5"))),
    "saved_any_suffix": trained(
        lambda c, f: c.ModelCheckpoint(in_folder(f, "w{epoch}.hdf5"), save_weights_only=True)
    ),
    "saved_best": trained(
        lambda c, f: c.ModelCheckpoint(
            in_folder(f, "w{epoch}.h5"), "loss", save_best_only=True, save_weights_only=True
        )
    ),
    "saved_by_batches": trained(
        lambda c, f: c.ModelCheckpoint(in_folder(f, "w{epoch}-{batch}.h5"), save_freq=4)
    ),
    "ended_on_nan": trained(
        lambda c, f: c.TerminateOnNaN(),
        lambda c, f: c.LearningRateScheduler(lambda e: float("nan") if e == 1 else 0.5),
    ),
    "validated_each_second": trained(
        lambda c, f: c.ReduceLROnPlateau("loss", patience=1), validation_freq=2
    ),
}


def run(keras):
    """Runs all cases; what raises is noted by the name of the error."""
    found = {}
    for name, (maker, logs) in fed(keras.callbacks).items():
        found[name] = attempt(lambda: feed(keras, maker, logs))  # noqa: B023
    for name, case in TRAINED.items():
        with tempfile.TemporaryDirectory() as folder:
            found[name] = attempt(lambda: case(keras, folder))  # noqa: B023
    return found


def attempt(function):
    try:
        return function()
    except Exception as error:
        return {"error": type(error).__name__}


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    warnings.simplefilter("ignore")
    golden = run(importlib.import_module(sys.argv[1]))
    rows = ["%s: %s" % (json.dumps(n), json.dumps(v)) for n, v in golden.items()]
    print("{\n" + ",\n".join(rows) + "\n}")
