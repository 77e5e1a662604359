import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from hornbeam.kernels.normalization import normalize

CASES = {
    "images": ((6, 4, 5, 3), (0, 1, 2), 0.0),
    "channels first": ((6, 3, 4, 5), (0, 2, 3), 0.0),
    "rows": ((9, 7), (0,), 0.0),
    "far from zero": ((40, 6, 6, 4), (0, 1, 2), 300.0),
}


def simple(x, gamma, beta, axes, epsilon):
    mean = jnp.mean(x, axes, keepdims=True)
    variance = jnp.mean(jnp.square(x - mean), axes, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + epsilon) * gamma + beta, mean, variance


def arguments(shape, axes, mean):
    rng = np.random.default_rng(0)
    small = [1 if axis in axes else size for axis, size in enumerate(shape)]
    draw = lambda shape: jnp.asarray(rng.normal(size=shape), "float32")  # noqa: E731
    cotangents = draw(shape), draw(small), draw(small)
    return (draw(shape) + mean, draw(small), draw(small)), cotangents


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_those_of_the_simple_form(case):
    shape, axes, mean = CASES[case]
    given, cotangents = arguments(shape, axes, mean)
    tolerance = {"rtol": 1e-4, "atol": 1e-5 if not mean else 2e-4}  # 300 has steps of 3e-5
    found, gradient = jax.vjp(lambda *given: normalize(*given, axes, 1e-3), *given)
    expected, gradient_of = jax.vjp(lambda *given: simple(*given, axes, 1e-3), *given)
    for one, other in zip((*found, *gradient(cotangents)), (*expected, *gradient_of(cotangents))):
        np.testing.assert_allclose(one, other, **tolerance)


def test_gradients_of_gradients():
    (x, gamma, beta), (direction, *_) = arguments((8, 3), (0,), 0.0)

    def penalty(function, x):
        slope = jax.grad(lambda x: jnp.sum(function(x, gamma, beta, (0,), 1e-3)[0] * direction))(x)
        return jnp.sum(slope**2)

    found, expected = (jax.grad(lambda x: penalty(f, x))(x) for f in (normalize, simple))  # noqa: B023
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_moments_of_half_precision_are_float32():
    x = jnp.asarray(np.random.default_rng(0).normal(5, 1, (512, 4)), "bfloat16")
    ones = jnp.ones((1, 4))
    normalized, mean, variance = normalize(x, ones, 0 * ones, (0,), 1e-3)
    assert normalized.dtype == "bfloat16" and mean.dtype == variance.dtype == "float32"
    exact = np.asarray(x, "float64")
    np.testing.assert_allclose(mean[0], exact.mean(0), rtol=1e-5)
    np.testing.assert_allclose(variance[0], exact.var(0), rtol=1e-4)
