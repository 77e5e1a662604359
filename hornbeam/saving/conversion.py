"""Weights that another Keras wrote, in the order and layout of Keras 2.3.1 on TensorFlow.

Three things changed between versions: Keras 1 kept a matrix for each gate and other axes for
kernels, Theano turned kernels by 180 degrees, and CuDNN's layers have their own layout.
"""

import numpy as np

__all__ = ["preprocess_weights_for_loading"]

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D")


def preprocess_weights_for_loading(
    layer, weights, original_keras_version=None, original_backend=None, reshape=False
):
    """Returns a layer's weights in the form that `layer.set_weights` takes.

    Args:
        layer: The layer that will hold them; layers and models inside it are looked into.
        weights: List of arrays as they were saved.
        original_keras_version: String; `'1'` for Keras 1.
        original_backend: `'theano'`, `'tensorflow'`, `'cntk'` or None.
        reshape: Bool; whether the kernel of a convolution may be reshaped to fit.

    Returns:
        List of arrays.

    Raises:
        ValueError: for weights of a kind that the layer cannot hold.

    Source: Keras 2.3.1.
    """
    origin = original_keras_version, original_backend
    kind = type(layer).__name__
    weights = _inner(layer, kind, list(weights), origin)
    if original_keras_version == "1" and kind in _FROM_KERAS_1:
        weights = _FROM_KERAS_1[kind](layer, weights)
    if kind in _CONVOLUTIONS and weights:
        weights = _convolution(layer, kind, weights, original_backend, reshape)
    if kind in _GATES and len(weights) == 3:
        weights = _cudnn(layer, kind, weights)
    return weights


def _inner(layer, kind, weights, origin):
    """Converts the weights of the layers inside a wrapper or a model."""
    if kind == "Bidirectional":
        half = len(weights) // 2
        return [
            *preprocess_weights_for_loading(layer.forward_layer, weights[:half], *origin),
            *preprocess_weights_for_loading(layer.backward_layer, weights[half:], *origin),
        ]
    if kind == "TimeDistributed":
        return preprocess_weights_for_loading(layer.layer, weights, *origin)
    if kind not in ("Model", "Sequential"):
        return weights
    converted, rest = [], iter(weights)
    for trainable in (True, False):  # the order in which a model lists its weights
        for inner in layer.layers:
            count = len(inner.trainable_weights)
            count = count if trainable else len(inner.weights) - count
            if count:
                part = [next(rest) for _ in range(count)]
                converted += preprocess_weights_for_loading(inner, part, *origin)
    return converted


# ---- Keras 1


def _steps(layer, weights):
    kernel = weights[0]
    if kernel.ndim == 3:
        return weights
    size = layer.kernel_size[0]
    if kernel.shape[:2] != (size, 1) or kernel.shape[3] != layer.filters:
        kernel = kernel.transpose(2, 3, 1, 0)  # Keras 1.1: (filters, features, size, 1)
    return [kernel[:, 0], *weights[1:]]


def _channels_first(order, order_last=None):
    """Reorders the axes of a kernel by the layer's layout."""

    def convert(layer, weights):
        axes = order if layer.data_format == "channels_first" else order_last
        return weights if axes is None else [weights[0].transpose(axes), *weights[1:]]

    return convert


def _gates(order):
    """Joins the gates' own kernels, recurrent kernels and biases, in a new order."""

    def convert(layer, weights):
        if len(weights) != 3 * len(order):
            return weights
        joined = [
            np.concatenate([weights[3 * gate + place] for gate in order], axis=-1)
            for place in range(3)
        ]
        if type(layer).__name__ == "ConvLSTM2D" and layer.data_format == "channels_first":
            joined[:2] = [kernel.transpose(2, 3, 1, 0) for kernel in joined[:2]]
        return joined

    return convert


_FROM_KERAS_1 = {
    "Conv1D": _steps,
    "Conv2D": _channels_first((2, 3, 1, 0)),
    "Conv2DTranspose": _channels_first((2, 3, 0, 1), (0, 1, 3, 2)),
    "Conv3D": _channels_first((2, 3, 4, 1, 0)),
    "ConvLSTM2D": _gates((0, 2, 1, 3)),  # i, c, f, o -> i, f, c, o
    "GRU": _gates((0, 1, 2)),  # z, r, h
    "LSTM": _gates((0, 2, 1, 3)),
}


# ---- Theano


def _convolution(layer, kind, weights, backend, reshape):
    count = 2 if kind == "ConvLSTM2D" else 1  # kernels
    kernels, rest = weights[:count], weights[count:]
    if backend == "theano":
        kernels = [np.flip(k, tuple(range(k.ndim - 2))).copy() for k in kernels]
    wanted = tuple(layer.weights[0].shape)
    if kernels[0].shape == wanted:
        return [*kernels, *rest]
    if reshape:
        if kernels[0].size != int(np.prod(wanted)):
            raise ValueError(
                "Weights must be of equal size to apply a reshape operation. Layer "
                f"{layer.name}'s weights have shape {wanted} and size {int(np.prod(wanted))}. The "
                f"weights for loading have shape {kernels[0].shape} and size {kernels[0].size}."
            )
        kernels[0] = kernels[0].reshape(wanted)
    elif kernels[0].ndim == 4:
        kernels = [kernel.transpose(3, 2, 0, 1) for kernel in kernels]
    return [*kernels, *rest]


# ---- CuDNN

_GATES = {"LSTM": 4, "CuDNNLSTM": 4, "GRU": 3, "CuDNNGRU": 3}


def _cudnn(layer, kind, weights):
    """Converts between CuDNN's layers and the plain ones, told apart by the biases' shape."""
    gates = _GATES[kind]
    units = weights[1].shape[0]
    shape = weights[2].shape
    if gates == 4:
        sources = {(8 * units,): "CuDNNLSTM", (4 * units,): "LSTM"}
        target = kind
    else:
        sources = {
            (6 * units,): "CuDNNGRU",
            (2, 3 * units): "GRU(reset_after=True)",
            (3 * units,): "GRU(reset_after=False)",
        }
        target = kind if kind == "CuDNNGRU" else f"GRU(reset_after={bool(layer.reset_after)})"
    if shape not in sources:
        raise ValueError(f"Invalid bias shape: {shape}")
    source = sources[shape]
    if source == target:
        return weights
    if "GRU(reset_after=False)" in (source, target):
        raise ValueError(f"{source} is not compatible with {target}")
    from_cudnn = source.startswith("CuDNN")
    order = "F" if from_cudnn else "C"
    kernel, recurrent, bias = weights
    if gates == 3:
        bias = np.reshape(bias, (2, -1) if from_cudnn else -1)
    elif from_cudnn:
        bias = np.sum(np.split(bias, 2), axis=0)
    else:
        bias = np.tile(0.5 * bias, 2)  # any two halves with this sum are the same
    return [
        _by_gate(kernel, gates, lambda part: part.T.reshape(part.shape, order=order)),
        _by_gate(recurrent, gates, lambda part: part.T),
        bias,
    ]


def _by_gate(kernel, gates, function):
    return np.hstack([function(part) for part in np.hsplit(kernel, gates)])
