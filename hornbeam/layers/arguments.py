"""Checks of layers' arguments, with errors that name the layer, and sizes of windows."""

import numpy as np

from hornbeam.backend.windows import output_length
from hornbeam.engine.checks import ShapeError


def _number(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def positive_integer(layer, argument, value):
    """Returns `value` as an int.

    Raises:
        ValueError: if it is not a whole number above 0.
    """
    whole = _number(value) or (isinstance(value, (float, np.floating)) and value == int(value))
    if not whole or value < 1:
        raise ValueError(
            f"{layer.name} ({type(layer).__name__}) got {argument}={value!r}. "
            "Expected a positive integer."
        )
    return int(value)


def checked_rate(layer, rate):
    """Returns a rate of dropout.

    Raises:
        ValueError: if it is not a number from 0 to 1.
    """
    is_number = isinstance(rate, (int, float, np.number)) and not isinstance(rate, bool)
    if not is_number or not 0 <= rate <= 1:
        raise ValueError(
            f"{layer.name} ({type(layer).__name__}) got rate={rate!r}. Expected a number from 0 "
            "to 1: the part of the inputs to drop, not a percentage."
        )
    return rate


def per_axis(layer, argument, value, count, least=1):
    """Returns `value` as a tuple of `count` ints.

    Raises:
        ValueError: if it is not an integer or as many integers, each at least `least`.
    """
    values = (value,) * count if _number(value) else value
    try:
        values = tuple(values)
        whole = all(_number(item) or item == int(item) for item in values)
    except (TypeError, ValueError):
        values, whole = (), False
    if not whole or len(values) != count or any(item < least for item in values):
        kind = "positive integer" if least == 1 else "non-negative integer"
        plural = f"{count} {kind}s, or one for all" if count > 1 else f"a {kind}"
        raise ValueError(
            f"The `{argument}` argument of {layer.name} ({type(layer).__name__}) must be a tuple "
            f"of {plural}. Received: {value!r}."
        )
    return tuple(int(item) for item in values)


def pairs_per_axis(layer, argument, value, count):
    """Returns `value` as `count` pairs `(before, after)` of ints that are not negative.

    Raises:
        ValueError: if it is not an integer, `count` integers, or `count` pairs of integers.
    """
    items = (value,) * count if _number(value) else value
    try:
        pairs = tuple((item, item) if _number(item) else tuple(item) for item in items)
        fine = all(_number(number) and number >= 0 for pair in pairs for number in pair)
    except TypeError:
        pairs, fine = (), False
    if not fine or len(pairs) != count or any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            f"The `{argument}` argument of {layer.name} ({type(layer).__name__}) must be an "
            f"integer, a tuple of {count} integers, or of {count} pairs (before, after); none of "
            f"them negative. Received: {value!r}."
        )
    return tuple((int(before), int(after)) for before, after in pairs)


def checked_padding(layer, padding, allowed=("valid", "same")):
    """Returns the name of a padding in lower case.

    Raises:
        ValueError: if it is none of `allowed`.
    """
    lowered = padding.lower() if isinstance(padding, str) else padding
    if lowered not in allowed:
        raise ValueError(
            f"The `padding` argument of {layer.name} ({type(layer).__name__}) must be one of "
            f"{', '.join(repr(name) for name in allowed)}. Received: {padding!r}."
        )
    return lowered


def known_axis(layer, input_shape, axis):
    """Returns the size of one axis of the input.

    Raises:
        ShapeError: if it is unknown.
    """
    size = input_shape[axis] if -len(input_shape) <= axis < len(input_shape) else None
    if size is None:
        raise ShapeError(
            f"{layer.name} ({type(layer).__name__}) got an input of shape {tuple(input_shape)}; "
            f"the size of axis {axis} must be known, because its weights depend on it. Give it in "
            "the shape of `Input`, or in `input_shape`."
        )
    return size


def windows_along(layer, input_shape, axes, window, padding, strides, dilation=None):
    """Returns how many places a sliding window has along each of `axes`; None where unknown.

    Raises:
        ShapeError: if it does not fit in anywhere.
    """
    dilation = dilation or (1,) * len(window)
    sizes = tuple(
        output_length(input_shape[axis], *each)
        for axis, *each in zip(axes, window, [padding] * len(window), strides, dilation)
    )
    if any(size is not None and size < 1 for size in sizes):
        raise ShapeError(
            f"Negative dimension size: {layer.name} ({type(layer).__name__}) got an input of "
            f"shape {tuple(input_shape)}; a window of {tuple(window)}"
            + (f" with dilation {tuple(dilation)}" if set(dilation) != {1} else "")
            + f" would give the output sizes {sizes}. Use a smaller window, a larger input or "
            "padding='same'."
        )
    return sizes


def spatial_axes(data_format, count):
    """Returns the axes of an input that are neither batch nor channels."""
    first = 2 if data_format == "channels_first" else 1
    return tuple(range(first, first + count))


def shape_with(input_shape, data_format, sizes, channels):
    """Returns the shape of an output from its spatial sizes and its channels."""
    if data_format == "channels_first":
        return (input_shape[0], channels, *sizes)
    return (input_shape[0], *sizes, channels)
