"""Convolutions and pooling, in both data formats.

Kernels are laid out as `(*window, input channels, filters)` in both formats, the kernel of a
transposed convolution as `(*window, filters, input channels)`.
"""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam import kernels
from hornbeam.backend.config import normalize_data_format
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.ops import op
from hornbeam.backend.placement import by_parts
from hornbeam.backend.variables import int_shape, ndim

# ---- what the functions have in common


def _layout(count, data_format):
    """Names of the axes of inputs and kernels, as `lax` reads them."""
    window = "DHW"[3 - count :]
    inputs = "NC" + window if data_format == "channels_first" else "N" + window + "C"
    return inputs, window + "IO", inputs


def _per_dimension(name, argument, value, count):
    """Returns `value` as a tuple of `count` ints."""
    values = (value,) * count if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) != count or any(int(v) != v or v < 1 for v in values):
        raise ValueError(
            f"{name} got {argument}={value!r}. Expected {count} positive integers, or one."
        )
    return tuple(int(v) for v in values)


def _checked_padding(name, padding, allowed=("valid", "same")):
    lowered = padding.lower() if isinstance(padding, str) else padding
    if lowered not in allowed:
        raise ValueError(f"Invalid padding: {padding!r} for {name}. Expected one of {allowed}.")
    return lowered


def _checked_input(name, x, count):
    if ndim(x) != count + 2:
        raise ShapeError(
            f"{name} got an input of shape {int_shape(x)}, rank {ndim(x)}. "
            f"It expects rank {count + 2}: (batch, {count} spatial axes and the channels)."
        )


def _channel_axis(data_format):
    return 1 if data_format == "channels_first" else -1


def _window_axes(count, data_format):
    first = 2 if data_format == "channels_first" else 1
    return tuple(range(first, first + count))


def _check_channels(name, x, kernel, data_format, kernel_axis=-2):
    given = int_shape(x)[_channel_axis(data_format)]
    wanted = int_shape(kernel)[kernel_axis]
    if given is not None and wanted is not None and given != wanted:
        raise ShapeError(
            f"{name} got an input of shape {int_shape(x)} ({data_format}), so {given} channels, "
            f"and a kernel of shape {int_shape(kernel)}, which expects {wanted}. "
            "Check data_format and the kernel's layout (*window, inputs, filters)."
        )


def _check_output(name, x, sizes):
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


# ---- convolutions


@op
def _convolve(x, kernel, strides, padding, data_format, dilation):
    x, kernel = _of_one_dtype(x, kernel)
    return kernels.materialized(
        _windows_summed(kernels.materialized(x), kernel, strides, padding, data_format, dilation)
    )


def _windows_summed(x, kernel, strides, padding, data_format, dilation):
    last = data_format == "channels_last"
    if last and kernels.on_cpu() and all(size == 1 for size in kernel.shape[:-2]):
        x = x[(slice(None), *(slice(None, None, stride) for stride in strides))]
        return kernels.pointwise(x, kernel.reshape(kernel.shape[-2:]))
    if kernels.has_native(x.dtype, kernel.shape[:-2]):
        x = x if last else jnp.moveaxis(x, 1, -1)
        padding = _pairs(x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation)
        y = kernels.convolve(x, kernel, strides, padding, dilation)
        return y if last else jnp.moveaxis(y, -1, 1)
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        padding,
        rhs_dilation=dilation,
        dimension_numbers=_layout(x.ndim - 2, data_format),
    )


@op
def _convolve_channels(x, kernel, strides, padding, data_format, dilation):
    x, kernel = _of_one_dtype(x, kernel)
    window, count = kernel.shape[:-2], x.ndim - 2
    if not kernels.on_cpu() or math.prod(window) > kernels.MOST_PLACES:
        return lax.conv_general_dilated(
            x,
            kernel.reshape(*window, 1, -1),
            strides,
            padding,
            rhs_dilation=dilation,
            dimension_numbers=_layout(count, data_format),
            feature_group_count=kernel.shape[-2],
        )
    first = data_format == "channels_first"
    x = jnp.moveaxis(x, 1, -1) if first else x
    padding = _pairs(x.shape[1:-1], window, strides, padding, dilation)
    each = functools.partial(
        kernels.depthwise, strides=strides, pads=padding, dilation=dilation
    )
    y = by_parts(each, (x, kernel), (0, None), 0)
    return jnp.moveaxis(y, -1, 1) if first else y


def _pairs(places, window, strides, padding, dilation):
    """The zeros before and after each axis that `'SAME'` and `'VALID'` stand for."""
    if not isinstance(padding, str):
        return padding
    reach = [(size - 1) * step + 1 for size, step in zip(window, dilation)]
    return lax.padtype_to_pads(places, reach, strides, padding)


def _of_one_dtype(*arrays):
    arrays = [jnp.asarray(array) for array in arrays]
    dtype = jnp.result_type(*arrays)
    return [array.astype(dtype) for array in arrays]


def _convolution(name, count, x, kernel, strides, padding, data_format, dilation, depthwise=False):
    data_format = normalize_data_format(data_format)
    allowed = ("valid", "same", "causal") if count == 1 else ("valid", "same")
    padding = _checked_padding(name, padding, allowed)
    strides = _per_dimension(name, "strides", strides, count)
    dilation = _per_dimension(name, "dilation_rate", dilation, count)
    _checked_input(name, x, count)
    if ndim(kernel) != count + 2:
        raise ShapeError(
            f"{name} got a kernel of shape {int_shape(kernel)}. "
            f"It expects rank {count + 2}: (*window, input channels, filters)."
        )
    _check_channels(name, x, kernel, data_format)
    window = int_shape(kernel)[:count]
    sizes = [int_shape(x)[axis] for axis in _window_axes(count, data_format)]
    _check_output(
        name,
        x,
        [output_length(*each) for each in zip(sizes, window, [padding] * count, strides, dilation)],
    )
    if padding == "causal":
        pads = [((window[0] - 1) * dilation[0], 0)]
    else:
        pads = padding.upper()
    convolve = _convolve_channels if depthwise else _convolve
    return convolve(x, kernel, strides, pads, data_format, dilation)


def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution over steps.

    Args:
        x: Tensor `(batch, steps, channels)`, or channels before steps.
        kernel: Tensor `(window, channels, filters)`.
        strides: Integer.
        padding: `'valid'`, `'same'` or `'causal'` (zeros before the first step only).
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Integer.

    Raises:
        ValueError: for another data format or padding, or shapes that do not fit.
    """
    return _convolution("K.conv1d", 1, x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(x, kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution over images.

    Args:
        x: Tensor `(batch, rows, cols, channels)`, or channels before rows.
        kernel: Tensor `(rows, cols, channels, filters)`.
        strides: Pair of integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Pair of integers.

    Raises:
        ValueError: for another data format or padding, or shapes that do not fit.
    """
    return _convolution("K.conv2d", 2, x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(
    x, kernel, strides=(1, 1, 1), padding="valid", data_format=None, dilation_rate=(1, 1, 1)
):
    """Convolution over volumes.

    Args:
        x: Tensor of rank 5, channels last or after the batch.
        kernel: Tensor `(d1, d2, d3, channels, filters)`.
        strides: Three integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Three integers.

    Raises:
        ValueError: for another data format or padding, or shapes that do not fit.
    """
    return _convolution("K.conv3d", 3, x, kernel, strides, padding, data_format, dilation_rate)


def depthwise_conv2d(
    x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """Convolution of each channel by itself.

    Args:
        x: Tensor `(batch, rows, cols, channels)`, or channels before rows.
        depthwise_kernel: Tensor `(rows, cols, channels, multiplier)`.
        strides: Pair of integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Pair of integers.

    Returns:
        A tensor with `channels * multiplier` channels.

    Raises:
        ValueError: for another data format or padding, or shapes that do not fit.
    """
    return _convolution(
        "K.depthwise_conv2d",
        2,
        x,
        depthwise_kernel,
        strides,
        padding,
        data_format,
        dilation_rate,
        depthwise=True,
    )


def _separable(name, count, x, depthwise, pointwise, strides, padding, data_format, dilation):
    x = _convolution(
        name, count, x, depthwise, strides, padding, data_format, dilation, depthwise=True
    )
    return _convolution(name, count, x, pointwise, 1, "valid", data_format, 1)


def separable_conv1d(
    x,
    depthwise_kernel,
    pointwise_kernel,
    strides=1,
    padding="valid",
    data_format=None,
    dilation_rate=1,
):
    """Convolution of each channel by itself over steps, then of all channels at each step.

    Args:
        x: Tensor `(batch, steps, channels)`, or channels before steps.
        depthwise_kernel: Tensor `(window, channels, multiplier)`.
        pointwise_kernel: Tensor `(1, channels * multiplier, filters)`.
        strides: Integer, or a list of one.
        padding: `'valid'`, `'same'` or `'causal'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Integer, or a list of one.

    Raises:
        ValueError: for another data format or padding, or shapes that do not fit.
    """
    return _separable(
        "K.separable_conv1d",
        1,
        x,
        depthwise_kernel,
        pointwise_kernel,
        strides,
        padding,
        data_format,
        dilation_rate,
    )


def separable_conv2d(
    x,
    depthwise_kernel,
    pointwise_kernel,
    strides=(1, 1),
    padding="valid",
    data_format=None,
    dilation_rate=(1, 1),
):
    """Convolution of each channel by itself over images, then of all channels at each point.

    Args:
        x: Tensor `(batch, rows, cols, channels)`, or channels before rows.
        depthwise_kernel: Tensor `(rows, cols, channels, multiplier)`.
        pointwise_kernel: Tensor `(1, 1, channels * multiplier, filters)`.
        strides: Pair of integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Pair of integers.

    Raises:
        ValueError: for another data format or padding, or shapes that do not fit.
    """
    return _separable(
        "K.separable_conv2d",
        2,
        x,
        depthwise_kernel,
        pointwise_kernel,
        strides,
        padding,
        data_format,
        dilation_rate,
    )


# ---- transposed convolutions


@op
def _convolve_transposed(x, kernel, output_shape, strides, padding, data_format, dilation):
    x, kernel = _of_one_dtype(x, kernel)
    count = x.ndim - 2
    axes = _window_axes(count, data_format)
    places, pads, zeros = [], [], []
    for i, axis in enumerate(axes):
        size, wanted = x.shape[axis], int(output_shape[axis])
        reach = (kernel.shape[i] - 1) * dilation[i] + 1
        if output_length(wanted, kernel.shape[i], padding, strides[i], dilation[i]) != size:
            raise ShapeError(
                f"A transposed convolution of an input of shape {x.shape} with strides {strides}, "
                f"padding {padding!r} and a kernel of shape {kernel.shape} cannot give the output "
                f"shape {tuple(output_shape)}."
            )
        before = 0
        if padding == "same":
            before = max((size - 1) * strides[i] + reach - wanted, 0) // 2
        low = reach - 1 - before
        pads.append((low, wanted - (size - 1) * strides[i] - 2 + reach - low))
        places.append(wanted)
        zeros.append((before, 0))
    if kernels.has_native(x.dtype, kernel.shape[:count]):
        first = data_format == "channels_first"
        x = jnp.moveaxis(x, 1, -1) if first else x
        y = kernels.input_gradient(x, kernel, places, strides, zeros, dilation)
        return jnp.moveaxis(y, -1, 1) if first else y
    kernel = jnp.flip(kernel, range(count)).swapaxes(-1, -2)
    return lax.conv_general_dilated(
        x,
        kernel,
        (1,) * count,
        pads,
        lhs_dilation=strides,
        rhs_dilation=dilation,
        dimension_numbers=_layout(count, data_format),
    )


def _transposed(name, count, x, kernel, output_shape, strides, padding, data_format, dilation_rate):
    data_format = normalize_data_format(data_format)
    padding = _checked_padding(name, padding)
    strides = _per_dimension(name, "strides", strides, count)
    dilation = _per_dimension(name, "dilation_rate", dilation_rate, count)
    _checked_input(name, x, count)
    _check_channels(name, x, kernel, data_format, kernel_axis=-1)
    return _convolve_transposed(x, kernel, output_shape, strides, padding, data_format, dilation)


def conv2d_transpose(
    x,
    kernel,
    output_shape,
    strides=(1, 1),
    padding="valid",
    data_format=None,
    dilation_rate=(1, 1),
):
    """Transposed convolution over images: the gradient of `conv2d` by its input.

    Args:
        x: Tensor `(batch, rows, cols, channels)`, or channels before rows.
        kernel: Tensor `(rows, cols, filters, channels)`.
        output_shape: Four integers (or a tensor of them), the shape of the result; the batch may
            be None.
        strides: Pair of integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Pair of integers.

    Raises:
        ValueError: for another data format or padding, or shapes that do not fit.
    """
    return _transposed(
        "K.conv2d_transpose",
        2,
        x,
        kernel,
        output_shape,
        strides,
        padding,
        data_format,
        dilation_rate,
    )


def conv3d_transpose(x, kernel, output_shape, strides=(1, 1, 1), padding="valid", data_format=None):
    """Transposed convolution over volumes: the gradient of `conv3d` by its input.

    Args:
        x: Tensor of rank 5, channels last or after the batch.
        kernel: Tensor `(d1, d2, d3, filters, channels)`.
        output_shape: Five integers (or a tensor of them), the shape of the result; the batch may
            be None.
        strides: Three integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Raises:
        ValueError: for another data format or padding, or shapes that do not fit.
    """
    return _transposed(
        "K.conv3d_transpose", 3, x, kernel, output_shape, strides, padding, data_format, 1
    )


# ---- convolutions with a kernel for each place


@op
def _local(inputs, kernel, kernel_size, strides, data_format):
    inputs, kernel = jnp.asarray(inputs), jnp.asarray(kernel)
    count = inputs.ndim - 2
    first = data_format == "channels_first"
    axes = _window_axes(count, data_format)
    counts = [
        output_length(inputs.shape[axis], kernel_size[i], "valid", strides[i])
        for i, axis in enumerate(axes)
    ]
    patches = inputs
    for i, axis in enumerate(axes):  # each axis becomes (places, window)
        places = np.arange(counts[i])[:, None] * strides[i] + np.arange(kernel_size[i])
        patches = jnp.take(patches, places, axis + i, mode="clip")
    start = 2 if first else 1
    place_axes = [start + 2 * i for i in range(count)]
    window_axes = [axis + 1 for axis in place_axes]
    channels = [1] if first else [start + 2 * count]
    features = channels + window_axes if first else window_axes + channels
    patches = patches.transpose(0, *place_axes, *features)
    patches = patches.reshape(inputs.shape[0], int(np.prod(counts)), -1)  # (batch, place, feature)
    if patches.shape[1:] != kernel.shape[:2]:
        raise ShapeError(
            f"A local convolution of an input of shape {inputs.shape} with windows {kernel_size} "
            f"and strides {strides} needs a kernel of shape {(*patches.shape[1:], 'filters')}; "
            f"got {kernel.shape}."
        )
    result = jnp.einsum("bpf,pfo->bpo", patches, kernel)
    result = result.reshape(inputs.shape[0], *counts, kernel.shape[-1])
    return jnp.moveaxis(result, -1, 1) if first else result


def local_conv1d(inputs, kernel, kernel_size, strides, data_format=None):
    """Convolution over steps with a kernel of its own for each place.

    Args:
        inputs: Tensor `(batch, steps, channels)`, or channels before steps.
        kernel: Tensor `(places, window * channels, filters)`.
        kernel_size: Tuple of one integer, the window.
        strides: Tuple of one integer.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Raises:
        ValueError: for another data format, or shapes that do not fit.
    """
    name = "K.local_conv1d"
    _checked_input(name, inputs, 1)
    return _local(
        inputs,
        kernel,
        _per_dimension(name, "kernel_size", kernel_size, 1),
        _per_dimension(name, "strides", strides, 1),
        normalize_data_format(data_format),
    )


def local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None):
    """Convolution over images with a kernel of its own for each place.

    Args:
        inputs: Tensor `(batch, rows, cols, channels)`, or channels before rows.
        kernel: Tensor `(places, rows * cols * channels, filters)`; channels come first in its
            second axis for `'channels_first'`.
        kernel_size: Pair of integers, the window.
        strides: Pair of integers.
        output_shape: Pair of integers, rows and columns of the result.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Raises:
        ValueError: for another data format, or shapes that do not fit.
    """
    name = "K.local_conv2d"
    _checked_input(name, inputs, 2)
    data_format = normalize_data_format(data_format)
    kernel_size = _per_dimension(name, "kernel_size", kernel_size, 2)
    strides = _per_dimension(name, "strides", strides, 2)
    sizes = [int_shape(inputs)[axis] for axis in _window_axes(2, data_format)]
    counts = [output_length(s, k, "valid", t) for s, k, t in zip(sizes, kernel_size, strides)]
    for count, wanted in zip(counts, output_shape):
        if count is not None and count != wanted:
            raise ShapeError(
                f"{name} got output_shape={tuple(output_shape)}; an input of shape "
                f"{int_shape(inputs)} has {tuple(counts)} places for the window."
            )
    return _local(inputs, kernel, kernel_size, strides, data_format)


# ---- pooling


@op
def _pool(x, window, strides, padding, data_format, mode):
    x = jnp.asarray(x)
    axes = _window_axes(len(window), data_format)
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
    padding = _checked_padding(name, padding)
    if pool_mode not in ("max", "avg"):
        raise ValueError(f"Invalid pooling mode: {pool_mode!r}. Expected 'max' or 'avg'.")
    window = _per_dimension(name, "pool_size", pool_size, count)
    strides = _per_dimension(name, "strides", strides, count)
    _checked_input(name, x, count)
    sizes = [int_shape(x)[axis] for axis in _window_axes(count, data_format)]
    _check_output(
        name,
        x,
        [output_length(*each) for each in zip(sizes, window, [padding] * count, strides)],
    )
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
