"""`fit` of the MNIST convolutional network: convolutions, pooling and dropout on a CPU."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead

TITLE = "CNN 32-64-pool-128-10, Adam, accuracy, batch 128, 1280 synthetic images of 28 x 28"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

CASES = [Case("fit", "`fit` of 1 epoch, a step", "ms", PEERS, ahead(peers.RIVALS), 5)]


def measure(bench):
    return bench.race("mnist_cnn", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.mnist_data(1280)
    return fits.timed(
        peer, "mnist_cnn", x.reshape(-1, 28, 28, 1), y, nets.MNIST_BATCH,
        "crossentropy", "matches", counted=True,
    )
