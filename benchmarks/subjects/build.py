"""Building a large network: layers, graph and weights, nothing trained and nothing predicted."""

import time

from benchmarks import peers
from benchmarks.race import Case, ahead

TITLE = "ResNet50(weights=None), 177 layers and 25.6 million weights, built and its weights read"

KERAS3 = [name for name in peers.KERAS_PEERS if name.startswith("keras3")]
PEERS = ["hornbeam"] + peers.KERAS_PEERS

MOST_ROUNDS = 5

GOALS = {"first": ahead(KERAS3, 5) + ahead(["tf_keras", "keras2"]), "again": ahead(PEERS[1:])}

CASES = [
    Case("first", "the first in a fresh process, after the import", "s", PEERS, GOALS["first"]),
    Case("again", "once more in that process, after `clear_session`", "s", PEERS, GOALS["again"]),
]


def measure(bench):
    seconds = {case.name: {name: [] for name in PEERS} for case in CASES}
    missing = {name: bench.absence(name) for name in PEERS if not bench.installed(name)}
    for turn in range(min(bench.rounds, MOST_ROUNDS)):
        for name in bench.turn(PEERS, turn):
            if name in missing:
                continue
            answer = bench.once("build", name, "build")
            if "error" in answer:
                missing[name] = answer["error"]
                continue
            for case in CASES:
                seconds[case.name][name].append(answer[case.name])
    return [bench.table(TITLE, case, seconds[case.name], missing) for case in CASES]


def prepare(case, peer):
    return Builds(peers.import_keras(peer))


class Builds:
    """Imports; the round builds the network twice."""

    def __init__(self, keras):
        self.keras = keras
        keras.applications.ResNet50, keras.layers  # noqa: B018  hornbeam imports at first use

    def warm_up(self, round_s):
        return {}

    def round(self):
        return {"first": self._seconds(), "again": self._seconds()}

    def _seconds(self):
        self.keras.backend.clear_session()
        start = time.perf_counter()
        # Reading the weights shows that what was put off, as values on the device, is done as well.
        weights = self.keras.applications.ResNet50(weights=None).get_weights()
        seconds = time.perf_counter() - start
        assert len(weights) == 320, len(weights)
        return seconds
