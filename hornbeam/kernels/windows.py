"""Sliding windows taken apart: one strided slice of the input for each place in the window.

XLA's CPU code for a sum or maximum over such slices is a single pass over memory. Its own window
operations are as fast forwards, but their gradients, and convolutions of single channels, run as
plain loops: 20 to 50 times slower.
"""

import itertools

import jax
from jax import lax

__all__ = ["materialized", "on_cpu", "slices"]


def on_cpu():
    """Whether programs run on the CPU; elsewhere XLA's own operations are the faster ones."""
    return jax.default_backend() == "cpu"


def materialized(x):
    """Returns `x`, computed once and stored in memory before anything reads it; so is its gradient.

    XLA's CPU code otherwise repeats cheap operations for each of their readers: the convolutions of
    a residual network recomputed all blocks before them (128 images of 32 x 32 x 3 in ResNet20:
    1080 ms of processor time a step, 755 ms with this around them). It holds in programs of
    `compilation.jit`.
    """
    return lax.optimization_barrier(x) if on_cpu() else x


def slices(x, window, strides, dilation=None):
    """Yields `(place, slice)` for each place in a window, in row-major order.

    Args:
        x: Array, padded.
        window: Tuple of sizes, one for each axis of `x` (1 for an axis without a window).
        strides: Tuple of steps from window to window, likewise.
        dilation: Tuple of distances between a window's elements, likewise; None means 1.

    A slice holds, for each window, the element at that place: its size along an axis is the number
    of windows there.
    """
    dilation = dilation or (1,) * x.ndim
    reach = [(size - 1) * step + 1 for size, step in zip(window, dilation)]
    spans = [  # from the first to behind the last window's same element
        (length - over) // stride * stride + 1
        for length, over, stride in zip(x.shape, reach, strides)
    ]
    for place in itertools.product(*map(range, window)):
        start = [index * step for index, step in zip(place, dilation)]
        limit = [first + span for first, span in zip(start, spans)]
        yield place, lax.slice(x, start, limit, strides)
