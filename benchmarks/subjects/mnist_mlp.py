"""`fit` of the MNIST perceptron: arithmetic and what stands around it, in equal parts."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead

TITLE = "MLP 784-512-512-10, Adam, accuracy, batch 128, 12800 synthetic samples"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

CASES = [
    Case(name, "`fit` of 1 epoch, " + name + ", a step", "ms", PEERS, ahead(peers.RIVALS, 1.2))
    for name in ["dropout 0.2", "no dropout"]
]


def measure(bench):
    return bench.race("mnist_mlp", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.mnist_data()
    dropout = 0.2 if case == "dropout 0.2" else 0.0
    return fits.timed(
        peer, "mnist_mlp", x, y, nets.MNIST_BATCH, "crossentropy", "matches",
        counted=True, options=[dropout],
    )
