"""`fit` to be timed: a network of `nets.py` in a Keras, or its equal written by hand.

The files of networks share their names: `nets.mnist_mlp(keras, dropout)`,
`by_hand_torch.mnist_mlp(dropout)` and `by_hand_jax.mnist_mlp(dropout)` are the same network.
Runs on Python 3.7 too.
"""

from benchmarks import nets, peers
from benchmarks.worker import Timed


def timed(peer, net, x, y, batch, loss, metric=None, epochs=1, counted=False, options=()):
    """Returns a `Timed` of `fit`, a step a batch; it checks the last epoch's loss.

    Args:
        net: the network's name in the three files.
        x, y: NumPy arrays; `y` is None where the network learns its input.
        loss, metric: names in `by_hand_torch.py` and `by_hand_jax.py`; a Keras has its own.
        counted: whether the table should tell the rate of its operations.
        options: what the network is made with.
    """
    make = {"torch": _torch, "jax": _jax}.get(peer.module)
    if make:
        target = x if y is None else y
        return make(peer, net, x, target, batch, loss, metric, epochs, options)
    model = getattr(nets, net)(peers.import_keras(peer), *options)
    logs = {}

    def run():
        history = model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
        logs["loss"] = history.history["loss"][-1]

    flops = None
    if counted and peer.name == "hornbeam":
        from benchmarks.flops import of_step

        flops = of_step(model, batch, steps=x.shape[1])
    return Timed(
        run, epochs * (len(x) // batch),
        finish=model.get_weights, check=lambda: logs["loss"], flops=flops,
    )


def torch_model(peer, net, *options):
    """Returns PyTorch's network, compiled if that is the peer."""
    import torch

    from benchmarks import by_hand_torch as by_hand

    model = getattr(by_hand, net)(*options)
    return torch.compile(model) if peer.name == "torch_compile" else model


def _torch(peer, net, x, y, batch, loss, metric, epochs, options):
    from benchmarks import by_hand_torch as by_hand

    model = torch_model(peer, net, *options)
    optimizer = by_hand.adam(model)
    loss_of = getattr(by_hand, loss)
    metric_of = metric and getattr(by_hand, metric)
    logs = {}

    def run():
        logs["loss"], logs["metric"] = by_hand.fit(
            model, optimizer, loss_of, x, y, batch, epochs, metric_of
        )

    return Timed(run, epochs * (len(x) // batch), check=lambda: logs["loss"])


def _jax(peer, net, x, y, batch, loss, metric, epochs, options):
    import jax

    from benchmarks import by_hand_jax as by_hand

    network = getattr(by_hand, net)(*options)
    loss_of = getattr(by_hand, loss)
    metric_of = metric and getattr(by_hand, metric)
    held = {"state": by_hand.initial(network)}

    def run():
        held["state"], (held["loss"], _) = by_hand.fit(
            network, held["state"], x, y, batch, epochs, loss_of, metric_of
        )

    return Timed(
        run, epochs * (len(x) // batch),
        finish=lambda: jax.block_until_ready(held["state"]),
        check=lambda: held["loss"],
    )
