"""Core layers: dense, activation, dropout, shapes, and masks."""


import math

import numpy as np

from hornbeam import activations, constraints, initializers, regularizers
from hornbeam import backend as K
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import checked_rate, known_axis, positive_integer

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Dense",
    "Dropout",
    "Flatten",
    "Identity",
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
        total, known = math.prod(sizes), math.prod(s for s in target if s != -1)
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
        return (input_shape[0], None if None in sizes else math.prod(sizes))

    def get_config(self):
        return super().get_config() | {"data_format": self.data_format}

    @classmethod
    def from_config(cls, config):
        # Keras before 2.2 told no format and moved nothing, whatever the order of its images.
        return super().from_config({"data_format": "channels_last", **config})


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


class Identity(Layer):
    """Returns its input.

    Input shape: any.
    Output shape: that of the input.
    """

    supports_masking = True

    def call(self, inputs):
        return K.identity(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


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
