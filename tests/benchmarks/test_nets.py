"""The networks of the benchmarks: their sizes, and the same ones by hand."""

import jax
import numpy as np
import pytest

import hornbeam
from benchmarks import by_hand_jax, fits, nets, peers

# As the examples of Keras print them where there is one; counted by hand otherwise.
PARAMETERS = [
    ("dense", [], 5_121),
    ("mnist_mlp", [0.2], 669_706),
    ("mnist_cnn", [], 1_199_882),
    ("cifar_resnet20", [], 274_442),
    ("resnet50", [], 25_636_712),
    ("imdb_recurrent", ["LSTM"], 2_691_713),
    ("imdb_recurrent", ["GRU"], 2_659_201),
    ("text_cnn", [], 350_751),
    ("attention", [], 904_065),
    ("vae", [], 807_700),
]


@pytest.mark.parametrize("net, options, count", PARAMETERS)
def test_a_network_has_so_many_parameters(net, options, count):
    assert getattr(nets, net)(hornbeam, *options).count_params() == count


BY_HAND = [row for row in PARAMETERS if hasattr(by_hand_jax, row[0])]


@pytest.mark.parametrize("net, options, count", BY_HAND)
def test_the_network_by_hand_has_as_many(net, options, count):
    parameters = getattr(by_hand_jax, net)(*options).parameters
    assert sum(weight.size for weight in jax.tree.leaves(parameters)) == count


def test_the_network_by_hand_answers_like_the_one_of_layers():
    network, model = by_hand_jax.dense(), nets.dense(hornbeam)
    model.set_weights([np.asarray(weight) for weight in jax.tree.leaves(network.parameters)])
    x, _ = nets.dense_data(32)
    by_hand = by_hand_jax.predict(network.forward, network.parameters, x)
    np.testing.assert_allclose(model.predict(x, verbose=0), by_hand, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["hornbeam", "jax"])
@pytest.mark.parametrize("net, loss", [("dense", "squared_error"), ("vae", "vae_loss")])
def test_a_timed_fit_learns(name, net, loss):
    if net == "dense":
        x, y = nets.dense_data(640)
    else:
        x, y = nets.mnist_data(640)[0], None
    timed = fits.timed(peers.PEERS[name], net, x, y, 32, loss, epochs=2, counted=True)
    timed.run()
    before = timed.check()
    timed.run()
    timed.finish()
    assert timed.steps == 40
    assert timed.check() < before
    assert (timed.flops is None) == (name == "jax")


def test_batches_are_slices_in_order():
    x, y = nets.dense_data(70)
    batches = nets.slices(hornbeam.utils.Sequence, x, y, 32)
    assert isinstance(batches, hornbeam.utils.Sequence)
    assert len(batches) == 2
    np.testing.assert_array_equal(batches[1][0], x[32:64])
    np.testing.assert_array_equal(batches[1][1], y[32:64])
