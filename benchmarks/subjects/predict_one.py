"""`predict` and `train_on_batch` on one small batch: what a call costs."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "dense 13-64-64-1, one small batch a call, NumPy in and NumPy out"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

MULTIPLES = {"tf_keras": 20, "keras3-jax": 5}

GOALS = [Goal(name, at_least=MULTIPLES.get(name, 1)) for name in peers.RIVALS]

CASES = [
    Case("predict", "`predict` of 1 sample", "µs", PEERS, GOALS),
    Case("train_on_batch", "`train_on_batch` of 32 samples", "µs", PEERS, GOALS),
]


def measure(bench):
    return bench.race("predict_one", TITLE, CASES)


def prepare(case, peer):
    x, y = nets.dense_data(1 if case == "predict" else nets.DENSE_BATCH)
    if peer.module == "torch":
        return _torch(case, peer, x, y)
    if peer.module == "jax":
        return _jax(case, x, y)
    model = nets.dense(peers.import_keras(peer))
    if case == "predict":
        return Timed(lambda: model.predict(x, verbose=0), 1)
    return Timed(
        lambda: model.train_on_batch(x, y), 1, finish=model.get_weights
    )


def _torch(case, peer, x, y):
    import torch

    from benchmarks import by_hand_torch as by_hand

    model = fits.torch_model(peer, "dense")
    optimizer = by_hand.adam(model)

    def predict():
        with torch.inference_mode():
            return model(torch.from_numpy(x)).numpy()

    def train_on_batch():
        loss, _ = by_hand.train_step(
            model, optimizer, by_hand.squared_error, torch.from_numpy(x), torch.from_numpy(y)
        )
        return loss.item()

    return Timed(predict if case == "predict" else train_on_batch, 1)


def _jax(case, x, y):
    import jax
    import numpy as np

    from benchmarks import by_hand_jax as by_hand

    net = by_hand.dense()
    held = {"state": by_hand.initial(net)}

    def predict():
        return np.array(by_hand.predict(net.forward, held["state"][0], x))

    def train_on_batch():
        held["state"], loss, _ = by_hand.train_on_batch(
            net.forward, held["state"], x, y, loss_of=by_hand.squared_error
        )
        return float(loss)

    return Timed(
        predict if case == "predict" else train_on_batch, 1,
        finish=lambda: jax.block_until_ready(held["state"]),
    )
