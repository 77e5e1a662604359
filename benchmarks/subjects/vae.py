"""`fit` of the variational autoencoder: two models in one, random numbers, an added loss."""

from benchmarks import fits, nets, peers
from benchmarks.race import Case, ahead

TITLE = "VAE 784-512-2-512-784, Adam, batch 128, 6400 synthetic samples"

PEERS = ["hornbeam"] + peers.RIVALS + ["jax"]

CASES = [Case("fit", "`fit` of 1 epoch, a step", "ms", PEERS, ahead(peers.RIVALS))]


def measure(bench):
    return bench.race("vae", TITLE, CASES)


def prepare(case, peer):
    x, _ = nets.mnist_data(6400)
    return fits.timed(peer, "vae", x, None, nets.VAE_BATCH, "vae_loss", counted=True)
