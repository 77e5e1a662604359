"""Convolution and pooling of `tf.nn`, and what else slides a window over images.

Strides and windows may be one number, one for each spatial axis, or one for every axis of the
input, as in TensorFlow 1. Padding is 'VALID', 'SAME', or pairs (before, after) for every axis.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam import backend as K
from hornbeam.compat.tensorflow.shaping import sizes_of
from hornbeam.compat.tensorflow.wrapping import exported, function


def _format(data_format, count):
    """'channels_last' or 'channels_first' of 'NHWC', 'NCHW', ...; the former by default."""
    if data_format is None:
        return "channels_last"
    if data_format.startswith("NC") or data_format == "channels_first":
        return "channels_first"
    return "channels_last"


def _per_axis(value, count, data_format, what):
    """One number for each spatial axis."""
    if value is None:
        return (1,) * count
    if np.ndim(value) == 0:
        return (int(value),) * count
    value = tuple(int(v) for v in value)
    if len(value) == 1:
        return value * count
    if len(value) == count + 2:
        spatial = value[2:] if data_format == "channels_first" else value[1:-1]
        rest = value[:2] if data_format == "channels_first" else (value[0], value[-1])
        if rest != (1, 1):
            raise ValueError(
                f"{what}={value}: batch and channels are passed over one by one; expected 1 there."
            )
        return spatial
    if len(value) != count:
        raise ValueError(f"{what}={value}: expected 1, {count} or {count + 2} numbers.")
    return value


def _padding(padding, count, data_format):
    """`'SAME'`, `'VALID'`, or the pairs of the spatial axes."""
    if isinstance(padding, str):
        return padding.upper()
    pairs = [tuple(int(n) for n in pair) for pair in padding]
    if len(pairs) == count + 2:
        pairs = pairs[2:] if data_format == "channels_first" else pairs[1:-1]
    return pairs


def _convolve(count, x, kernel, strides, padding, data_format, dilations, depthwise=False):
    data_format = _format(data_format, count)
    x, kernel = jnp.asarray(x), jnp.asarray(kernel)
    strides = _per_axis(strides, count, data_format, "strides")
    dilations = _per_axis(dilations, count, data_format, "dilations")
    padding = _padding(padding, count, data_format)
    channels = x.shape[1 if data_format == "channels_first" else -1]
    groups = channels if depthwise else max(channels // kernel.shape[-2], 1)
    if isinstance(padding, str) and count == 2 and depthwise:
        return K.depthwise_conv2d(x, kernel, strides, padding.lower(), data_format, dilations)
    if isinstance(padding, str) and groups == 1:
        convolve = {1: K.conv1d, 2: K.conv2d, 3: K.conv3d}[count]
        sizes = (strides[0], dilations[0]) if count == 1 else (strides, dilations)
        return convolve(x, kernel, sizes[0], padding.lower(), data_format, sizes[1])
    if depthwise:
        kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
    window = "DHW"[3 - count :]
    inputs = f"NC{window}" if data_format == "channels_first" else f"N{window}C"
    dtype = jnp.result_type(x, kernel)
    return lax.conv_general_dilated(
        x.astype(dtype), kernel.astype(dtype), strides, padding, rhs_dilation=dilations,
        dimension_numbers=(inputs, window + "IO", inputs), feature_group_count=groups,
    )


@function
def conv1d(input, filters, stride=1, padding="VALID", data_format="NWC", dilations=None):
    """A convolution over steps: input `(batch, steps, channels)`, filters `(k, channels, out)`."""
    return _convolve(1, input, filters, stride, padding, data_format, dilations)


@function
def conv2d(input, filters=None, strides=1, padding="VALID", data_format="NHWC", dilations=None,
           use_cudnn_on_gpu=True, filter=None):
    """A convolution of images.

    Args:
        input: Tensor `(batch, rows, columns, channels)`, or as `data_format` says.
        filters: Tensor `(rows, columns, channels, outputs)`; `filter` is its older name.
        strides, padding, data_format, dilations: See the module.
        use_cudnn_on_gpu: TensorFlow 1's; XLA chooses.
    """
    filters = filter if filters is None else filters
    return _convolve(2, input, filters, strides, padding, data_format, dilations)


@function
def conv3d(input, filters, strides=1, padding="VALID", data_format="NDHWC", dilations=None):
    """A convolution of volumes `(batch, depth, rows, columns, channels)`."""
    return _convolve(3, input, filters, strides, padding, data_format, dilations)


@function
def convolution_(input, filters, strides=None, padding="VALID", data_format=None, dilations=None):
    """A convolution over as many axes as the input has between batch and channels."""
    return _convolve(np.ndim(input) - 2, input, filters, strides, padding, data_format, dilations)


@function
def depthwise_conv2d(input, filter, strides, padding, data_format="NHWC", dilations=None,
                     rate=None):
    """Convolves each channel by itself; filter `(rows, columns, channels, multiplier)`."""
    dilations = rate if dilations is None else dilations
    return _convolve(2, input, filter, strides, padding, data_format, dilations, depthwise=True)


@function
def separable_conv2d(input, depthwise_filter, pointwise_filter, strides, padding,
                     data_format="NHWC", dilations=None, rate=None):
    """A depthwise convolution, then one of windows of size 1 that mixes the channels."""
    dilations = rate if dilations is None else dilations
    x = _convolve(2, input, depthwise_filter, strides, padding, data_format, dilations, True)
    return _convolve(2, x, pointwise_filter, 1, "VALID", data_format, None)


@function
def atrous_conv2d(value, filters, rate, padding):
    """A convolution whose window has holes: its elements are `rate` apart."""
    return _convolve(2, value, filters, 1, padding, "NHWC", rate)


def _transposed(count, x, kernel, output_shape, strides, padding, data_format):
    """The gradient of a convolution with respect to its input."""
    data_format = _format(data_format, count)
    x, kernel = jnp.asarray(x), jnp.asarray(kernel)
    shape = sizes_of(output_shape)
    if len(shape) == count:
        outputs = (kernel.shape[-2],)
        shape = ((x.shape[0], *outputs, *shape) if data_format == "channels_first"
                 else (x.shape[0], *shape, *outputs))

    def forward(y):
        return _convolve(count, y, kernel, strides, padding, data_format, None)

    zeros = jnp.zeros(shape, x.dtype)
    _, pull = jax.vjp(forward, zeros)
    return pull(x)[0]


@function
def conv1d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NWC"):
    """The transpose of `conv1d`; filters `(k, outputs, channels)`."""
    return _transposed(1, input, filters, output_shape, strides, padding, data_format)


@function
def conv2d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NHWC"):
    """The transpose of `conv2d`; filters `(rows, columns, outputs, channels)`."""
    return _transposed(2, input, filters, output_shape, strides, padding, data_format)


@function
def conv3d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NDHWC"):
    """The transpose of `conv3d`; filters `(depth, rows, columns, outputs, channels)`."""
    return _transposed(3, input, filters, output_shape, strides, padding, data_format)


def _pooled(count, x, ksize, strides, padding, data_format, kind):
    data_format = _format(data_format, count)
    x = jnp.asarray(x)
    window = _per_axis(ksize, count, data_format, "ksize")
    strides = _per_axis(strides, count, data_format, "strides")
    padding = _padding(padding, count, data_format)
    if not isinstance(padding, str):
        around = [(0, 0)] * 2 + padding if data_format == "channels_first" else (
            [(0, 0), *padding, (0, 0)]
        )
        fill = -np.inf if kind == "max" else 0
        x, padding = jnp.pad(x, around, constant_values=fill), "VALID"
    if count == 1:
        axis = -1 if data_format == "channels_first" else -2
        pooled = K.pool2d(jnp.expand_dims(x, axis), (*window, 1), (*strides, 1), padding.lower(),
                          data_format, kind)
        return jnp.squeeze(pooled, axis)
    pool = {2: K.pool2d, 3: K.pool3d}[count]
    return pool(x, window, strides, padding.lower(), data_format, kind)


def _pooling(name, count, kind, data_format):
    def body(input, ksize, strides, padding, data_format=data_format):
        return _pooled(count, input, ksize, strides, padding, data_format, kind)

    body.__name__ = body.__qualname__ = name
    taken = "greatest element" if kind == "max" else "mean"
    body.__doc__ = f"The {taken} of each window over {count} spatial axes."
    pooled = function(body)

    def pool(input=None, ksize=None, strides=None, padding="VALID", data_format=data_format,
             name=None, value=None):
        x = value if input is None else input
        return pooled(x, ksize, strides, padding, data_format, name=name)

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = body.__doc__ + " `value` is TensorFlow 1's name of `input`."
    return pool


max_pool1d = _pooling("max_pool1d", 1, "max", "NWC")
max_pool2d = _pooling("max_pool2d", 2, "max", "NHWC")
max_pool3d = _pooling("max_pool3d", 3, "max", "NDHWC")
avg_pool1d = _pooling("avg_pool1d", 1, "avg", "NWC")
avg_pool2d = _pooling("avg_pool2d", 2, "avg", "NHWC")
avg_pool3d = _pooling("avg_pool3d", 3, "avg", "NDHWC")


def _any_rank(name, kinds):
    def pool(input=None, ksize=None, strides=None, padding="VALID", data_format=None, name=None,
             value=None):
        x = value if input is None else input
        count = len(x.shape) - 2
        return kinds[count](x, ksize, strides, padding, data_format, name=name)

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = "Pools over as many axes as the input has between batch and channels."
    return pool


max_pool = _any_rank("max_pool", {1: max_pool1d, 2: max_pool2d, 3: max_pool3d})
avg_pool = _any_rank("avg_pool", {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d})


@function
def pool(input, window_shape, pooling_type, strides=None, padding="VALID", data_format=None,
         dilations=None):
    """Pools, by `pooling_type` 'MAX' or 'AVG', over the axes between batch and channels."""
    if dilations is not None and set(np.ravel(dilations)) != {1}:
        raise ValueError(f"tf.nn.pool got dilations={dilations}: windows have no holes here.")
    kind = {"MAX": "max", "AVG": "avg"}[pooling_type]
    count = np.ndim(input) - 2
    return _pooled(count, input, window_shape, strides, padding, data_format, kind)


@function
def max_pool_with_argmax(input, ksize, strides, padding, data_format="NHWC",
                         output_dtype="int64", include_batch_in_index=False):
    """The greatest element of each window and its place in the flat image."""
    x = jnp.asarray(input)
    rows, columns, channels = x.shape[1:]
    window = _per_axis(ksize, 2, "channels_last", "ksize")
    steps = _per_axis(strides, 2, "channels_last", "strides")
    places = jnp.arange(rows * columns * channels, dtype="int32").reshape(1, rows, columns, -1)
    places = jnp.broadcast_to(places, x.shape)
    if include_batch_in_index:
        batch = jnp.arange(x.shape[0], dtype="int32").reshape(-1, 1, 1, 1)
        places = places + batch * (rows * columns * channels)

    def greater(a, b):
        first = (a[0] > b[0]) | ((a[0] == b[0]) & (a[1] < b[1]))
        return tuple(jnp.where(first, p, q) for p, q in zip(a, b))

    start = (jnp.asarray(-jnp.inf, x.dtype), jnp.asarray(np.iinfo("int32").max, "int32"))
    best = lax.reduce_window(
        (x, places), start, greater, (1, *window, 1), (1, *steps, 1), padding.upper()
    )
    return [best[0], best[1]]


@function
def dilation2d(input, filters, strides, padding, data_format="NHWC", dilations=(1, 1, 1, 1)):
    """Grayscale dilation: the greatest sum of window and filter, for each channel."""
    x, filters = jnp.asarray(input), jnp.asarray(filters)
    rows, columns, channels = filters.shape
    strides = _per_axis(strides, 2, "channels_last", "strides")
    rates = _per_axis(dilations, 2, "channels_last", "dilations")
    if padding.upper() == "SAME":
        spread = [(n - 1) * r + 1 for n, r in zip((rows, columns), rates)]
        pads = lax.padtype_to_pads(x.shape[1:3], spread, strides, "SAME")
        x = jnp.pad(x, [(0, 0), *pads, (0, 0)], constant_values=-np.inf)
    patches = _patches(x, (rows, columns), strides, rates, "VALID")
    patches = patches.reshape(*patches.shape[:3], rows * columns, channels)
    return jnp.max(patches + filters.reshape(-1, channels), axis=3)


def _patches(x, window, strides, rates, padding):
    """The windows of images, `(batch, rows, columns, window rows * columns * channels)`."""
    x = jnp.asarray(x)
    (high, wide), channels = window, x.shape[-1]
    if padding == "SAME":
        spread = [(n - 1) * r + 1 for n, r in zip(window, rates)]
        pads = lax.padtype_to_pads(x.shape[1:3], spread, strides, "SAME")
        x = jnp.pad(x, [(0, 0), *pads, (0, 0)])
    rows = (x.shape[1] - (high - 1) * rates[0] - 1) // strides[0] + 1
    columns = (x.shape[2] - (wide - 1) * rates[1] - 1) // strides[1] + 1
    parts = [
        x[:, i * rates[0] : i * rates[0] + (rows - 1) * strides[0] + 1 : strides[0],
          j * rates[1] : j * rates[1] + (columns - 1) * strides[1] + 1 : strides[1]]
        for i in range(high) for j in range(wide)
    ]
    return jnp.stack(parts, 3).reshape(x.shape[0], rows, columns, high * wide * channels)


@function
def extract_patches(images, sizes, strides, rates, padding):
    """The windows of images side by side in the last axis.

    Args:
        images: Tensor `(batch, rows, columns, channels)`.
        sizes, strides, rates: Four numbers, of which the middle two count.
        padding: 'VALID' or 'SAME'.

    Returns:
        `(batch, window rows, window columns, rows * columns * channels of a window)`.
    """
    return _patches(jnp.asarray(images), sizes[1:3], strides[1:3], rates[1:3], padding.upper())


__all__ = [name for name in exported(globals()) if name not in ("convolution_", "extract_patches")]
