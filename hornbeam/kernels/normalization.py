"""Normalization by the mean and variance of a batch, with a gradient written out.

128 images of 32 x 32 x 16 between two convolutions, with bias and relu: 6.5 ms of processor time
for the pass and its gradient, where the derivative of the pass as it stands needs 8.6 ms: it stores
the deviations and their gradient besides. 8 images of 56 x 56 x 256: 28 ms and 38 ms.
"""

import functools
import math

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["normalize"]


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def normalize(x, gamma, beta, axes, epsilon):
    """Returns `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, the mean and the variance.

    Args:
        x: Array of floats.
        gamma: Array of the rank of `x`, of size 1 along `axes`.
        beta: Array likewise.
        axes: Tuple of the axes to take mean and variance over.
        epsilon: Float.

    Returns:
        The normalized array, of `x`'s dtype, and the mean and the variance of the population, which
        have size 1 along `axes`; these are float32 where `x` has 16 bits.

    Source: Ioffe and Szegedy 2015, arXiv:1502.03167; the gradient is the one in its section 3.
    """
    return _forward(x, gamma, beta, axes, epsilon)[0]


def _forward(x, gamma, beta, axes, epsilon):
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    # Twice over `x`: the sum of squares alone loses the variance where the mean is large.
    mean = jnp.mean(wide, axes, keepdims=True)
    variance = jnp.mean(jnp.square(wide - mean), axes, keepdims=True)
    inverse = lax.rsqrt(variance + epsilon)
    factor = inverse * gamma
    normalized = (wide * factor + (beta - mean * factor)).astype(x.dtype)
    return (normalized, mean, variance), (x, gamma, beta, mean, inverse)


def _backward(axes, epsilon, kept, gradients):
    x, gamma, beta, mean, inverse = kept
    d_normalized, d_mean, d_variance = gradients
    wide, d_wide = x.astype(mean.dtype), d_normalized.astype(mean.dtype)
    count = math.prod(x.shape[axis] for axis in axes)
    d_beta = jnp.sum(d_wide, axes, keepdims=True)
    # The barrier makes these deviations others than those of `_forward`, which XLA would store.
    deviations = wide - lax.optimization_barrier(mean)
    d_gamma = jnp.sum(d_wide * deviations, axes, keepdims=True) * inverse
    factor = inverse * gamma
    slope = (2 * d_variance - factor * inverse * d_gamma) / count
    # The deviations' own mean is 0 but for the rounding of `mean`. Left in, the sum of `dx` is not
    # 0 either: a bias before the normalization then drifts with Adam, which divides noise by noise.
    rest = jnp.mean(deviations, axes, keepdims=True)
    offset = (d_mean - factor * d_beta) / count - slope * rest
    dx = (d_wide * factor + deviations * slope + offset).astype(x.dtype)
    return dx, d_gamma.astype(gamma.dtype), d_beta.astype(beta.dtype)


normalize.defvjp(_forward, _backward)
