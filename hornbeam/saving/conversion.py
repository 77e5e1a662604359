"""Weights that another Keras wrote, in the order and layout of Keras 2.3.1 on TensorFlow.

Three things changed between versions: Keras 1 kept a matrix for each gate and other axes for
kernels, Theano turned kernels by 180 degrees, and CuDNN's layers have their own layout.
"""

import collections
import warnings

import numpy as np

from hornbeam.saving import hdf5
from hornbeam.saving.errors import ModelFileError
from hornbeam.translations import tell

__all__ = ["preprocess_weights_for_loading"]

# `version` is '1' for all before Keras 2; `backend` is that whose convolutions made the kernels.
Origin = collections.namedtuple("Origin", "version backend")


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
    return converted(layer, weights, Origin(original_keras_version, original_backend), reshape)[0]


def origin_of(group, weight_names):
    """Returns the `Origin` of a group of weights in a file.

    Args:
        group: `h5py.Group`, as `save_weights` of any Keras filled it.
        weight_names: List of the names of all arrays in it.

    Keras 1 did not write who it was; its names tell the backend, as those of TensorFlow's variables
    end in ':0'. Before Keras 1 there were no names, and Theano alone at first.
    """
    version = hdf5.read_text(group, "keras_version") or "1"
    backend = hdf5.read_text(group, "backend")
    if version.split(".")[0] != "1":
        return Origin("2", backend)
    if backend is None:
        from_tensorflow = any(name.endswith(":0") for name in weight_names)
        backend = "tensorflow" if from_tensorflow else "theano"
    tell("file", f"{group.file.filename}, of Keras 1 on {backend}", "weights in Keras 2's order")
    return Origin("1", backend)


def numbered_names(group):
    """Returns the names of the arrays of each layer in a file from before Keras 1.

    Its groups are `layer_0`, `layer_1`, ..., the arrays in them `param_0`, `param_1`, ...

    Raises:
        ModelFileError: if a count is none.
    """
    return [
        [f"param_{place}" for place in range(_count(layer, "nb_params"))]
        for number in range(_count(group, "nb_layers"))
        for layer in [hdf5.child_group(group, f"layer_{number}")]
    ]


def _count(group, name):
    value = np.asarray(group.attrs.get(name, -1))
    if value.size != 1 or value.dtype.kind not in "iu" or not 0 <= int(value.ravel()[0]) < 100_000:
        raise ModelFileError(f"{group.name!r} should have a count in the attribute {name!r}.")
    return int(value.ravel()[0])


def layers_in_file(model, saved):
    """Returns the layers that the saved ones belong to.

    Those of the model; but Keras 1 wrote the layers of merged models, and no `Merge`.
    """
    layers = list(model.layers)
    if not any(getattr(layer, "merged_layers", None) for layer in layers):
        return layers
    names = {entry.name for entry in saved}
    if any(layer.name in names for layer in layers if getattr(layer, "merged_layers", None)):
        return layers
    return _flattened(layers)


def _flattened(layers):
    flat = []
    for layer in layers:
        merged = getattr(layer, "merged_layers", None)
        inner = [
            part
            for branch in merged or ()
            for part in (_flattened(branch.layers) if hasattr(branch, "layers") else [branch])
        ]
        flat.extend(part for part in (inner if merged else [layer]) if part not in flat)
    return flat


def may_be_needed(layer, shapes, origin):
    """Whether arrays of these shapes may have to be converted for a layer, and could fit then."""
    wanted = [tuple(variable.shape) for variable in layer.weights]
    if shapes == wanted and origin.version != "1" and origin.backend != "theano":
        return False
    # Only CuDNN's biases change their size: they are twice as long.
    return _size(shapes) <= 2 * _size(wanted)


def _size(shapes):
    return sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes)


def converted(layer, arrays, origin, reshape=False):
    """Returns a layer's arrays converted, and how many of the saved ones were trainable.

    Args:
        layer: `Layer`; layers and models inside it are looked into.
        arrays: List of arrays as they were saved.
        origin: `Origin`.
        reshape: Bool; whether the kernel of a convolution may be reshaped to fit.

    Returns:
        List of arrays, in the order of `layer.weights`; integer. Arrays too many come last, missing
        ones are missing: the caller compares the shapes.

    Raises:
        ValueError: for arrays of a kind that the layer cannot hold.
    """
    rest, taken = list(arrays), set()
    if _inner_layers(layer) is None:
        trainable = bool(layer.trainable_weights)
        before = len(rest)
        result = _converted(layer, rest, origin, reshape)
        others = len(layer.non_trainable_weights) if trainable else before
        return result, max(0, before - others)
    result = _taken(layer, rest, origin, reshape, True, taken)
    trainable = len(arrays) - len(rest)
    result += _taken(layer, rest, origin, reshape, False, taken)
    return result + rest, trainable


def _inner_layers(layer):
    """The layers whose weights are all that a model, wrapper or merge has; else None."""
    if hasattr(layer, "_is_graph_network"):
        inner = layer.layers
    elif hasattr(layer, "forward_layer"):
        inner = [layer.forward_layer, layer.backward_layer]
    elif _known(layer, {"TimeDistributed": True}):
        inner = [layer.layer]
    else:
        inner = getattr(layer, "merged_layers", None)
    if not inner:
        return None
    own = {id(weight) for part in inner for weight in part.weights}
    return inner if all(id(weight) in own for weight in layer.weights) else None


def _taken(layer, rest, origin, reshape, trainable, taken):
    """Takes a layer's weights, those trainable or the others, off the front of a list."""
    inner = _inner_layers(layer)
    if inner is not None:
        kinds = [trainable] if layer.trainable else [] if trainable else [True, False]
        return [
            array
            for kind in kinds
            for part in inner
            for array in _taken(part, rest, origin, reshape, kind, taken)
        ]
    variables = layer.trainable_weights if trainable else layer.non_trainable_weights
    if not variables or (id(layer), trainable) in taken:
        return []
    taken.add((id(layer), trainable))
    count = len(variables)
    if origin.version == "1" and _known(layer, _SEPARATE_GATES) and count == 3:
        gates = _known(layer, _SEPARATE_GATES)
        if rest and rest[0].shape != tuple(variables[0].shape):
            count = 3 * gates
    part = rest[:count]
    del rest[:count]
    return _converted(layer, part, origin, reshape)


def _known(layer, table):
    """What a table says of a layer's class, or of the nearest class that it derives from."""
    for kind in type(layer).__mro__:
        if kind.__name__ in table:
            return table[kind.__name__]
    return None


def _converted(layer, arrays, origin, reshape):
    """Converts the arrays of a layer that has none inside."""
    if not arrays:
        return []
    if origin.version == "1":
        convert = _known(layer, _FROM_KERAS_1)
        arrays = convert(layer, arrays) if convert else arrays
    kernels = _known(layer, _KERNELS)
    if kernels:
        arrays = _convolution(layer, kernels, arrays, origin.backend, reshape)
    if _known(layer, _GATES) and len(arrays) == 3:
        arrays = _cudnn(layer, arrays)
    return arrays


# ---- Keras 1


def _steps(layer, arrays):
    kernel, *rest = arrays
    if kernel.ndim != 4:
        return arrays
    size = layer.kernel_size[0]
    if kernel.shape[:2] != (size, 1) or kernel.shape[3] != layer.filters:
        kernel = kernel.transpose(2, 3, 1, 0)  # Keras 1.1: (filters, features, size, 1)
    return [kernel[:, 0], *rest]


def _channels_first(order, order_last=None, kernels=1):
    """Reorders the axes of kernels by the layer's layout."""

    def convert(layer, arrays):
        axes = order if layer.data_format == "channels_first" else order_last
        return [
            array.transpose(axes) if axes and array.ndim == len(axes) else array
            for array in arrays[:kernels]
        ] + arrays[kernels:]

    return convert


_OIHW = (2, 3, 1, 0)  # (filters, features, rows, cols) -> (rows, cols, features, filters)


def _gates(order):
    """Joins the gates' own kernels, recurrent kernels and biases, in a new order."""

    def convert(layer, arrays):
        if len(arrays) != 3 * len(order):
            return arrays
        if getattr(layer, "data_format", None) == "channels_first":
            arrays = [array.transpose(_OIHW) if array.ndim == 4 else array for array in arrays]
        return [
            np.concatenate([arrays[3 * gate + place] for gate in order], axis=-1)
            for place in range(3)
        ]

    return convert


_SEPARATE_GATES = {"ConvLSTM2D": 4, "GRU": 3, "LSTM": 4}
_FROM_KERAS_1 = {
    "Conv1D": _steps,
    "Conv2D": _channels_first(_OIHW),
    "Conv2DTranspose": _channels_first((2, 3, 0, 1), (0, 1, 3, 2)),
    "Conv3D": _channels_first((2, 3, 4, 1, 0)),
    "ConvLSTM2D": _gates((0, 2, 1, 3)),  # i, c, f, o -> i, f, c, o
    "GRU": _gates((0, 1, 2)),  # z, r, h
    "LSTM": _gates((0, 2, 1, 3)),
    "SeparableConv2D": _channels_first(_OIHW, kernels=2),
}


# ---- Theano

# Layer -> how many of its first weights are kernels of convolutions.
_KERNELS = {
    "Conv1D": 1,
    "Conv2D": 1,
    "Conv2DTranspose": 1,
    "Conv3D": 1,
    "ConvLSTM2D": 2,
    "DepthwiseConv2D": 0,  # Theano does not turn these
}


def _convolution(layer, count, arrays, backend, reshape):
    kernels, rest = arrays[:count], arrays[count:]
    if backend == "theano":
        _warn_of_padding(layer, count)
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


def _warn_of_padding(layer, count):
    """Theano padded even kernels and strides on the other side, which no kernel can make good."""
    same = layer.padding == "same"
    even = any(size % 2 == 0 for size in layer.kernel_size)
    if even and (same or count == 2) or same and any(step > 1 for step in layer.strides):
        warnings.warn(
            f"The layer {layer.name} was trained on Theano, which pads kernels of an even size, "
            "and strides, on the other side with padding='same'. Its outputs are shifted by one "
            "place against those there.",
            stacklevel=2,
        )


# ---- CuDNN

_GATES = {"LSTM": 4, "CuDNNLSTM": 4, "GRU": 3, "CuDNNGRU": 3}


def _cudnn(layer, arrays):
    """Converts between CuDNN's layers and the plain ones, told apart by the biases' shape."""
    kind = next(kind.__name__ for kind in type(layer).__mro__ if kind.__name__ in _GATES)
    gates = _GATES[kind]
    kernel, recurrent, bias = arrays
    units = recurrent.shape[0] if recurrent.ndim else 0
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
    if bias.shape not in sources:
        raise ValueError(f"Invalid bias shape: {bias.shape}")
    source = sources[bias.shape]
    if source == target:
        return arrays
    if "GRU(reset_after=False)" in (source, target):
        raise ValueError(f"{source} is not compatible with {target}")
    from_cudnn = source.startswith("CuDNN")
    order = "F" if from_cudnn else "C"
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
