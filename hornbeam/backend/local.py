"""Convolutions with a kernel of its own for each place, in both data formats."""

import jax.numpy as jnp
import numpy as np

from hornbeam.backend.config import normalize_data_format
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.ops import op
from hornbeam.backend.variables import int_shape
from hornbeam.backend.windows import checked_input, output_sizes, per_dimension, window_axes


@op
def _local(inputs, kernel, kernel_size, strides, data_format):
    inputs, kernel = jnp.asarray(inputs), jnp.asarray(kernel)
    count = inputs.ndim - 2
    first = data_format == "channels_first"
    axes = window_axes(count, data_format)
    counts = output_sizes(inputs, kernel_size, "valid", strides, data_format)
    patches = inputs
    for i, axis in enumerate(axes):  # each axis becomes (places, window)
        places = np.arange(counts[i])[:, None] * strides[i] + np.arange(kernel_size[i])
        patches = jnp.take(patches, places, axis + i, mode="clip")
    start = 2 if first else 1
    place_axes = [start + 2 * i for i in range(count)]
    windows = [axis + 1 for axis in place_axes]
    channels = [1] if first else [start + 2 * count]
    features = channels + windows if first else windows + channels
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
    checked_input(name, inputs, 1)
    return _local(
        inputs,
        kernel,
        per_dimension(name, "kernel_size", kernel_size, 1),
        per_dimension(name, "strides", strides, 1),
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
    checked_input(name, inputs, 2)
    data_format = normalize_data_format(data_format)
    kernel_size = per_dimension(name, "kernel_size", kernel_size, 2)
    strides = per_dimension(name, "strides", strides, 2)
    counts = output_sizes(inputs, kernel_size, "valid", strides, data_format)
    for count, wanted in zip(counts, output_shape):
        if count is not None and count != wanted:
            raise ShapeError(
                f"{name} got output_shape={tuple(output_shape)}; an input of shape "
                f"{int_shape(inputs)} has {tuple(counts)} places for the window."
            )
    return _local(inputs, kernel, kernel_size, strides, data_format)
