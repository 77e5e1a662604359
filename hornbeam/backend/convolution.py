"""Convolutions, in both data formats.

Kernels are laid out as `(*window, input channels, filters)` in both formats, the kernel of a
transposed convolution as `(*window, filters, input channels)`.
"""

import functools
import math

import jax.numpy as jnp
from jax import lax

from hornbeam import kernels
from hornbeam.backend.config import normalize_data_format
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.ops import op
from hornbeam.backend.placement import by_parts
from hornbeam.backend.variables import int_shape, ndim
from hornbeam.backend.windows import (
    channel_axis,
    check_output,
    checked_input,
    checked_padding,
    output_length,
    output_sizes,
    per_dimension,
    window_axes,
    with_channels_last,
)


def _layout(count, data_format):
    """Names of the axes of inputs and kernels, as `lax` reads them."""
    window = "DHW"[3 - count :]
    inputs = "NC" + window if data_format == "channels_first" else "N" + window + "C"
    return inputs, window + "IO", inputs


def _check_channels(name, x, kernel, data_format, kernel_axis=-2):
    given = int_shape(x)[channel_axis(data_format)]
    wanted = int_shape(kernel)[kernel_axis]
    if given is not None and wanted is not None and given != wanted:
        raise ShapeError(
            f"{name} got an input of shape {int_shape(x)} ({data_format}), so {given} channels, "
            f"and a kernel of shape {int_shape(kernel)}, which expects {wanted}. "
            "Check data_format and the kernel's layout (*window, inputs, filters)."
        )


@op
def _convolve(x, kernel, strides, padding, data_format, dilation):
    x, kernel = _of_one_dtype(x, kernel)
    return kernels.materialized(
        _windows_summed(kernels.materialized(x), kernel, strides, padding, data_format, dilation)
    )


def _windows_summed(x, kernel, strides, padding, data_format, dilation):
    is_pointwise = all(size == 1 for size in kernel.shape[:-2])
    if is_pointwise and data_format == "channels_last" and kernels.on_cpu():
        x = x[(slice(None), *(slice(None, None, stride) for stride in strides))]
        return kernels.pointwise(x, kernel.reshape(kernel.shape[-2:]))
    if kernels.has_native(x.dtype, kernel.shape[:-2]):

        def convolve(x):
            pads = _pairs(x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation)
            return kernels.convolve(x, kernel, strides, pads, dilation)

        return with_channels_last(convolve, x, data_format)
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

    def convolve(x):
        pads = _pairs(x.shape[1:-1], window, strides, padding, dilation)
        each = functools.partial(kernels.depthwise, strides=strides, pads=pads, dilation=dilation)
        return by_parts(each, (x, kernel), (0, None), 0)

    return with_channels_last(convolve, x, data_format)


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
    padding = checked_padding(name, padding, allowed)
    strides = per_dimension(name, "strides", strides, count)
    dilation = per_dimension(name, "dilation_rate", dilation, count)
    checked_input(name, x, count)
    if ndim(kernel) != count + 2:
        raise ShapeError(
            f"{name} got a kernel of shape {int_shape(kernel)}. "
            f"It expects rank {count + 2}: (*window, input channels, filters)."
        )
    _check_channels(name, x, kernel, data_format)
    window = int_shape(kernel)[:count]
    check_output(name, x, output_sizes(x, window, padding, strides, data_format, dilation))
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
    axes = window_axes(count, data_format)
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

        def spread(x):
            return kernels.input_gradient(x, kernel, places, strides, zeros, dilation)

        return with_channels_last(spread, x, data_format)
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
    padding = checked_padding(name, padding)
    strides = per_dimension(name, "strides", strides, count)
    dilation = per_dimension(name, "dilation_rate", dilation_rate, count)
    checked_input(name, x, count)
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
