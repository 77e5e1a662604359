"""A file that does not fit in memory: one pass of `fit` over 4 GiB, and what stays in memory."""

import os
import resource
import shutil
import tempfile
import time

import numpy as np

from benchmarks import peers
from benchmarks.race import NOT_INSTALLED
from benchmarks.report import Table
from benchmarks.worker import resident_mib

TITLE = "one epoch of a dense 1024-8-1 network, batch 512, over a file of 4 GiB"

ROWS, COLUMNS = 1 << 20, 1024  # float32: 4 GiB
CASES = {  # kind of file, `shuffle`
    "np.memmap in order": ("memmap", False),
    "np.memmap shuffled": ("memmap", True),
    "HDF5Matrix, batches shuffled": ("hdf5", "batch"),
}
GOAL_MIB = 1024
NAMES = ["hornbeam", "keras3-jax", "tf_keras", "keras2"]


def measure(bench):
    tables = []
    for case in CASES:
        rows, notes = [], ["Goal: under %d MiB of resident memory at the peak." % GOAL_MIB]
        for name in bench.turn(NAMES, 0):
            label = peers.PEERS[name].label
            if not bench.installed(name):
                rows.append([label, NOT_INSTALLED])
                continue
            answer = bench.once("large_files", name, case)
            if "error" in answer:
                rows.append([label, "failed"])
                notes.append("%s failed: %s" % (label, answer["error"]))
                continue
            met = "met" if answer["peak_mib"] < GOAL_MIB else "NOT MET"
            rows.append([
                label, "%.0f" % answer["before_mib"], "%.0f" % answer["peak_mib"],
                "%.1f" % answer["seconds"], met if name == "hornbeam" else "",
            ])
        heads = ["", "MiB before", "MiB at the peak", "s", "goal"]
        tables.append(Table(case, "%s: %s" % (TITLE, case), heads, rows, notes))
    return tables


def prepare(case, peer):
    return Pass(peers.import_keras(peer), *CASES[case])


class Pass:
    """Makes the file, then goes over it once."""

    def __init__(self, keras, kind, shuffle):
        self.keras, self.shuffle = keras, shuffle
        self.folder = tempfile.mkdtemp(prefix="large-file-")
        path = os.path.join(self.folder, "x")
        piece = np.random.RandomState(0).rand(ROWS // 64, COLUMNS).astype("float32")
        if kind == "memmap":
            with open(path, "wb") as file:
                for _ in range(64):
                    file.write(piece)
            self.x = np.memmap(path, "float32", "r", shape=(ROWS, COLUMNS))
        else:
            import h5py

            with h5py.File(path, "w") as file:
                data = file.create_dataset("x", (ROWS, COLUMNS), "float32")
                for start in range(0, ROWS, len(piece)):
                    data[start : start + len(piece)] = piece
            self.x = _matrix(keras, path)

    def warm_up(self, round_s):
        layers = self.keras.layers
        self.model = self.keras.models.Sequential([
            layers.Dense(8, input_shape=(COLUMNS,)), layers.Dense(1)])
        self.model.compile("sgd", "mse")
        self._fit(np.zeros((512, COLUMNS), "float32"), np.zeros((512, 1), "float32"))
        return {}

    def round(self):
        try:
            before = resident_mib()
            start = time.perf_counter()
            self._fit(self.x, np.zeros((ROWS, 1), "float32"))
            seconds = time.perf_counter() - start
        finally:
            shutil.rmtree(self.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"before_mib": before, "peak_mib": peak, "seconds": seconds}

    def _fit(self, x, y):
        self.model.fit(x, y, batch_size=512, epochs=1, shuffle=self.shuffle, verbose=0)


def _matrix(keras, path):
    """Keras's own class for HDF5 files, or, where that is gone, the file's array itself."""
    try:
        return keras.utils.HDF5Matrix(path, "x")
    except AttributeError:
        import h5py

        return h5py.File(path, "r")["x"]
