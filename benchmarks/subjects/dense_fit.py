"""`fit` of a small dense network: what a step costs beside its arithmetic."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, Goal, ahead

TITLE = "dense 13-64-64-1, Adam, batch 32, 3200 samples"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

TENFOLD = ["keras3-jax", "keras2"]

GOALS = (
    ahead(TENFOLD, 10)
    + ahead([name for name in peers.RIVALS if name not in TENFOLD])
    + [Goal("jax", at_most=1.5)]
)

CASES = [
    Case("fit", "`fit` of 10 epochs, a step", "µs", PEERS, GOALS),
    Case("fit, 1 epoch a call", "`fit` of 1 epoch (100 steps), a step", "µs", PEERS, []),
]


def measure(bench):
    return bench.race("dense_fit", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.dense_data()
    epochs = 10 if case == "fit" else 1
    return fits.timed(peer, "dense", x, y, nets.DENSE_BATCH, "squared_error", epochs=epochs)
