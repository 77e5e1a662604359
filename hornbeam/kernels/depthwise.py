"""Convolution of each channel by itself, and its gradients.

8 images of 56 x 56 x 64, windows of 3 x 3, two cores: 2 ms forwards, 2 ms for the gradient by the
input and 4 ms for that by the kernel, where XLA's grouped convolution needs 42, 43 and 25 ms.
"""

import functools
import math

import jax
import jax.numpy as jnp
from jax import lax

from hornbeam.kernels.windows import slices

__all__ = ["MOST_PLACES", "depthwise"]

MOST_PLACES = 128  # of a window: a program grows with it
_CHUNK = 1 << 15  # numbers of a row that stay in the caches with their sums


def depthwise(x, kernel, strides, pads, dilation):
    """Convolves each channel with kernels of its own.

    Args:
        x: Array `(batch, *places, channels)` of floats.
        kernel: Array `(*window, channels, multiplier)` of the same dtype.
        strides: Tuple of ints, one for each axis of places.
        pads: Tuple of pairs `(before, after)` of zeros, likewise.
        dilation: Tuple of ints, likewise.

    Returns:
        An array `(batch, *windows, channels * multiplier)` of the same dtype; the sums are taken
        in float32 at least.
    """
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    if len(strides) == 1:  # steps are rows of images one row high, and the rows are what is summed
        y = _correlate(x[None], kernel[None], (1, *strides), (1, *dilation))[0]
    else:
        y = _correlate(x, kernel, tuple(strides), tuple(dilation))
    return y.reshape(*y.shape[:-2], -1)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _correlate(x, kernel, strides, dilation):
    """`(batch, *places, channels)` and its kernel to `(batch, *windows, channels, multiplier)`."""
    return _summed(x, kernel, strides, dilation)


def _summed(x, kernel, strides, dilation):
    wide = jnp.promote_types(x.dtype, jnp.float32)
    total = 0
    for place, each in _places(x, kernel.shape[:-2], strides, dilation):
        total = total + each[..., None].astype(wide) * kernel[place].astype(wide)
    return total.astype(x.dtype)


def _forward(x, kernel, strides, dilation):
    return _summed(x, kernel, strides, dilation), (x, kernel)


def _backward(strides, dilation, inputs, dy):
    x, kernel = inputs
    (dx,) = jax.linear_transpose(lambda x: _summed(x, kernel, strides, dilation), x)(dy)
    return dx, _kernel_gradient(x, dy, kernel.shape[:-2], strides, dilation).astype(kernel.dtype)


_correlate.defvjp(_forward, _backward)


def _places(x, window, strides, dilation):
    """The slices of `x` for each place in the window, which spans all axes but first and last."""
    found = slices(x, (1, *window, 1), (1, *strides, 1), (1, *dilation, 1))
    return ((place[1:-1], each) for place, each in found)


def _kernel_gradient(x, dy, window, strides, dilation):
    """Sums `x * dy` over batch and windows for each place: row by row, so that the sums stay near.

    One sum a place over the whole arrays reads them once a place, and in the wrong order.
    """
    wide = jnp.promote_types(x.dtype, jnp.float32)
    batch, rows, row_shape = dy.shape[0], dy.shape[1], dy.shape[2:]
    some = _largest_divisor(batch, max(1, _CHUNK // max(1, math.prod(row_shape))))
    reach = (window[0] - 1) * dilation[0] + 1

    def add_row(sums, index):
        first, row = index // rows * some, index % rows
        d = lax.dynamic_slice(dy, (first, row) + (0,) * len(row_shape), (some, 1, *row_shape))
        near = lax.dynamic_slice(
            x, (first, row * strides[0]) + (0,) * (x.ndim - 2), (some, reach, *x.shape[2:])
        )
        products = [
            each[..., None].astype(wide) * d.astype(wide)
            for _, each in _places(near, window, strides, dilation)
        ]
        return [a + b[:, 0] for a, b in zip(sums, products)], None

    sums = [jnp.zeros((some, *row_shape), wide)] * math.prod(window)
    sums, _ = lax.scan(add_row, sums, jnp.arange(batch // some * rows, dtype=jnp.int32))
    over = tuple(range(len(row_shape) - 1))
    return jnp.stack([s.sum(over) for s in sums]).reshape(*window, *row_shape[-2:])


def _largest_divisor(number, most):
    return next(d for d in range(min(number, most), 0, -1) if number % d == 0) if number else 1
