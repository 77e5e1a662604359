"""Trains in one process, or as one of two, and prints what came of it as JSON.

Run by `test_two_processes.py`; arguments: the port of the first process (0: there is one process
alone), the number of this process, and a folder.
"""

import json
import os
import sys

import numpy as np

import hornbeam as keras
from hornbeam import distribution as D
from hornbeam import layers as L
from hornbeam.models import Sequential

SAMPLES = 20  # batches of 8, 8 and 4


class Ended(Exception):
    """Thrown by a callback in the place of a kill."""


class End(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise Ended


class OwnStep(Sequential):
    def train_step(self, data):
        return super().train_step(data)


def model(kind=Sequential):
    made = kind(
        [
            L.Dense(6, activation="tanh", input_shape=(3,)),
            L.BatchNormalization(),
            L.Dropout(0.2),
            L.Dense(1),
        ]
    )
    made.compile("adam", "mse", metrics=["mae"])
    return made


def facts_of(trained, history, *predictions):
    return {
        "history": history,
        "weights": [v.get_value() for v in trained.weights],
        "predictions": predictions,
    }


def main(port, number, folder):
    path = lambda name: os.path.join(folder, name)  # noqa: E731
    if port:
        D.initialize(f"127.0.0.1:{port}", 2, number)
        D.set_distribution(D.DataParallel())
    np.random.seed(5 + number)  # the first process's numbers count
    draw = np.random.RandomState(0)
    x, y = draw.rand(SAMPLES, 3), draw.rand(SAMPLES, 1)
    facts = {"devices": D.list_devices()}

    first = model()
    callbacks = [
        keras.callbacks.CSVLogger(path("log.csv"), append=True),
        keras.callbacks.ModelCheckpoint(path("best.h5")),
    ]
    history = first.fit(
        x, y, batch_size=8, epochs=2, verbose=2, callbacks=callbacks, validation_data=(x, y)
    ).history
    facts["same data"] = facts_of(first, history, first.predict(x, batch_size=8))
    facts["on batches"] = [first.train_on_batch(x[:8], y[:8]), first.evaluate(x, y, verbose=0)]

    second = model()  # interrupted, and gone on with from the file of the first process
    options = {"batch_size": 8, "epochs": 3, "verbose": 0}
    backup = keras.callbacks.BackupAndRestore(path(f"backup{number}"))
    try:
        second.fit(x, y, callbacks=[backup, End()], **options)
    except Ended:
        second.set_weights([weight * 0 for weight in second.get_weights()])
    history = second.fit(x, y, callbacks=[backup], **options).history
    facts["resumed"] = facts_of(second, history)

    stepped = model(OwnStep)
    history = stepped.fit(x, y, batch_size=8, verbose=0).history
    facts["own step"] = facts_of(stepped, history, stepped.predict(x, batch_size=20))

    third = model()
    if port:
        D.set_distribution(D.DataParallel(auto_shard_dataset=False))
        mine = slice(number * 8, number * 8 + 8)
        history = third.fit(x[mine], y[mine], batch_size=4, verbose=0, shuffle=False).history
        predicted = third.predict(x[mine], batch_size=4)
        try:
            third.fit(x[: 8 + number], y[: 8 + number], verbose=0)
        except ValueError as error:
            facts["error"] = str(error)
    else:
        order = [*range(4), *range(8, 12), *range(4, 8), *range(12, 16)]
        history = third.fit(x[order], y[order], batch_size=8, verbose=0, shuffle=False).history
        predicted = third.predict(x[:16], batch_size=8)
    facts["own data"] = facts_of(third, history)
    facts["own predictions"] = predicted
    if port:
        D.set_distribution(None)
    print("\n" + json.dumps(facts, default=lambda value: np.asarray(value).tolist()))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
