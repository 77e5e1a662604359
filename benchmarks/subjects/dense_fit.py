"""`fit` of a small dense network: what a step costs beside its arithmetic."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, Goal, ahead

TITLE = "dense 13-64-64-1, Adam, batch 32, 3200 samples"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

MULTIPLES = {"keras3-jax": 10, "keras2": 10}

GOALS = [Goal(name, at_least=MULTIPLES.get(name, 1)) for name in peers.RIVALS]
GOALS.append(Goal("jax", at_most=1.5))

CASES = [
    Case("fit", "`fit` of 10 epochs, a step", "µs", PEERS, GOALS),
    Case(
        "fit, 1 epoch a call", "`fit` of 1 epoch (100 steps), a step", "µs", PEERS,
        ahead(peers.RIVALS),
    ),
]


def measure(bench):
    return bench.race("dense_fit", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.dense_data()
    epochs = 10 if case == "fit" else 1
    return fits.timed(peer, "dense", x, y, nets.DENSE_BATCH, "squared_error", epochs=epochs)
