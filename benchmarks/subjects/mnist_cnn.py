"""`fit` of the MNIST convolutional network: convolutions, pooling and dropout on a CPU."""

from benchmarks import nets, peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "CNN 32-64-pool-128-10, Adam, accuracy, batch 128, 1280 synthetic images of 28 x 28"

RIVALS = peers.KERAS_PEERS + ["torch"]

GOALS = [Goal(name, at_least=1) for name in RIVALS]

CASES = [Case("fit", "`fit` of 1 epoch, a step", "ms", ["hornbeam"] + RIVALS, GOALS)]


def measure(bench):
    return bench.race("mnist_cnn", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.mnist_data(1280)
    x = x.reshape(-1, 28, 28, 1)
    steps = len(x) // nets.MNIST_BATCH
    logs = {}
    if peer.name == "torch":
        from benchmarks import by_hand_torch as by_hand

        model = by_hand.mnist_cnn()
        optimizer = by_hand.adam(model)

        def run():
            logs["loss"], _ = by_hand.fit(
                model, optimizer, by_hand.crossentropy, x, y, nets.MNIST_BATCH, 1, by_hand.matches
            )

        return Timed(run, steps, check=lambda: logs["loss"])
    model = nets.mnist_cnn(peers.import_keras(peer))

    def run_keras():
        history = model.fit(x, y, batch_size=nets.MNIST_BATCH, epochs=1, verbose=0)
        logs["loss"] = history.history["loss"][0]

    return Timed(run_keras, steps, finish=model.get_weights, check=lambda: logs["loss"])
