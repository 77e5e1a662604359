"""Many calls in one process: does memory grow, is anything compiled again?"""

from benchmarks import nets, peers
from benchmarks.race import NOT_INSTALLED
from benchmarks.report import Table
from benchmarks.worker import resident_mib

TITLE = "dense 13-64-64-1: 10 `fit` calls of 2 epochs and 1000 `predict` calls in one process"

FITS = 10
PREDICTS = 1000
NOISE_MIB = 4.0  # what allocators and thread pools add without a leak, seen in repeated runs

GOAL = "Goal: no compilation after the first `fit` and `predict`, growth under %g MiB."

NAMES = ["hornbeam", "keras3-jax", "keras3-tf", "keras3-torch", "tf_keras", "keras2"]

COMPILED = "/jax/core/compile/backend_compile_duration"
TRACED = "/jax/core/compile/jaxpr_trace_duration"


def measure(bench):
    rows = []
    notes = [GOAL % NOISE_MIB]
    for name in bench.turn(NAMES, 0):
        label = peers.PEERS[name].label
        if not bench.installed(name):
            rows.append([label, NOT_INSTALLED])
            continue
        answer = bench.once("memory_and_compilations", name, "calls")
        if "error" in answer:
            rows.append([label, "failed"])
            notes.append("%s failed: %s" % (label, answer["error"]))
        else:
            rows.append([label] + _cells(name, answer))
    heads = [
        "", "MiB after the first", "after the last", "growth",
        "compilations in the first", "after it", "traces after it", "goal",
    ]
    return [Table("calls", TITLE, heads, rows, notes)]


def _cells(name, answer):
    growth = answer["last_mib"] - answer["first_mib"]
    cells = ["%.1f" % answer["first_mib"], "%.1f" % answer["last_mib"], "%+.1f" % growth]
    for key in ["compiled_first", "compiled_later", "traced_later"]:
        cells.append("" if answer[key] is None else str(answer[key]))
    met = growth < NOISE_MIB and answer["compiled_later"] == 0
    cells.append(("met" if met else "NOT MET") if name == "hornbeam" else "")
    return cells


def prepare(case, peer):
    return Calls(peers.import_keras(peer))


class Calls:
    """The first `fit` and `predict` warm up; the rest is the round."""

    def __init__(self, keras):
        keras.layers  # noqa: B018  hornbeam imports JAX when it is first used
        self.counts = count_events()
        self.model = nets.dense(keras)
        self.x, self.y = nets.dense_data(3210)  # the last batch is smaller

    def warm_up(self, round_s):
        self._fit()
        self._predict()
        return {}

    def round(self):
        first_mib = resident_mib()
        first = dict(self.counts) if self.counts is not None else {}
        for _ in range(FITS - 1):
            self._fit()
        for _ in range(PREDICTS - 1):
            self._predict()
        last = self.counts if self.counts is not None else {}

        def later(event):
            return last[event] - first[event] if last else None

        return {
            "first_mib": first_mib,
            "last_mib": resident_mib(),
            "compiled_first": first.get(COMPILED),
            "compiled_later": later(COMPILED),
            "traced_later": later(TRACED),
        }

    def _fit(self):
        self.model.fit(self.x, self.y, batch_size=nets.DENSE_BATCH, epochs=2, verbose=0)

    def _predict(self):
        self.model.predict(self.x[:1], verbose=0)


def count_events():
    """Counts JAX's compilations and traces from now on; None in a process without JAX."""
    import sys

    if "jax" not in sys.modules:
        return None
    from jax import monitoring

    counts = {COMPILED: 0, TRACED: 0}

    def listen(event, duration, **details):
        if event in counts:
            counts[event] += 1

    monitoring.register_event_duration_secs_listener(listen)
    return counts
