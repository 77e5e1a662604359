"""`fit` of two blocks of self-attention: products of activations with each other."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead

TITLE = "2 blocks of attention, 128 steps of 128, Adam, accuracy, batch 32, 320 samples"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

CASES = [Case("fit", "`fit` of 1 epoch, a step", "ms", PEERS, ahead(peers.RIVALS), 5)]


def measure(bench):
    return bench.race("attention", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.imdb_data(320, nets.ATTENTION_STEPS, nets.ATTENTION_WORDS)
    return fits.timed(
        peer, "attention", x, y, nets.IMDB_BATCH, "binary_crossentropy", "halves", counted=True
    )
