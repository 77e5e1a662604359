"""`fit` of the MNIST perceptron: arithmetic and what stands around it, in equal parts."""

from benchmarks import nets, peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "MLP 784-512-512-10, Adam, accuracy, batch 128, 12800 synthetic samples"

RIVALS = peers.KERAS_PEERS + ["torch"]

PEERS = ["hornbeam"] + RIVALS + ["jax"]

GOALS = [Goal(name, at_least=1) for name in RIVALS]

CASES = [
    Case(name, "`fit` of 1 epoch, " + name + ", a step", "ms", PEERS, GOALS)
    for name in ["dropout 0.2", "no dropout"]
]


def measure(bench):
    return bench.race("mnist_mlp", TITLE, CASES)


def prepare(case, peer):
    dropout = 0.2 if case == "dropout 0.2" else 0.0
    x, y = nets.mnist_data()
    steps = len(x) // nets.MNIST_BATCH
    if peer.name == "torch":
        return _torch(x, y, dropout, steps)
    if peer.name == "jax":
        return _jax(x, y, dropout, steps)
    model = nets.mnist_mlp(peers.import_keras(peer), dropout)
    logs = {}

    def run():
        history = model.fit(x, y, batch_size=nets.MNIST_BATCH, epochs=1, verbose=0)
        logs["loss"] = history.history["loss"][0]

    return Timed(run, steps, finish=model.get_weights, check=lambda: logs["loss"])


def _torch(x, y, dropout, steps):
    from benchmarks import by_hand_torch as by_hand

    model = by_hand.mnist_mlp(dropout)
    optimizer = by_hand.adam(model)
    logs = {}

    def run():
        logs["loss"], logs["accuracy"] = by_hand.fit(
            model, optimizer, by_hand.crossentropy, x, y, nets.MNIST_BATCH, 1, by_hand.matches
        )

    return Timed(run, steps, check=lambda: logs["loss"])


def _jax(x, y, dropout, steps):
    import jax

    from benchmarks import by_hand_jax as by_hand

    held = {"state": by_hand.initial([784, 512, 512, 10])}

    def run():
        held["state"], (held["loss"], _) = by_hand.fit(
            held["state"], x, y, nets.MNIST_BATCH, 1,
            by_hand.crossentropy, by_hand.matches, dropout,
        )

    return Timed(
        run, steps,
        finish=lambda: jax.block_until_ready(held["state"]),
        check=lambda: held["loss"],
    )
