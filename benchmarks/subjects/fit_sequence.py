"""`fit` on a `keras.utils.Sequence`: what handing over one batch after the other costs."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead
from benchmarks.worker import Timed

TITLE = "`fit` of 1 epoch on a `keras.utils.Sequence`, workers as by default, Adam"

PEERS = ["hornbeam"] + peers.RIVALS

# Name of a case: its network, what that is made with, its batch and its loss by hand.
NETS = {
    "dense": ("dense", [], nets.DENSE_BATCH, "squared_error"),
    "mlp": ("mnist_mlp", [0.0], nets.MNIST_BATCH, "crossentropy"),
}

CASES = [
    Case("dense", "13-64-64-1, 100 batches of 32, a step", "µs", PEERS, ahead(peers.RIVALS)),
    Case("mlp", "784-512-512-10, 50 batches of 128, a step", "ms", PEERS, ahead(peers.RIVALS)),
]


def measure(bench):
    return bench.race("fit_sequence", TITLE, CASES)


def prepare(case, peer):
    net, options, batch, loss = NETS[case]
    x, y = nets.dense_data() if case == "dense" else nets.mnist_data(6400)
    keras = peers.import_keras(peer)
    logs = {}
    if peer.module == "torch":
        return _torch(peer, net, options, loss, nets.slices(object, x, y, batch), logs)
    model = getattr(nets, net)(keras, *options)
    batches = nets.slices(keras.utils.Sequence, x, y, batch)

    def run():
        history = model.fit(batches, epochs=1, verbose=0)
        logs["loss"] = history.history["loss"][0]

    return Timed(run, len(batches), finish=model.get_weights, check=lambda: logs["loss"])


def _torch(peer, net, options, loss, batches, logs):
    from benchmarks import by_hand_torch as by_hand

    model = fits.torch_model(peer, net, *options)
    optimizer = by_hand.adam(model)
    loss_of = getattr(by_hand, loss)

    def run():
        logs["loss"] = by_hand.fit_batches(model, optimizer, loss_of, batches)

    return Timed(run, len(batches), check=lambda: logs["loss"])
