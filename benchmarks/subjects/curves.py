"""How time grows with samples, batch, width and depth: never faster than the work."""

import collections
import os
import time

import numpy as np

from benchmarks import nets, peers
from benchmarks.race import number
from benchmarks.report import Table

TITLE = "how time grows: %s"

NAMES = ["hornbeam", "keras3-jax", "tf_keras"]
REPEATS = 3  # the quickest counts

# `work(size)`: what the time should be in proportion to, at most; `most`: how often as much a size
# may take as the one before, for the same work. Small sizes have a share that does not grow.
Curve = collections.namedtuple("Curve", "title sizes work most")

WIDE = 128
STEPS = 20

CURVES = {
    "samples": Curve(
        "`fit` of dense 13-64-64-1, batch 32, an epoch of n samples",
        [25600, 51200, 102400, 204800], lambda n: n, 1.25,
    ),
    "batch": Curve(
        "`fit` of dense 128-512-1, an epoch of 20 batches of n samples",
        [128, 256, 512, 1024], lambda n: n, 1.25,
    ),
    "width": Curve(
        "`fit` of dense 128-n-n-1, an epoch of 20 batches of 256 samples",
        [256, 512, 1024], lambda n: n * (WIDE + n), 1.25,
    ),
    "depth, built": Curve(
        "a network of n dense layers built and compiled by `compile`",
        [40, 80, 160, 320], lambda n: n, 1.25,
    ),
    "depth, first step": Curve(
        "the first step of a network of n dense layers: traced and compiled by XLA",
        [10, 20, 40, 80], lambda n: n, 1.25,
    ),
    "depth, a step": Curve(
        "`fit` of n dense layers of 32, an epoch of 20 steps",
        [10, 20, 40, 80], lambda n: n, 1.25,
    ),
}


def measure(bench):
    return [_table(bench, case, curve) for case, curve in CURVES.items()]


def _table(bench, case, curve):
    rows = []
    notes = ["Goal: no size takes more than %g times as long for its work as the one before."
             % curve.most]
    for name in bench.turn(NAMES, 0):
        label = peers.PEERS[name].label
        if not bench.installed(name):
            rows.append([label, bench.absence(name)])
            continue
        answer = bench.once("curves", name, case)
        if "error" in answer:
            rows.append([label, "failed"])
            notes.append("%s failed: %s" % (label, answer["error"]))
            continue
        seconds = answer["seconds"]
        rates = [one / curve.work(size) for one, size in zip(seconds, curve.sizes)]
        steepest = max(later / first for first, later in zip(rates, rates[1:]))
        met = "met" if steepest <= curve.most else "NOT MET"
        rows.append(
            [label] + [number(1000 * one) for one in seconds]
            + ["%.2f" % steepest, met if name == "hornbeam" else ""]
        )
    heads = [""] + ["n = %d, ms" % size for size in curve.sizes] + ["steepest", "goal"]
    return Table(case, TITLE % curve.title, heads, rows, notes)


def prepare(case, peer):
    os.environ["HORNBEAM_COMPILATION_CACHE"] = "0"  # every size must be compiled
    return Sizes(case, peers.import_keras(peer))


class Sizes:
    """Goes through the sizes in turn, so that a slow minute meets all of them."""

    def __init__(self, case, keras):
        self.case, self.keras, self.curve = case, keras, CURVES[case]

    def warm_up(self, round_s):
        self._seconds(self.curve.sizes[0] // 2)  # libraries import and start things at first use
        return {}

    def round(self):
        turns = [[self._seconds(size) for size in self.curve.sizes] for _ in range(REPEATS)]
        return {"seconds": [min(column) for column in zip(*turns)]}

    def _seconds(self, size):
        keras, case = self.keras, self.case
        keras.backend.clear_session()
        start = time.perf_counter()
        if case == "samples":
            model, (x, y) = nets.dense(keras), nets.dense_data(size)
            batch = nets.DENSE_BATCH
        else:
            model, features, batch = self._model(size)
            x, y = np.ones((STEPS * batch, features), "float32"), np.ones((STEPS * batch, 1))
        if case == "depth, built":
            return time.perf_counter() - start
        start = time.perf_counter()
        if case == "depth, first step":
            model.train_on_batch(x[:batch], y[:batch])
            return time.perf_counter() - start
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
        start = time.perf_counter()
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
        return time.perf_counter() - start

    def _model(self, size):
        """Returns a compiled network, how many features it takes, and the batch."""
        widths, batch = {
            "batch": ([512], size), "width": ([size, size], 256),
        }.get(self.case, ([32] * size, 32))
        layers = self.keras.layers
        features = WIDE if len(widths) < 3 else 32
        stack = [layers.Dense(widths[0], activation="relu", input_shape=(features,))]
        stack += [layers.Dense(width, activation="relu") for width in widths[1:]]
        model = self.keras.models.Sequential(stack + [layers.Dense(1)])
        model.compile(loss="mse", optimizer="adam")
        return model, features, batch
