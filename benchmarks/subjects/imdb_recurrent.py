"""`fit` of the IMDB recurrent network: an embedding and 80 steps of an LSTM or a GRU."""

from benchmarks import nets, peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "Embedding 20000 x 128, 128 units, 80 steps, Adam, accuracy, batch 32, 1600 samples"

RIVALS = peers.KERAS_PEERS + ["torch"]

GOALS = [Goal(name, at_least=1 if name == "torch" else 1.5) for name in RIVALS]

CASES = [
    Case(cell, "`fit` of 1 epoch, " + cell + ", a step", "ms", ["hornbeam"] + RIVALS, GOALS)
    for cell in ["LSTM", "GRU"]
]


def measure(bench):
    return bench.race("imdb_recurrent", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.imdb_data()
    steps = len(x) // nets.IMDB_BATCH
    logs = {}
    if peer.name == "torch":
        from benchmarks import by_hand_torch as by_hand

        model = by_hand.imdb_recurrent(nets.IMDB_WORDS, case)
        optimizer = by_hand.adam(model)

        def run():
            logs["loss"], _ = by_hand.fit(
                model, optimizer, by_hand.binary_crossentropy, x, y, nets.IMDB_BATCH, 1,
                by_hand.halves,
            )

        return Timed(run, steps, check=lambda: logs["loss"])
    model = nets.imdb_recurrent(peers.import_keras(peer), case)

    def run_keras():
        history = model.fit(x, y, batch_size=nets.IMDB_BATCH, epochs=1, verbose=0)
        logs["loss"] = history.history["loss"][0]

    return Timed(run_keras, steps, finish=model.get_weights, check=lambda: logs["loss"])
