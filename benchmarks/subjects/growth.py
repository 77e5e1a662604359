"""Building, fitting, predicting and `clear_session`, 100 times in one process: what stays?"""

from benchmarks import nets, peers
from benchmarks.report import Table
from benchmarks.subjects.memory_and_compilations import COMPILED, TRACED, count_events
from benchmarks.worker import resident_mib

TITLE = "%d rounds of build, fit, predict and `clear_session` in one process: %s"

ROUNDS, WARM = 100, 50  # glibc's lists of freed pieces fill for some 40 rounds, 6 MiB in all
NOISE_MIB = 4.0  # what allocators and thread pools add without a leak, seen in repeated runs

GOAL = (
    "Goal: after %d rounds of warm-up, growth under %g MiB, no array more that lives, and no round "
    "that compiles or traces more than the one before it. A program that hornbeam's compilation "
    "cache has is counted as compiled. Arrays are those of JAX."
)

CASES = {
    "dense": "dense 13-64-64-1",
    "convolution": "a convolution with BatchNormalization and pooling",
    "recurrent": "an LSTM of 16 units over 10 steps",
}

NAMES = ["hornbeam"] + peers.KERAS_PEERS


def measure(bench):
    return [_table(bench, case) for case in CASES]


def _table(bench, case):
    rows, notes = [], [GOAL % (WARM, NOISE_MIB)]
    for name in bench.turn(NAMES, 0):
        label = peers.PEERS[name].label
        if not bench.installed(name):
            rows.append([label, bench.absence(name)])
            continue
        answer = bench.once("growth", name, case)
        if "error" in answer:
            rows.append([label, "failed"])
            notes.append("%s failed: %s" % (label, answer["error"]))
        else:
            rows.append([label] + _cells(name, answer))
    heads = [
        "", "MiB after %d rounds" % WARM, "after %d" % ROUNDS, "growth", "arrays after %d" % WARM,
        "after %d" % ROUNDS, "compilations a round", "traces a round", "goal",
    ]
    return Table(case, TITLE % (ROUNDS, CASES[case]), heads, rows, notes)


def _cells(name, answer):
    first, last = answer["warm"], answer["last"]
    growth = last["mib"] - first["mib"]
    cells = ["%.1f" % first["mib"], "%.1f" % last["mib"], "%+.1f" % growth]
    if first["arrays"] is None:
        return cells + [""] * 5
    cells += [str(first["arrays"]), str(last["arrays"])]
    for event in ("compiled", "traced"):
        cells.append("%d" % last[event])
    met = growth < NOISE_MIB and all(
        last[key] <= first[key] for key in ("arrays", "compiled", "traced")
    )
    return cells + [("met" if met else "NOT MET") if name == "hornbeam" else ""]


def prepare(case, peer):
    return Rounds(case, peers.import_keras(peer))


class Rounds:
    """Warm-up rounds, then those that count."""

    def __init__(self, case, keras):
        keras.layers  # noqa: B018  hornbeam imports JAX when it is first used
        self.case, self.keras, self.counts = case, keras, count_events()

    def warm_up(self, round_s):
        self.warm = self._rounds(WARM)
        return {}

    def round(self):
        return {"warm": self.warm, "last": self._rounds(ROUNDS - WARM)}

    def _rounds(self, count):
        """Returns what is held after so many rounds, and how often the last was compiled."""
        for _ in range(count):
            before = dict(self.counts or {})
            one_round(self.keras, self.case)
        held = {"mib": resident_mib(), "arrays": None}  # first: it collects garbage
        if self.counts is not None:
            import jax

            held["arrays"] = len(jax.live_arrays())
            held["compiled"] = self.counts[COMPILED] - before[COMPILED]
            held["traced"] = self.counts[TRACED] - before[TRACED]
        return held


def one_round(keras, case):
    """Builds a small network, trains it, predicts with it, and forgets it."""
    layers = keras.layers
    if case == "dense":
        model, (x, y) = nets.dense(keras), nets.dense_data(330)
    else:
        shape = (12, 12, 3) if case == "convolution" else (10, 4)
        stack = [
            layers.Conv2D(8, 3, input_shape=shape), layers.BatchNormalization(),
            layers.Activation("relu"), layers.MaxPooling2D(), layers.Flatten(),
        ] if case == "convolution" else [layers.LSTM(16, input_shape=shape)]
        model = keras.models.Sequential(stack + [layers.Dense(1)])
        model.compile(loss="mse", optimizer="adam")
        x, y = nets.np.ones((330,) + shape, "float32"), nets.np.ones((330, 1), "float32")
    model.fit(x, y, batch_size=nets.DENSE_BATCH, epochs=2, verbose=0)
    model.predict(x, verbose=0)
    keras.backend.clear_session()
