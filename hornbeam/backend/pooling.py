"""Pooling, in both data formats."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam import kernels
from hornbeam.backend.config import normalize_data_format
from hornbeam.backend.ops import op
from hornbeam.backend.windows import (
    check_output,
    checked_input,
    checked_padding,
    output_sizes,
    per_dimension,
    window_axes,
)


@op
def _pool(x, window, strides, padding, data_format, mode):
    x = jnp.asarray(x)
    axes = window_axes(len(window), data_format)
    sizes, steps = [1] * x.ndim, [1] * x.ndim
    for axis, size, step in zip(axes, window, strides):
        sizes[axis], steps[axis] = size, step
    padding = padding.upper()
    if mode == "max":
        return kernels.max_pool(x, sizes, steps, padding)
    zero = np.array(0, x.dtype)
    total = lax.reduce_window(x, zero, lax.add, sizes, steps, padding)
    if padding == "VALID":
        return total / int(np.prod(window))
    return total / _window_counts(x.shape, axes, window, strides).astype(x.dtype)


def _window_counts(shape, axes, window, strides):
    """How many real elements each 'same' window holds: padding does not count in averages."""
    counts = np.ones((1,) * len(shape), "float32")
    for axis, size, step in zip(axes, window, strides):
        length = shape[axis]
        places = -(-length // step)
        before = max((places - 1) * step + size - length, 0) // 2
        starts = np.arange(places) * step - before
        held = np.minimum(starts + size, length) - np.maximum(starts, 0)
        along = [1] * len(shape)
        along[axis] = places
        counts = counts * held.reshape(along)
    return counts


def _pooling(name, count, x, pool_size, strides, padding, data_format, pool_mode):
    data_format = normalize_data_format(data_format)
    padding = checked_padding(name, padding)
    if pool_mode not in ("max", "avg"):
        raise ValueError(f"Invalid pooling mode: {pool_mode!r}. Expected 'max' or 'avg'.")
    window = per_dimension(name, "pool_size", pool_size, count)
    strides = per_dimension(name, "strides", strides, count)
    checked_input(name, x, count)
    check_output(name, x, output_sizes(x, window, padding, strides, data_format))
    return _pool(x, window, strides, padding, data_format, pool_mode)


def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    """Pooling of images.

    Args:
        x: Tensor `(batch, rows, cols, channels)`, or channels before rows.
        pool_size: Pair of integers, the window.
        strides: Pair of integers.
        padding: `'valid'` or `'same'`; an average leaves the padding out.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        pool_mode: `'max'` or `'avg'`.

    Raises:
        ValueError: for another data format, padding or mode, or shapes that do not fit.
    """
    return _pooling("K.pool2d", 2, x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(x, pool_size, strides=(1, 1, 1), padding="valid", data_format=None, pool_mode="max"):
    """Pooling of volumes.

    Args:
        x: Tensor of rank 5, channels last or after the batch.
        pool_size: Three integers, the window.
        strides: Three integers.
        padding: `'valid'` or `'same'`; an average leaves the padding out.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        pool_mode: `'max'` or `'avg'`.

    Raises:
        ValueError: for another data format, padding or mode, or shapes that do not fit.
    """
    return _pooling("K.pool3d", 3, x, pool_size, strides, padding, data_format, pool_mode)
