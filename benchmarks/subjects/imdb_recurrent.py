"""`fit` of the IMDB recurrent network: an embedding and 80 steps of an LSTM or a GRU."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead

TITLE = "Embedding 20000 x 128, 128 units, 80 steps, Adam, accuracy, batch 32, 1600 samples"

PEERS = ["hornbeam"] + peers.RIVALS

GOALS = ahead(peers.KERAS_PEERS, 1.5) + ahead(peers.TORCH_PEERS)

CASES = [
    Case(cell, "`fit` of 1 epoch, " + cell + ", a step", "ms", PEERS, GOALS)
    for cell in ["LSTM", "GRU"]
]


def measure(bench):
    return bench.race("imdb_recurrent", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.imdb_data()
    return fits.timed(
        peer, "imdb_recurrent", x, y, nets.IMDB_BATCH, "binary_crossentropy", "halves",
        counted=True, options=[case],
    )
