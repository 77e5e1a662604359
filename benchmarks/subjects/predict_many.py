"""`predict` of 10,000 samples with the default batch of 32."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead
from benchmarks.worker import Timed

TITLE = "`predict` of 10,000 samples in batches of 32 (the limit: all at once)"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

SAMPLES, BATCH = 10000, 32

CASES = [
    Case("dense", "dense 13-64-64-1, a call", "ms", PEERS, ahead(peers.RIVALS)),
    Case("mlp", "MLP 784-512-512-10, a call", "ms", PEERS, ahead(peers.RIVALS)),
]

NETS = {"dense": ("dense", []), "mlp": ("mnist_mlp", [0.0])}


def measure(bench):
    return bench.race("predict_many", TITLE, CASES)


def prepare(case, peer):
    net, options = NETS[case]
    x, _ = nets.dense_data(SAMPLES) if case == "dense" else nets.mnist_data(SAMPLES)
    return Timed(_predict(peer, net, options, x), 1)


def _predict(peer, net, options, x):
    if peer.module == "torch":
        from benchmarks import by_hand_torch

        model = fits.torch_model(peer, net, *options)
        return lambda: by_hand_torch.predict(model, x, BATCH)
    if peer.module == "jax":
        import numpy as np

        from benchmarks import by_hand_jax

        network = getattr(by_hand_jax, net)(*options)
        return lambda: np.array(by_hand_jax.predict(network.forward, network.parameters, x))
    model = getattr(nets, net)(peers.import_keras(peer), *options)
    return lambda: model.predict(x, verbose=0)
