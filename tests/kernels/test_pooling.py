import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from hornbeam.kernels import max_pool

WINDOWS = {
    "2x2": ((1, 2, 2, 1), (1, 2, 2, 1), "VALID"),
    "3x3 overlapping": ((1, 3, 3, 1), (1, 2, 2, 1), "SAME"),
    "3x2 each place": ((1, 3, 2, 1), (1, 1, 1, 1), "SAME"),
    "with gaps": ((1, 2, 1, 1), (1, 3, 2, 1), "VALID"),
    "large": ((1, 7, 6, 1), (1, 1, 1, 1), "VALID"),
}


def by_xla(x, window, strides, padding):
    least = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else np.iinfo(x.dtype).min
    return lax.reduce_window(x, np.array(least, x.dtype), lax.max, window, strides, padding)


CASES = [(window, "float32") for window in WINDOWS]
CASES += [("3x3 overlapping", "bfloat16"), ("3x3 overlapping", "int32"), ("large", "int32")]


@pytest.mark.parametrize("window, dtype", CASES)
def test_maxima_and_gradients_are_those_of_xla(window, dtype):
    window = WINDOWS[window]
    rng = np.random.default_rng(0)  # few values, so that many windows hold equal ones
    x = jnp.asarray(rng.integers(-3, 3, size=(2, 7, 8, 3)), dtype)
    expected = by_xla(x, *window)
    np.testing.assert_array_equal(max_pool(x, *window), expected)
    if dtype != "int32":
        dy = jnp.asarray(rng.integers(-9, 9, size=expected.shape), dtype)
        (gradient,) = jax.vjp(lambda x: max_pool(x, *window), x)[1](dy)
        np.testing.assert_array_equal(gradient, jax.vjp(lambda x: by_xla(x, *window), x)[1](dy)[0])


def test_nan_is_not_lost():
    x = jnp.array([[1.0, np.nan, 3.0, 2.0]])
    np.testing.assert_array_equal(max_pool(x, (1, 2), (1, 2), "VALID"), [[np.nan, 3.0]])
    np.testing.assert_array_equal(max_pool(x[:, ::-1], (1, 2), (1, 2), "VALID"), [[3.0, np.nan]])
