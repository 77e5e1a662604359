"""Building a large network: layers, graph and weights, nothing compiled and nothing run."""

from benchmarks import peers
from benchmarks.race import Case, ahead
from benchmarks.worker import Timed

TITLE = "ResNet50(weights=None), 177 layers and 25.6 million weights"

KERAS3 = [name for name in peers.KERAS_PEERS if name.startswith("keras3")]

GOALS = ahead(KERAS3, 5) + ahead(["tf_keras", "keras2"])

CASES = [
    Case("build", "built, and its weights read once", "s", ["hornbeam"] + peers.KERAS_PEERS,
         GOALS, 5),
]


def measure(bench):
    return bench.race("build", TITLE, CASES)


def prepare(case, peer):
    keras = peers.import_keras(peer)
    held = {}

    def run():
        keras.backend.clear_session()
        held["model"] = keras.applications.ResNet50(weights=None)

    # Reading a weight shows that what was put off, as values on the device, is done as well.
    return Timed(
        run, 1, finish=lambda: held["model"].get_weights(),
        check=lambda: held["model"].count_params() / 1e6,
    )
