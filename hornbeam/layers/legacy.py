"""Layers of Keras 1 that Keras 2 kept or dropped: Highway, MaxoutDense, Merge, ..."""

from hornbeam import activations, constraints, initializers, regularizers
from hornbeam import backend as K
from hornbeam.engine.checks import InputSpec
from hornbeam.engine.config import deserialize_layer
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import known_axis
from hornbeam.layers.convolutional import Conv1D, Conv2D
from hornbeam.layers.core import Dense
from hornbeam.layers.lambda_layer import Lambda, restored, stored
from hornbeam.layers.merge import Add, Average, Concatenate, Dot, Maximum, Multiply

__all__ = [
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "Highway",
    "MaxoutDense",
    "Merge",
    "TimeDistributedDense",
    "merge",
]


def AtrousConvolution1D(*args, **kwargs):  # noqa: N802
    """Makes a `Conv1D`; Keras 1's `atrous_rate` is its `dilation_rate`."""
    return Conv1D(*args, **kwargs)


def AtrousConvolution2D(*args, **kwargs):  # noqa: N802
    """Makes a `Conv2D`; Keras 1's `atrous_rate` is its `dilation_rate`."""
    return Conv2D(*args, **kwargs)


class _KerasOneDense(Layer):
    """What the two layers below share: Keras 1's arguments of a dense layer.

    Args:
        init: Initializer of the kernels.
        weights: List of arrays that become the weights.
        W_regularizer, b_regularizer, activity_regularizer: Regularizers.
        W_constraint, b_constraint: Constraints.
        bias: Bool, whether there is a bias.
        input_dim: Integer, short for `input_shape=(input_dim,)`.
    """

    def __init__(
        self,
        init="glorot_uniform",
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        if input_dim is not None:
            kwargs["input_shape"] = (input_dim,)
        super().__init__(weights=weights, **kwargs)
        self.init = initializers.get(init)
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.W_constraint = constraints.get(W_constraint)
        self.b_constraint = constraints.get(b_constraint)
        self.bias = bias
        self.input_dim = input_dim
        self.input_spec = InputSpec(ndim=2)

    def _add_kernel(self, shape):
        return self.add_weight(
            name="W",
            shape=shape,
            initializer=self.init,
            regularizer=self.W_regularizer,
            constraint=self.W_constraint,
        )

    def _add_bias(self, shape):
        return self.add_weight(
            name="b",
            shape=shape,
            initializer="zeros",
            regularizer=self.b_regularizer,
            constraint=self.b_constraint,
        )

    def get_config(self):
        return super().get_config() | {
            "init": initializers.serialize(self.init),
            "W_regularizer": regularizers.serialize(self.W_regularizer),
            "b_regularizer": regularizers.serialize(self.b_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "W_constraint": constraints.serialize(self.W_constraint),
            "b_constraint": constraints.serialize(self.b_constraint),
            "bias": self.bias,
            "input_dim": self.input_dim,
        }


class MaxoutDense(_KerasOneDense):
    """The largest of several dense outputs: `max over k of (x @ W[k] + b[k])`.

    Args:
        output_dim: Integer, features of the output.
        nb_feature: Integer, how many outputs compete for each feature.
        The others are Keras 1's of `Dense`.

    Input shape: `(batch, features)`.
    Output shape: `(batch, output_dim)`.

    Source: Keras 1; Goodfellow et al. 2013, arXiv:1302.4389.
    """

    def __init__(
        self,
        output_dim,
        nb_feature=4,
        init="glorot_uniform",
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        super().__init__(
            init, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint,
            b_constraint, bias, input_dim, **kwargs,
        )
        self.output_dim = output_dim
        self.nb_feature = nb_feature

    def build(self, input_shape):
        features = known_axis(self, input_shape, -1)
        self.W = self._add_kernel((self.nb_feature, features, self.output_dim))
        self.b = self._add_bias((self.nb_feature, self.output_dim)) if self.bias else None
        self.input_spec = InputSpec(ndim=2, axes={-1: features})
        self.built = True

    def call(self, x):
        output = K.dot(x, self.W)  # (batch, nb_feature, output_dim)
        if self.bias:
            output = output + K.expand_dims(self.b, 0)
        return K.max(output, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)

    def get_config(self):
        return super().get_config() | {
            "output_dim": self.output_dim,
            "nb_feature": self.nb_feature,
        }


class Highway(_KerasOneDense):
    """Mixes its input with a transform of it: `gate * h(x) + (1 - gate) * x`.

    Args:
        activation: Activation of the transform `h`; None means linear.
        The others are Keras 1's of `Dense`.

    Input shape: `(batch, features)`.
    Output shape: the same.

    Source: Keras 1; Srivastava et al. 2015, arXiv:1505.00387.
    """

    def __init__(
        self,
        init="glorot_uniform",
        activation=None,
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        super().__init__(
            init, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint,
            b_constraint, bias, input_dim, **kwargs,
        )
        self.activation = activations.get(activation)

    def build(self, input_shape):
        features = known_axis(self, input_shape, -1)
        self.W = self._add_kernel((features, features))
        self.W_carry = self.add_weight("W_carry", (features, features), initializer=self.init)
        self.b = self.b_carry = None
        if self.bias:
            self.b = self._add_bias((features,))
            self.b_carry = self.add_weight("b_carry", (features,), initializer="ones")
        self.input_spec = InputSpec(ndim=2, axes={-1: features})
        self.built = True

    def call(self, x):
        transform, gate = K.dot(x, self.W), K.dot(x, self.W_carry)
        if self.bias:
            transform = K.bias_add(transform, self.b)
            gate = K.bias_add(gate, self.b_carry)
        gate = K.sigmoid(gate)
        return gate * self.activation(transform) + (1 - gate) * x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"activation": activations.serialize(self.activation)}


class TimeDistributedDense(Dense):
    """Keras 1's dense layer for sequences; `Dense` itself takes them now.

    Args:
        output_dim: Integer, features of the output.
        input_dim, input_length: Integers, the shape of the input.
        The others are those of `Dense`, in the form of Keras 1 or 2.

    Input shape: `(batch, steps, features)`.
    Output shape: `(batch, steps, output_dim)`.
    """

    def __init__(self, *args, input_dim=None, input_length=None, **kwargs):
        if input_dim is not None:
            kwargs["input_shape"] = (input_length, input_dim)
        super().__init__(*args, **kwargs)


# ---- merging

_MODES = {"sum": Add, "mul": Multiply, "ave": Average, "max": Maximum}


def _layer_for(mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name):
    """The layer of Keras 2 for a mode of merging."""
    if callable(mode):
        return Lambda(
            mode, output_shape=output_shape, mask=output_mask, arguments=arguments, name=name
        )
    if mode in _MODES:
        return _MODES[mode](name=name)
    if mode == "concat":
        return Concatenate(axis=concat_axis, name=name)
    if mode in ("dot", "cos"):
        axes = dot_axes if isinstance(dot_axes, int) else tuple(dot_axes)
        return Dot(axes, normalize=mode == "cos", name=name)
    raise ValueError(
        f"Invalid merge mode: {mode!r}. Expected one of {[*_MODES, 'concat', 'dot', 'cos']}, or a "
        "function of the list of tensors."
    )


def merge(
    inputs,
    mode="sum",
    concat_axis=-1,
    dot_axes=-1,
    output_shape=None,
    output_mask=None,
    arguments=None,
    name=None,
):
    """Merges a list of tensors, as in Keras 1. Makes the layer of Keras 2 that does it.

    Args:
        inputs: List of two or more tensors; or of layers and models, for a `Merge` of them.
        mode: `'sum'`, `'mul'`, `'concat'`, `'ave'`, `'max'`, `'dot'`, `'cos'`, or a function of the
            list of tensors.
        concat_axis: Integer, the axis for `'concat'`.
        dot_axes: Integer or pair of integers, the axes for `'dot'` and `'cos'`.
        output_shape: Shape (without the batch axis) or function of the shapes, for a function.
        output_mask: Mask or function of the masks, for a function.
        arguments: Dict of further arguments for a function.
        name: Name of the layer.

    Returns:
        A tensor; a layer for layers.

    Raises:
        ValueError: for an unknown mode.
    """
    options = (concat_axis, dot_axes, output_shape, output_mask, arguments)
    if all(isinstance(item, Layer) for item in inputs):
        return Merge(inputs, mode, *options, name=name)
    return _layer_for(mode, *options, name)(inputs)


class Merge(Layer):
    """Merges the outputs of several layers or models, as in Keras 1.

    Args:
        layers: List of layers or models; the merge is the first layer of a `Sequential` then, and
            their inputs are its inputs. None makes a layer to be called on a list of tensors.
        The others are those of `merge`.

    Example:
        model = Sequential()
        model.add(Merge([left, right], mode="concat"))
        model.add(Dense(1))
        model.compile("sgd", "mse")
        model.fit([x_left, x_right], y)
    """

    supports_masking = True

    def __init__(
        self,
        layers=None,
        mode="sum",
        concat_axis=-1,
        dot_axes=-1,
        output_shape=None,
        output_mask=None,
        arguments=None,
        node_indices=None,
        tensor_indices=None,
        name=None,
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.merged_layers = list(layers or ())
        self.mode = mode
        self.concat_axis = concat_axis
        self.dot_axes = dot_axes
        self._functions = {"mode": mode, "output_shape": output_shape, "output_mask": output_mask}
        self.arguments = arguments
        self.merging = _layer_for(
            mode, concat_axis, dot_axes, output_shape, output_mask, arguments, self.name + "_of"
        )
        if self.merged_layers:
            count = len(self.merged_layers)
            places = zip(
                self.merged_layers, node_indices or [0] * count, tensor_indices or [0] * count
            )
            self([_output_of(layer, node, tensor) for layer, node, tensor in places])

    def build(self, input_shape):
        self.merging.build(input_shape)
        self.built = True

    def call(self, inputs):
        return self.merging(inputs)

    def compute_mask(self, inputs, mask=None):
        return self.merging.compute_mask(inputs, mask)

    def get_config(self):
        config = super().get_config() | {
            "concat_axis": self.concat_axis,
            "dot_axes": self.dot_axes,
            "arguments": self.arguments or {},
        }
        for name, value in self._functions.items():
            kept = stored(value) if callable(value) else (value, "raw")
            config[name], config[f"{name}_type"] = kept
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes the layer from what `get_config` returned, or Keras 1.

        Args:
            config: Dict.
            custom_objects: Dict from name to function or class, also the global names of stored
                code.

        Raises:
            ValueError: if the config holds code of unknown origin and it is not allowed to run.
        """
        config = dict(config)
        for name in ("mode", "output_shape", "output_mask"):
            kind = config.pop(f"{name}_type", "raw")
            if kind != "raw":
                config[name] = restored(
                    config[name], kind, custom_objects, f"The Merge layer {config.get('name')!r}"
                )
        inner = config.get("layers") or ()
        config["layers"] = [deserialize_layer(item, custom_objects) for item in inner]
        return cls(**config)


def _output_of(layer, node_index, tensor_index):
    outputs = getattr(layer, "outputs", None)
    if not outputs and layer._inbound_nodes:
        outputs = layer._inbound_nodes[node_index].output_tensors
    if not outputs:
        raise ValueError(
            f"Merge got the layer {layer.name}, which has no output yet. Its first layer must tell "
            "the shape of its input: `input_shape`, or `input_dim`."
        )
    return outputs[tensor_index]
