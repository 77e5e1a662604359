"""Core layers: dense, activation, dropout, shapes, masks, and functions as layers."""

import types

import numpy as np

from hornbeam import activations, bytecode, constraints, initializers, regularizers
from hornbeam import backend as K
from hornbeam.backend.ops import infer
from hornbeam.engine import checks
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.engine.node import from_list
from hornbeam.layers.arguments import checked_rate, known_axis, positive_integer
from hornbeam.registry import deserialize_keras_object, has_arg

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Dense",
    "Dropout",
    "Flatten",
    "Lambda",
    "Masking",
    "Permute",
    "RepeatVector",
    "Reshape",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]


class Masking(Layer):
    """Masks the time steps in which every feature equals a value; they become zeros.

    Args:
        mask_value: Float, the value that says "nothing here".

    Input shape: any, time on axis 1 and features last.
    Output shape: that of the input. The mask has that shape without the last axis.

    Source: Keras 2.3.1.
    """

    supports_masking = True

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs, mask=None):
        return K.any(K.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        present = K.any(K.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * K.cast(present, K.dtype(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"mask_value": self.mask_value}


class Dropout(Layer):
    """Sets a random part of the input to 0 in training and scales up the rest.

    Args:
        rate: Float from 0 to 1, the part that is dropped. At 1, as in Keras 2.3.1, nothing is.
        noise_shape: Tuple of ints and None, the shape of the random choice, which is broadcast:
            `(None, 1, features)` drops the same features at all steps. None stands for the size
            of the input.
        seed: Integer, fixes the random choices.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: for a rate outside of 0 to 1.

    Source: Srivastava et al. 2014, JMLR 15.
    """

    supports_masking = True

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = checked_rate(self, rate)
        self.noise_shape = noise_shape
        self.seed = seed
        self.uses_learning_phase = 0 < self.rate < 1

    def _get_noise_shape(self, inputs):
        return self.noise_shape

    def call(self, inputs, training=None):
        if not 0 < self.rate < 1:
            return inputs
        return K.in_train_phase(
            lambda: K.dropout(inputs, self.rate, self._get_noise_shape(inputs), seed=self.seed),
            inputs,
            training=training,
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {
            "rate": self.rate,
            "noise_shape": self.noise_shape,
            "seed": self.seed,
        }


class _SpatialDropout(Dropout):
    """Drops whole channels instead of single elements."""

    spatial_axes = 1

    def __init__(self, rate, data_format=None, **kwargs):
        super().__init__(rate, **kwargs)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=2 + self.spatial_axes)

    def _get_noise_shape(self, inputs):
        ones = (1,) * self.spatial_axes
        if self.data_format == "channels_first":
            return (None, None, *ones)
        return (None, *ones, None)

    def get_config(self):
        config = super().get_config()
        if self.data_format == "channels_first":  # Keras 2.3.1 forgets it
            config["data_format"] = self.data_format
        return config


class SpatialDropout1D(_SpatialDropout):
    """Drops whole features, at all steps at once.

    Args:
        rate: Float from 0 to 1, the part that is dropped.

    Input shape: `(batch, steps, features)`.
    Output shape: that of the input.

    Source: Tompson et al. 2015, arXiv:1411.4280.
    """

    def __init__(self, rate, **kwargs):
        super().__init__(rate, "channels_last", **kwargs)


class SpatialDropout2D(_SpatialDropout):
    """Drops whole feature maps of images.

    Args:
        rate: Float from 0 to 1, the part that is dropped.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: that of the input.

    Source: Tompson et al. 2015, arXiv:1411.4280.
    """

    spatial_axes = 2

    def __init__(self, rate, data_format=None, **kwargs):
        super().__init__(rate, data_format, **kwargs)


class SpatialDropout3D(_SpatialDropout):
    """Drops whole feature maps of volumes.

    Args:
        rate: Float from 0 to 1, the part that is dropped.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: rank 5, channels last or after the batch.
    Output shape: that of the input.

    Source: Tompson et al. 2015, arXiv:1411.4280.
    """

    spatial_axes = 3

    def __init__(self, rate, data_format=None, **kwargs):
        super().__init__(rate, data_format, **kwargs)


class Activation(Layer):
    """Applies an activation function.

    Args:
        activation: Name, or function of a tensor.

    Input shape: any.
    Output shape: that of the input.
    """

    supports_masking = True

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def declared_outputs(self, node):
        # What becomes of integers, the function decides.
        floating = all(t.dtype.is_floating for t in node.input_tensors)
        return super().declared_outputs(node) if floating else None

    def get_config(self):
        return super().get_config() | {"activation": activations.serialize(self.activation)}


class Reshape(Layer):
    """Gives each sample another shape.

    Args:
        target_shape: Tuple of ints without the batch axis; one may be -1: what is left over.

    Input shape: any.
    Output shape: `(batch, *target_shape)`.

    Raises:
        ValueError: if the number of elements does not fit.

    Example:
        >>> Reshape((-1, 2))(np.ones((1, 2, 3), "float32")).shape
        (1, 3, 2)
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = tuple(int(size) for size in target_shape)
        if sum(size == -1 for size in self.target_shape) > 1 or min((0, *self.target_shape)) < -1:
            raise ValueError(
                f"{self.name} got target_shape={self.target_shape}. Expected sizes, of which at "
                "most one is -1 (what is left over)."
            )

    def call(self, inputs):
        return K.reshape(inputs, (K.shape(inputs)[0], *self.target_shape))

    def compute_output_shape(self, input_shape):
        sizes, target = input_shape[1:], self.target_shape
        if None in sizes:
            return (input_shape[0], *(None if size == -1 else size for size in target))
        total, known = int(np.prod(sizes)), int(np.prod([s for s in target if s != -1]))
        fits = total % known == 0 if -1 in target and known else total == known
        if not fits or (-1 in target and not known):
            raise ShapeError(
                f"total size of new array must be unchanged: {self.name} (Reshape) got an input "
                f"of shape {tuple(input_shape)}, {total} elements a sample, which cannot become "
                f"{target}."
            )
        return (input_shape[0], *(total // known if size == -1 else size for size in target))

    def get_config(self):
        return super().get_config() | {"target_shape": self.target_shape}


class Permute(Layer):
    """Reorders the axes of each sample.

    Args:
        dims: Tuple of ints, counted from 1: `(2, 1)` exchanges the first two axes after the batch.

    Input shape: any, of rank `len(dims) + 1`.
    Output shape: the axes in the new order.

    Raises:
        ValueError: if `dims` does not name each axis from 1 on once.
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(int(dim) for dim in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Invalid permutation `dims` for {self.name}: {self.dims}. Expected each of the "
                f"numbers 1 to {len(self.dims)} once; the batch axis is not counted."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return K.permute_dimensions(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *(input_shape[dim] for dim in self.dims))

    def get_config(self):
        return super().get_config() | {"dims": self.dims}


class Flatten(Layer):
    """Puts all axes but the batch into one.

    Args:
        data_format: `'channels_last'`, `'channels_first'` (the channels are moved last
            before, so that the weights after this layer fit both formats), or None for
            the default.

    Input shape: `(batch, ...)`.
    Output shape: `(batch, features)`; features is None if a size is unknown.
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.input_spec = InputSpec(min_ndim=1)
        self.data_format = K.normalize_data_format(data_format)

    def call(self, inputs):
        if self.data_format == "channels_first" and K.ndim(inputs) > 2:
            inputs = K.permute_dimensions(inputs, (0, *range(2, K.ndim(inputs)), 1))
        return K.batch_flatten(inputs)

    def compute_output_shape(self, input_shape):
        sizes = input_shape[1:]
        return (input_shape[0], None if None in sizes else int(np.prod(sizes)))

    def get_config(self):
        return super().get_config() | {"data_format": self.data_format}


class RepeatVector(Layer):
    """Repeats the input `n` times along a new time axis.

    Args:
        n: Positive integer.

    Input shape: `(batch, features)`.
    Output shape: `(batch, n, features)`.

    Raises:
        TypeError: if `n` is no integer.
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
            raise TypeError(f"{self.name} got n={n!r}. Expected an integer.")
        if n < 1:
            raise ValueError(f"{self.name} got n={n}. Expected a positive integer.")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return K.repeat(inputs, self.n)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self):
        return super().get_config() | {"n": self.n}


class Lambda(Layer):
    """Makes a layer of a function of tensors.

    Args:
        function: Function of the input (a tensor or a list of tensors). If it has parameters named
            `mask` or `training`, it gets those too. It may hold on to tensors and variables.
        output_shape: Not needed: shapes are found by running the function on shapes. A tuple
            without the batch axis (or a function of the input shape) names sizes that cannot be
            found so.
        mask: None (the output has no mask), a mask, or a function `(inputs, mask) -> mask`.
        arguments: Dict of further keyword arguments for the function.

    Input shape: any.
    Output shape: what the function returns.

    Source: Keras 2.3.1. A config holds the code of the function; it is run again only if this
    process made it or the user allows it.
    """

    _declares_shape = False
    hides_sources = True

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"{self.name} (Lambda) got {function!r}. Expected a function.")
        if output_shape is not None and not callable(output_shape):
            if not isinstance(output_shape, (tuple, list)):
                raise TypeError(
                    f"In Lambda, `output_shape` must be a list, a tuple, or a function; "
                    f"{self.name} got {output_shape!r}."
                )
            output_shape = tuple(output_shape)
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        self._takes = {name for name in ("mask", "training") if has_arg(function, name)}

    def call(self, inputs, mask=None, training=None):
        arguments = dict(self.arguments)
        given = {"mask": mask, "training": training}
        for name in self._takes:
            arguments.setdefault(name, given[name])
        return self.function(inputs, **arguments)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def declared_outputs(self, node):
        if self._output_shape is None:
            return None
        specs = infer(node.run, [*node.sources, *self.weights], node.wide, varies=True)
        stated = self._stated_shape(node.input_shapes if isinstance(node.inputs, list)
                                    else node.input_shapes[0])
        if len(specs) != len(stated):
            return specs
        return [
            (_completed(shape, known), dtype, static)
            for (shape, dtype, static), known in zip(specs, stated)
        ]

    def _stated_shape(self, input_shape):
        """Returns the list of output shapes that the user stated."""
        if callable(self._output_shape):
            shape = self._output_shape(input_shape)
            return list(shape) if checks.is_shape_list(shape) else [tuple(shape)]
        batch = input_shape[0][0] if checks.is_shape_list(input_shape) else input_shape[0]
        if checks.is_shape_list(self._output_shape):
            return [(batch, *shape) for shape in self._output_shape]
        return [(batch, *self._output_shape)]

    def compute_output_shape(self, input_shape):
        if self._output_shape is None:
            return Layer.compute_output_shape(self, input_shape)
        return from_list(self._stated_shape(input_shape))

    def get_config(self):
        function, function_type = _stored(self.function)
        output_shape, output_shape_type = self._output_shape, "raw"
        if callable(output_shape):
            output_shape, output_shape_type = _stored(output_shape)
        return super().get_config() | {
            "function": function,
            "function_type": function_type,
            "output_shape": output_shape,
            "output_shape_type": output_shape_type,
            "arguments": self.arguments,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes the layer from what `get_config` returned.

        Args:
            config: Dict.
            custom_objects: Dict from name to function, also the global names of stored code.

        Raises:
            ValueError: if the config holds code of unknown origin and it is not allowed to run.
        """
        config = dict(config)
        name = config.get("name", "lambda")
        function_type = config.pop("function_type", "lambda")
        config["function"] = _restored(config["function"], function_type, custom_objects, name)
        shape_type = config.pop("output_shape_type", "raw")
        if shape_type != "raw":
            config["output_shape"] = _restored(
                config["output_shape"], shape_type, custom_objects, name
            )
        arguments = dict(config.get("arguments") or {})
        for key, value in arguments.items():
            if isinstance(value, dict) and value.get("type") == "ndarray":  # as JSON stores it
                arguments[key] = np.array(value["value"])
        config["arguments"] = arguments
        for unused in ("module", "output_shape_module"):  # tf.keras writes them
            config.pop(unused, None)
        return cls(**config)


def _completed(shape, stated):
    """Fills unknown sizes of a shape with those that the user stated."""
    if len(shape) != len(stated):
        return shape
    return tuple(want if size is None else size for size, want in zip(shape, stated))


def _stored(function):
    """Returns how a config holds a function: its code, or the name of one that has none."""
    if isinstance(function, types.FunctionType):
        return bytecode.func_dump(function), "lambda"
    return getattr(function, "__name__", type(function).__name__), "function"


def _restored(stored, kind, custom_objects, layer_name):
    if kind == "function":
        return deserialize_keras_object(
            stored,
            custom_objects=custom_objects,
            printable_module_name="function in Lambda layer",
        )
    if kind != "lambda":
        raise ValueError(f"Unknown function type in the config of {layer_name}: {kind!r}.")
    names = {"K": K, "np": np} | (custom_objects or {})
    return bytecode.trusted_load(stored, names, f"The Lambda layer {layer_name!r}")


class Dense(Layer):
    """Computes `activation(inputs @ kernel + bias)`.

    Args:
        units: Positive integer, size of the output.
        activation: Name or function; None means linear.
        use_bias: Bool.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, ..., features)`, rank 2 or more.
    Output shape: `(batch, ..., units)`.

    Raises:
        ShapeError: if `features` is unknown.

    Example:
        >>> Dense(3)(np.ones((2, 8), "float32")).shape
        (2, 3)
    """

    supports_masking = True

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = positive_integer(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        features = known_axis(self, input_shape, -1)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(features, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self.built = True

    def call(self, inputs):  # (batch, ..., features)
        output = K.dot(inputs, self.kernel)
        if self.use_bias:
            output = K.bias_add(output, self.bias, data_format="channels_last")
        return self.activation(output)

    def compute_output_shape(self, input_shape):
        known_axis(self, input_shape, -1)
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class ActivityRegularization(Layer):
    """Passes the input on and adds a penalty of it to the loss.

    Args:
        l1: Float, factor of the sum of absolute values.
        l2: Float, factor of the sum of squares.

    Input shape: any.
    Output shape: that of the input.
    """

    supports_masking = True

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(**kwargs)
        self.l1 = l1
        self.l2 = l2
        self.activity_regularizer = regularizers.L1L2(l1=l1, l2=l2)

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"l1": self.l1, "l2": self.l2}
