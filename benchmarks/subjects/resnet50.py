"""`fit` of `applications.ResNet50`, at the size that it is used with."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead

TITLE = "ResNet50, 1000 classes, Adam, accuracy, batch 8, 16 synthetic images of 224 x 224"

PEERS = ["hornbeam"] + peers.RIVALS

CASES = [Case("fit", "`fit` of 1 epoch (2 steps), a step", "s", PEERS, ahead(peers.RIVALS), 3)]


def measure(bench):
    return bench.race("resnet50", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.image_data(2 * nets.IMAGENET_BATCH, 224, classes=1000)
    return fits.timed(
        peer, "resnet50", x, y, nets.IMAGENET_BATCH, "crossentropy", "matches", counted=True
    )
