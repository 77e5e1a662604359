"""`fit` of ResNet20 on images of CIFAR's size: many small convolutions and normalizations."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead

TITLE = "ResNet20 v1, Adam, L2, accuracy, batch 128, 640 synthetic images of 32 x 32"

PEERS = ["hornbeam"] + peers.RIVALS

CASES = [Case("fit", "`fit` of 1 epoch (5 steps), a step", "ms", PEERS, ahead(peers.RIVALS), 3)]


def measure(bench):
    return bench.race("cifar_resnet20", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.image_data(5 * nets.CIFAR_BATCH, 32, classes=10)
    return fits.timed(
        peer, "cifar_resnet20", x, y, nets.CIFAR_BATCH, "crossentropy", "matches", counted=True
    )
