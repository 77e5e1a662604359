"""A training that may be killed at any moment, and the program that kills it.

    python tests/callbacks/kills.py [--kills 20] [--kinds arrays,batches,sequence,generator]

starts each kind of training again and again, kills it (SIGKILL) at random moments, and compares
what it ends with to a training that nobody killed: weights, history, files, bit for bit.
`test_backup.py` runs one training in the same way with two kills at fixed places.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

EPOCHS, SAMPLES, BATCH = 9, 48, 8


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


class Die:
    """Ends the program at a place, once: a file says that it has been done."""

    def __init__(self, folder, place, end):
        self.end = end
        self.marker = Path(folder) / f"died-{place.replace(':', '-')}"
        self.kind, *self.where = place.split(":")
        self.where = [int(number) for number in self.where]

    def at(self, kind, *where):
        if kind == self.kind and list(where) == self.where and not self.marker.exists():
            self.marker.touch()
            self.end()


def data_of(kind):
    """Returns the arguments of `fit` that hold the data."""
    from hornbeam.utils import Sequence

    numbers = np.random.RandomState(5)
    x = numbers.rand(SAMPLES, 4).astype("float32")
    y = (x.sum(1, keepdims=True) > 2).astype("float32")

    class Shuffling(Sequence):
        """Changes its own order after each epoch, and adds noise to what it returns."""

        def __init__(self):
            self.order = np.arange(SAMPLES)
            self.asked = 0

        def __len__(self):
            return SAMPLES // BATCH

        def __getitem__(self, index):
            rows = self.order[index * BATCH : (index + 1) * BATCH]
            self.asked += 1
            return x[rows] + np.random.uniform(0, 0.01 * self.asked, (BATCH, 4)), y[rows]

        def on_epoch_end(self):
            np.random.shuffle(self.order)

    def generator():
        own = np.random.RandomState(3)
        while True:
            rows = own.randint(0, SAMPLES, BATCH)
            yield x[rows], y[rows]

    if kind == "sequence":
        return {"x": Shuffling(), "workers": 0}
    if kind == "generator":
        return {"x": generator(), "steps_per_epoch": 5}
    if kind == "steps":
        return {"x": x, "y": y, "steps_per_epoch": 9, "batch_size": BATCH}
    return {"x": x, "y": y, "batch_size": BATCH}


def train(kind, folder, deaths=(), end=kill, epochs=EPOCHS):
    """Trains with all that has a state; writes what it ends with to `folder/end.npz`.

    Args:
        kind: What `data_of` takes; 'arrays' does whole epochs, the others stop at each batch.
        folder: Path of the folder for all files.
        deaths: Places at which `end` is called, 'epoch:3' (number) or 'batch:3:1'.
        end: Function that ends the training.
        epochs: Integer.
    """
    from hornbeam import backend as K
    from hornbeam import callbacks
    from hornbeam.backend import set_random_seed
    from hornbeam.layers import BatchNormalization, Dense, Dropout
    from hornbeam.models import Sequential
    from hornbeam.optimizers import Adam

    folder = Path(folder)
    deaths = [Die(folder, place, end) for place in deaths]
    set_random_seed(1)
    model = Sequential(
        [
            Dense(6, activation="relu", input_shape=(4,)),
            BatchNormalization(),
            Dropout(0.3),
            Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(Adam(0.02), "binary_crossentropy", metrics=["accuracy"])

    class Losses(callbacks.Callback):
        """Counts by itself, and changes the learning rate on what it has counted."""

        def on_train_begin(self, logs=None):
            (folder / "began").touch()
            self.losses, self.noise = [], np.zeros(2)

        def on_epoch_begin(self, epoch, logs=None):
            K.set_value(model.optimizer.lr, K.get_value(model.optimizer.lr) * 0.98)

        def on_epoch_end(self, epoch, logs=None):
            self.losses.append(logs["loss"])
            self.noise = self.noise + np.random.rand(2)
            for death in deaths:
                death.at("epoch", epoch)

    class Batches(callbacks.Callback):
        """Makes the loop stop at each batch."""

        def on_batch_end(self, batch, logs=None):
            for death in deaths:
                death.at("batch", len(losses.losses), batch)

    losses = Losses()
    frequency = "epoch" if kind == "arrays" else 3
    own = [
        callbacks.CSVLogger(str(folder / "log.csv")),
        losses,
        callbacks.ReduceLROnPlateau("val_loss", factor=0.7, patience=1),
        callbacks.BackupAndRestore(folder / "backup", save_freq=frequency),
        callbacks.EarlyStopping("loss", patience=epochs // 2, restore_best_weights=True),
        callbacks.ModelCheckpoint(str(folder / "best.h5"), save_best_only=True),
        *([] if kind == "arrays" else [Batches()]),
    ]
    validation = np.random.RandomState(6).rand(16, 4), np.ones((16, 1))
    history = model.fit(
        **data_of(kind), epochs=epochs, verbose=0, callbacks=own, validation_data=validation
    )
    end = {f"weight{i}": w for i, w in enumerate(model.get_weights())}
    end |= {f"slot{i}": w for i, w in enumerate(model.optimizer.get_weights())}
    end |= {f"history {name}": values for name, values in history.history.items()}
    end |= {"losses": losses.losses, "noise": losses.noise, "epochs": history.epoch}
    end |= {"wait": own[4].wait, "best": own[4].best, "lr": K.get_value(model.optimizer.lr)}
    end |= {"random": np.random.rand(3), "checkpoint": own[5].best}
    end["log"] = np.frombuffer((folder / "log.csv").read_bytes(), "uint8")
    np.savez(folder / "end-part.npz", **end)
    os.replace(folder / "end-part.npz", folder / "end.npz")


def command(kind, folder, *deaths):
    """The command that trains in a process of its own."""
    return [sys.executable, __file__, "--train", kind, str(folder), *deaths]


def differences(folder, reference):
    """Names what two trainings ended with differently, bit for bit."""
    with np.load(Path(folder) / "end.npz") as one, np.load(Path(reference) / "end.npz") as other:
        names = sorted({*one.files, *other.files})
        return [
            name
            for name in names
            if name not in one.files
            or name not in other.files
            or one[name].tobytes() != other[name].tobytes()
        ]


def start(kind, folder, epochs):
    """Starts a training in a process of its own; returns the process, once it trains."""
    folder.mkdir(exist_ok=True)
    marker = folder / "began"
    marker.unlink(missing_ok=True)
    process = subprocess.Popen([*command(kind, folder), f"epochs={epochs}"])
    while not marker.exists() and process.poll() is None:
        time.sleep(0.005)
    return process


def kill_at_random(kind, kills, seed, epochs):
    """Kills trainings of one kind at random moments until `kills` are done."""
    numbers, done, runs, resumed = random.Random(seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as root:
        reference = Path(root) / "reference"
        process, began = start(kind, reference, epochs), time.perf_counter()
        if process.wait():
            raise SystemExit(f"{kind}: the training failed")
        seconds = time.perf_counter() - began
        while done < kills:
            runs += 1
            folder = Path(root) / f"run{runs}"
            while not (folder / "end.npz").exists():
                resumed += (folder / "backup" / "backup.npz").exists()
                process = start(kind, folder, epochs)
                try:
                    process.wait(numbers.uniform(0, 0.7 * seconds) if done < kills else None)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    done += 1
            different = differences(folder, reference)
            if different:
                raise SystemExit(f"{kind}: run {runs} differs in {', '.join(different)}")
    print(
        f"{kind}: {done} kills within {seconds:.1f} s of training, in {runs} trainings; {resumed} "
        "starts went on from a backup; all ended as the one without a kill, bit for bit",
        flush=True,
    )


def main():
    if sys.argv[1:2] == ["--train"]:
        _, _, kind, folder, *deaths = sys.argv
        epochs = [int(word[7:]) for word in deaths if word.startswith("epochs=")] or [EPOCHS]
        deaths = [word for word in deaths if not word.startswith("epochs=")]
        train(kind, folder, deaths, epochs=epochs[0])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="kills of each kind")
    parser.add_argument("--kinds", default="arrays,batches,steps,sequence,generator")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=60, help="epochs of each training")
    options = parser.parse_args()
    for kind in options.kinds.split(","):
        kill_at_random(kind, options.kills, options.seed, options.epochs)


if __name__ == "__main__":
    main()
