import jax
import numpy as np
import pytest

from hornbeam.kernels import hashed_bits


@pytest.fixture(scope="module")
def bits():
    """Bits of 200 keys for 16384 elements each: uint32 `(200, 16384)`."""
    keys = jax.random.key_data(jax.random.split(jax.random.key(3), 200))
    return np.asarray(jax.jit(jax.vmap(lambda words: hashed_bits(words, (64, 256))))(keys)).reshape(
        200, -1
    )


def test_each_of_the_32_bits_is_one_half_of_the_time(bits):
    for place in range(32):
        ones = ((bits >> place) & 1).mean()
        assert abs(ones - 0.5) < 5 * 0.5 / np.sqrt(bits.size)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.8])
def test_masks_vary_as_independent_choices_do(bits, probability):
    mask = (bits < probability * 2**32).astype("float64")
    spread = np.sqrt(probability * (1 - probability))
    assert abs(mask.mean() - probability) < 5 * spread / np.sqrt(mask.size)
    by_key = mask.mean(1).std() / (spread / np.sqrt(mask.shape[1]))
    by_place = mask.mean(0).std() / (spread / np.sqrt(mask.shape[0]))
    assert 0.75 < by_key < 1.25
    assert 0.95 < by_place < 1.05


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 8, 64, 256, 1024])
def test_neighbours_are_not_correlated(bits, lag):
    centred = (bits < 0.5 * 2**32) * 2.0 - 1
    product = centred[:, lag:] * centred[:, :-lag]
    assert abs(product.mean()) * np.sqrt(product.size) < 5


def test_masks_of_different_keys_are_not_correlated(bits):
    centred = (bits < 0.5 * 2**32) * 2.0 - 1
    correlations = centred @ centred.T / np.sqrt(centred.shape[1])
    np.fill_diagonal(correlations, 0)
    assert np.abs(correlations).max() < 6


def test_values_fill_their_range_evenly(bits):
    counts, _ = np.histogram(bits, bins=256, range=(0, 2**32))
    expected = bits.size / 256
    chi_square = ((counts - expected) ** 2 / expected).sum()
    assert 150 < chi_square < 380  # 255 degrees of freedom, five standard deviations
