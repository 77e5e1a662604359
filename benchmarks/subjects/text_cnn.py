"""`fit` of the IMDB convolutional network: an embedding and a convolution over 400 words."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead

TITLE = "Embedding 5000 x 50, Conv1D 250, 400 words, Adam, accuracy, batch 32, 640 samples"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

CASES = [Case("fit", "`fit` of 1 epoch, a step", "ms", PEERS, ahead(peers.RIVALS))]


def measure(bench):
    return bench.race("text_cnn", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.imdb_data(640, nets.TEXT_STEPS, nets.TEXT_WORDS)
    return fits.timed(
        peer, "text_cnn", x, y, nets.IMDB_BATCH, "binary_crossentropy", "halves", counted=True
    )
