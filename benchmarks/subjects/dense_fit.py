"""`fit` of a small dense network: what a step costs beside its arithmetic."""

from benchmarks import nets, peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "dense 13-64-64-1, Adam, batch 32, 3200 samples"

PEERS = ["hornbeam"] + peers.KERAS_PEERS + ["torch", "jax"]

CASES = [
    Case(
        "fit", "`fit` of 10 epochs, a step", "µs", PEERS,
        [Goal("keras3-jax", at_least=10), Goal("keras2", at_least=10), Goal("jax", at_most=1.5)],
    ),
    Case("fit, 1 epoch a call", "`fit` of 1 epoch (100 steps), a step", "µs", PEERS, []),
]


def measure(bench):
    return bench.race("dense_fit", TITLE, CASES)


def prepare(case, peer):
    epochs = 10 if case == "fit" else 1
    x, y = nets.dense_data()
    steps = epochs * len(x) // nets.DENSE_BATCH
    if peer.name == "torch":
        return _torch(x, y, epochs, steps)
    if peer.name == "jax":
        return _jax(x, y, epochs, steps)
    model = nets.dense(peers.import_keras(peer))
    logs = {}

    def run():
        history = model.fit(x, y, batch_size=nets.DENSE_BATCH, epochs=epochs, verbose=0)
        logs["loss"] = history.history["loss"][-1]

    return Timed(run, steps, finish=model.get_weights, check=lambda: logs["loss"])


def _torch(x, y, epochs, steps):
    from benchmarks import by_hand_torch as by_hand

    model = by_hand.dense()
    optimizer = by_hand.adam(model)
    logs = {}

    def run():
        logs["loss"], _ = by_hand.fit(
            model, optimizer, by_hand.squared_error, x, y, nets.DENSE_BATCH, epochs
        )

    return Timed(run, steps, check=lambda: logs["loss"])


def _jax(x, y, epochs, steps):
    import jax

    from benchmarks import by_hand_jax as by_hand

    held = {"state": by_hand.initial([13, 64, 64, 1])}

    def run():
        held["state"], (held["loss"], _) = by_hand.fit(
            held["state"], x, y, nets.DENSE_BATCH, epochs, by_hand.squared_error
        )

    return Timed(
        run, steps,
        finish=lambda: jax.block_until_ready(held["state"]),
        check=lambda: held["loss"],
    )
