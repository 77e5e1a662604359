"""Utilities for layers and models: the summary, counts, weights in another layout."""

import numpy as np

from hornbeam.engine.sources import get_source_inputs
from hornbeam.engine.summary import print_summary
from hornbeam.utils.conv_utils import convert_kernel

__all__ = [
    "convert_all_kernels_in_model",
    "convert_dense_weights_data_format",
    "convert_kernel",
    "count_params",
    "count_total_params",
    "get_source_inputs",
    "layer_from_config",
    "print_summary",
]

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose")


def count_params(weights):
    """Returns how many numbers a list of variables holds, each variable counted once."""
    unique = {id(weight): weight for weight in weights}.values()
    return sum(int(np.prod(weight.shape, dtype=np.int64)) for weight in unique)


def convert_all_kernels_in_model(model):
    """Turns the kernels of a model's convolutions from Theano's order into TensorFlow's, or back.

    Separable convolutions are left out: Theano has none.
    """
    for layer in model.layers:
        if type(layer).__name__ in _CONVOLUTIONS:
            layer.kernel.set_value(convert_kernel(layer.kernel.get_value()))


def convert_dense_weights_data_format(
    dense, previous_feature_map_shape, target_data_format="channels_first"
):
    """Reorders the weights of a `Dense` layer after `Flatten`, for images in the other layout.

    Args:
        dense: `Dense` layer, whose weights are changed.
        previous_feature_map_shape: Shape of the image before `Flatten`, without the batch axis and
            in the new layout: `(512, 7, 7)` for `'channels_first'`.
        target_data_format: The new layout, `'channels_first'` or `'channels_last'`.

    Raises:
        ValueError: for another layout, or a shape that does not fit the weights.
    """
    if target_data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            f"target_data_format is {target_data_format!r}. Expected 'channels_first' or "
            "'channels_last'."
        )
    kernel, *bias = dense.get_weights()
    shape = tuple(previous_feature_map_shape)
    if int(np.prod(shape)) != kernel.shape[0]:
        raise ValueError(
            f"{dense.name} has a kernel of shape {kernel.shape}, which does not fit feature maps "
            f"of shape {shape}: they hold {int(np.prod(shape))} numbers."
        )
    if target_data_format == "channels_first":
        old, order = (*shape[1:], shape[0]), (2, 0, 1, 3)
    else:
        old, order = (shape[-1], *shape[:-1]), (1, 2, 0, 3)
    maps = kernel.reshape(*old, kernel.shape[1]).transpose(order)
    dense.set_weights([maps.reshape(kernel.shape), *bias])


# ---- Keras 1


def count_total_params(layers, layer_set=None):
    """Counts the numbers that the weights of layers hold, each layer once.

    Args:
        layers: List of layers and models; models inside are entered.
        layer_set: Set of the layers that were counted already, which is added to; or None.

    Returns:
        A pair of integers: in trainable weights, in the others.
    """
    layer_set = set() if layer_set is None else layer_set
    trainable = frozen = 0
    for layer in layers:
        if layer in layer_set:
            continue
        layer_set.add(layer)
        if getattr(layer, "layers", None):
            counts = count_total_params(layer.layers, layer_set)
        else:
            counts = [
                count_params(weights)
                for weights in (layer.trainable_weights, layer.non_trainable_weights)
            ]
        trainable, frozen = trainable + counts[0], frozen + counts[1]
    return trainable, frozen


def layer_from_config(config, custom_objects=None):
    """Keras 1's name of `keras.layers.deserialize`."""
    from hornbeam.layers import deserialize

    return deserialize(config, custom_objects)
