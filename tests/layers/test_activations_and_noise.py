"""Advanced activations by formula, and noise by its distribution."""

import numpy as np
import pytest

from hornbeam import layers as L


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (L.LeakyReLU(0.25), lambda x: np.where(x > 0, x, 0.25 * x)),
        (L.ELU(0.5), lambda x: np.where(x > 0, x, 0.5 * (np.exp(x) - 1))),
        (L.ThresholdedReLU(0.5), lambda x: np.where(x > 0.5, x, 0)),
        (
            L.ReLU(1.0, 0.25, 0.5),
            lambda x: np.where(x > 1, 1, np.where(x > 0.5, x, 0.25 * (x - 0.5))),
        ),
        (L.Softmax(axis=1), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
        (L.PReLU("ones"), lambda x: x),
        (L.PReLU(shared_axes=[1]), lambda x: np.maximum(x, 0)),
    ],
)
def test_activations_by_formula(layer, expected):
    x = np.random.normal(size=(3, 4, 2)).astype("float32")
    np.testing.assert_allclose(layer(x), expected(x), rtol=1e-5, atol=1e-6)


def test_prelu_shares_along_axes():
    layer = L.PReLU(shared_axes=[1, 2])
    layer(L.Input((None, None, 3)))
    assert layer.alpha.shape == (1, 1, 3)


@pytest.mark.parametrize("arguments", [{"max_value": -1.0}, {"negative_slope": -0.1}])
def test_negative_limits_are_refused(arguments):
    with pytest.raises(ValueError, match="cannot be negative"):
        L.ReLU(**arguments)


def test_noise_has_the_stated_spread_in_training_only():
    x = np.full((100, 200), 2, "float32")
    added = np.asarray(L.GaussianNoise(0.5)(x, training=True)) - x
    assert added.mean() == pytest.approx(0, abs=0.02) and added.std() == pytest.approx(0.5, 0.02)
    factor = np.asarray(L.GaussianDropout(0.2)(x, training=True)) / x
    assert factor.mean() == pytest.approx(1, abs=0.02) and factor.std() == pytest.approx(0.5, 0.02)
    for layer in (L.GaussianNoise(0.5), L.GaussianDropout(0.2), L.AlphaDropout(0.2)):
        np.testing.assert_array_equal(layer(x, training=False), x)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.normal(size=(300, 300)).astype("float32")
    y = np.asarray(L.AlphaDropout(0.2)(x, training=True))
    assert y.mean() == pytest.approx(0, abs=0.02) and y.std() == pytest.approx(1, abs=0.02)
    low = np.asarray(L.AlphaDropout(0.5, noise_shape=(None, 1))(x, training=True))
    assert ((low == low[:, :1]).all(1)).mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("make", [L.GaussianDropout, L.AlphaDropout])
def test_a_rate_is_from_0_to_1(make):
    with pytest.raises(ValueError, match="Expected a number from 0 to 1"):
        make(1.5)
