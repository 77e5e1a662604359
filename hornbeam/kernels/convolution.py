"""Convolutions on a CPU by native code (`native/convolution.cc`), where it was built.

XLA's CPU code for them reaches a third to a half of a processor's rate and stops at one core in a
loop. Milliseconds of processor time forwards / for the gradient by the input / by the kernel, with
windows of 3 x 3, AVX-512:

    images                     here                 XLA
    128 x 26 x 26 x 32 -> 64   26 / 30 / 26         30 / 38 / 46
    128 x 32 x 32 x 16 -> 16   6.5 / 6.7 / 6.0      11.8 / 11.7 / 20.2
    8 x 56 x 56 x 64 -> 64     17.5 / 17.7 / 17.8   21.8 / 21.6 / 27.4

Each of the three is linear in each of its arrays, and the gradients of each are the other two: so
gradients of gradients are native as well.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.kernels import library

__all__ = ["convolve", "has_native", "input_gradient", "pointwise"]

_MOST_ROWS = 256  # of a window, all axes but the last


def has_native(dtype, window):
    """Whether there is native code for arrays of a dtype and a window, on the devices in use."""
    return math.prod(window[:-1]) <= _MOST_ROWS and library.fits(dtype)


class _Geometry(NamedTuple):
    """Of the convolution, for three axes of places."""

    strides: tuple
    dilation: tuple
    before: tuple  # zeros before the first place

    def attribute(self):
        return np.array([*self.strides, *self.dilation, *self.before], np.int64)


_PLAIN = _Geometry((1, 1, 1), (1, 1, 1), (0, 0, 0))


def convolve(x, kernel, strides, pads, dilation):
    """Convolves.

    Args:
        x: float32 array `(batch, *places, channels)` with one to three axes of places.
        kernel: float32 array `(*window, channels, filters)`.
        strides: Tuple of ints, one for each axis of places.
        pads: Tuple of pairs `(before, after)` of zeros, likewise.
        dilation: Tuple of ints, likewise.

    Returns:
        A float32 array `(batch, *windows, filters)`.
    """
    window = kernel.shape[:-2]
    windows = tuple(
        (size + sum(pad) - (reach - 1) * step - 1) // stride + 1
        for size, pad, reach, step, stride in zip(x.shape[1:-1], pads, window, dilation, strides)
    )
    y = _convolve(
        _places(x, x.shape[1:-1]),
        _window(kernel),
        _geometry(strides, pads, dilation),
        _three(windows),
    )
    return y.reshape(x.shape[0], *windows, kernel.shape[-1])


def input_gradient(dy, kernel, places, strides, pads, dilation):
    """The gradient of `convolve` by its input: a transposed convolution.

    Args:
        dy: float32 array `(batch, *windows, filters)`.
        kernel: float32 array `(*window, channels, filters)`.
        places: Tuple of ints, the sizes of the input.
        strides, pads, dilation: As those of `convolve`.

    Returns:
        A float32 array `(batch, *places, channels)`.
    """
    dx = _input_gradient(
        _places(dy, dy.shape[1:-1]),
        _window(kernel),
        _geometry(strides, pads, dilation),
        _three(places),
    )
    return dx.reshape(dy.shape[0], *places, kernel.shape[-2])


@jax.custom_vjp
def pointwise(x, matrix):
    """Convolves with windows of one place: a product of matrices, which XLA is good at.

    Not at its gradient by the matrix, a sum over many places, nor at finding the form of the other:
    at 8 x 56 x 56 x 256 -> 64 XLA's own gradients take 22 and 20 ms of processor time, these 10
    and 9.

    Args:
        x: Array `(batch, *places, channels)`.
        matrix: Array `(channels, filters)` of the same dtype.

    Returns:
        An array `(batch, *places, filters)`.
    """
    return (x.reshape(-1, x.shape[-1]) @ matrix).reshape(*x.shape[:-1], matrix.shape[-1])


def _pointwise_backward(arrays, dy):
    x, matrix = arrays
    channels, filters = matrix.shape
    dx = pointwise(dy, matrix.T)
    places = math.prod(x.shape[:-1])
    if places < 4 * filters or not has_native(x.dtype, (1,)):  # few places: the product is as fast
        return dx, x.reshape(-1, channels).T @ dy.reshape(-1, filters)
    rows = (x.shape[0], 1, 1, -1)
    gradient = _kernel_gradient(
        x.reshape(*rows, channels), dy.reshape(*rows, filters), _PLAIN, (1, 1, 1)
    )
    return dx, gradient.reshape(channels, filters)


pointwise.defvjp(lambda x, matrix: (pointwise(x, matrix), (x, matrix)), _pointwise_backward)


def _three(sizes, fill=1):
    return (fill,) * (3 - len(sizes)) + tuple(int(size) for size in sizes)


def _places(x, sizes):
    return x.reshape(x.shape[0], *_three(sizes), x.shape[-1])


def _window(kernel):
    return kernel.reshape(*_three(kernel.shape[:-2]), *kernel.shape[-2:])


def _geometry(strides, pads, dilation):
    before = [pad[0] for pad in pads]
    return _Geometry(_three(strides), _three(dilation), _three(before, 0))


def _call(target, shape, *arrays, geometry):
    call = jax.ffi.ffi_call(
        target, jax.ShapeDtypeStruct(shape, jnp.float32), vmap_method="sequential"
    )
    return call(*arrays, geometry=geometry.attribute())


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _convolve(x, kernel, geometry, windows):
    shape = (x.shape[0], *windows, kernel.shape[-1])
    return _call("hornbeam_convolve", shape, x, kernel, geometry=geometry)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _input_gradient(dy, kernel, geometry, places):
    shape = (dy.shape[0], *places, kernel.shape[-2])
    return _call("hornbeam_input_gradient", shape, dy, kernel, geometry=geometry)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _kernel_gradient(x, dy, geometry, window):
    shape = (*window, x.shape[-1], dy.shape[-1])
    return _call("hornbeam_kernel_gradient", shape, x, dy, geometry=geometry)


def _convolve_backward(geometry, windows, arrays, dy):
    x, kernel = arrays
    return (
        _input_gradient(dy, kernel, geometry, x.shape[1:4]),
        _kernel_gradient(x, dy, geometry, kernel.shape[:3]),
    )


def _input_gradient_backward(geometry, places, arrays, dx):
    dy, kernel = arrays
    return (
        _convolve(dx, kernel, geometry, dy.shape[1:4]),
        _kernel_gradient(dx, dy, geometry, kernel.shape[:3]),
    )


def _kernel_gradient_backward(geometry, window, arrays, dkernel):
    x, dy = arrays
    return (
        _input_gradient(dy, dkernel, geometry, x.shape[1:4]),
        _convolve(x, dkernel, geometry, dy.shape[1:4]),
    )


def _with_arrays(function):
    return lambda a, b, geometry, sizes: (function(a, b, geometry, sizes), (a, b))


_convolve.defvjp(_with_arrays(_convolve), _convolve_backward)
_input_gradient.defvjp(_with_arrays(_input_gradient), _input_gradient_backward)
_kernel_gradient.defvjp(_with_arrays(_kernel_gradient), _kernel_gradient_backward)
