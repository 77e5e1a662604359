"""The windows of convolutions and pooling: their arguments, checked, and the axes they slide on."""

import jax.numpy as jnp
import numpy as np

from hornbeam.backend.errors import ShapeError
from hornbeam.backend.variables import int_shape, ndim


def per_dimension(name, argument, value, count):
    """Returns `value` as a tuple of `count` ints."""
    values = (value,) * count if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) != count or any(int(v) != v or v < 1 for v in values):
        raise ValueError(
            f"{name} got {argument}={value!r}. Expected {count} positive integers, or one."
        )
    return tuple(int(v) for v in values)


def checked_padding(name, padding, allowed=("valid", "same")):
    lowered = padding.lower() if isinstance(padding, str) else padding
    if lowered not in allowed:
        raise ValueError(f"Invalid padding: {padding!r} for {name}. Expected one of {allowed}.")
    return lowered


def checked_input(name, x, count):
    if ndim(x) != count + 2:
        raise ShapeError(
            f"{name} got an input of shape {int_shape(x)}, rank {ndim(x)}. "
            f"It expects rank {count + 2}: (batch, {count} spatial axes and the channels)."
        )


def channel_axis(data_format):
    return 1 if data_format == "channels_first" else -1


def window_axes(count, data_format):
    first = 2 if data_format == "channels_first" else 1
    return tuple(range(first, first + count))


def check_output(name, x, sizes):
    if any(size is not None and size < 1 for size in sizes):
        raise ShapeError(
            f"Negative dimension size: {name} of an input of shape {int_shape(x)} would give the "
            f"spatial size {tuple(sizes)}. The window is larger than the input; use a smaller "
            "one or padding='same'."
        )


def output_length(length, window, padding, stride, dilation=1):
    """Returns how many windows there are along an axis; None for None.

    Args:
        length: Size of the axis, or None.
        window: Size of the window.
        padding: `'valid'`, `'same'` or `'causal'`.
        stride: Step from window to window.
        dilation: Distance of the window's elements.
    """
    if length is None:
        return None
    if padding == "valid":
        length -= (window - 1) * dilation
    return -(-length // stride)


def output_sizes(x, window, padding, strides, data_format, dilation=None):
    """Returns how many windows there are along each axis of `x` that they slide on."""
    count = len(window)
    sizes = [int_shape(x)[axis] for axis in window_axes(count, data_format)]
    each = zip(sizes, window, [padding] * count, strides, dilation or [1] * count)
    return [output_length(*arguments) for arguments in each]


def with_channels_last(compute, x, data_format):
    """Returns `compute(x)` in `data_format`, for a function that takes and gives channels last."""
    if data_format == "channels_last":
        return compute(x)
    return jnp.moveaxis(compute(jnp.moveaxis(x, 1, -1)), -1, 1)
