"""Convolutions with a kernel of its own for each place."""

from hornbeam import activations, constraints, initializers, regularizers
from hornbeam import backend as K
from hornbeam.engine.checks import InputSpec
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import (
    checked_padding,
    known_axis,
    per_axis,
    positive_integer,
    shape_with,
    spatial_axes,
    windows_along,
)

__all__ = ["LocallyConnected1D", "LocallyConnected2D"]


class _LocallyConnected(Layer):
    """What locally connected layers over `rank` axes share."""

    rank = None

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        implementation=1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = positive_integer(self, "filters", filters)
        self.kernel_size = per_axis(self, "kernel_size", kernel_size, self.rank)
        self.strides = per_axis(self, "strides", strides, self.rank)
        self.padding = checked_padding(self, padding, ("valid",))
        self.data_format = K.normalize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        if implementation not in (1, 2, 3):
            raise ValueError(
                f"{self.name} got implementation={implementation!r}. Expected 1, 2 or 3."
            )
        self.implementation = implementation
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def build(self, input_shape):
        channel_axis = 1 if self.data_format == "channels_first" else -1
        features = known_axis(self, input_shape, channel_axis)
        axes = spatial_axes(self.data_format, self.rank)
        for axis in axes:
            known_axis(self, input_shape, axis)
        sizes = self._places(input_shape)
        count = 1
        for size in sizes:
            count *= size
        for size in self.kernel_size:
            features *= size
        self.kernel = self.add_weight(
            name="kernel",
            shape=(count, features, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(*sizes, self.filters),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        fixed = {axis: input_shape[axis] for axis in (*axes, channel_axis)}
        self.input_spec = InputSpec(ndim=self.rank + 2, axes=fixed)
        self.built = True

    def _places(self, input_shape):
        return windows_along(
            self,
            input_shape,
            spatial_axes(self.data_format, self.rank),
            self.kernel_size,
            self.padding,
            self.strides,
        )

    def call(self, inputs):
        if self.rank == 1:
            output = K.local_conv1d(
                inputs, self.kernel, self.kernel_size, self.strides, self.data_format
            )
        else:
            output = K.local_conv2d(
                inputs,
                self.kernel,
                self.kernel_size,
                self.strides,
                self._places(K.int_shape(inputs)),
                self.data_format,
            )
        if self.use_bias:
            output = K.bias_add(output, self.bias, data_format=self.data_format)
        return self.activation(output)

    def compute_output_shape(self, input_shape):
        places = self._places(input_shape)
        return shape_with(input_shape, self.data_format, places, self.filters)

    def get_config(self):
        config = super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
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
        if self.rank == 1 and self.data_format == "channels_last":
            config.pop("data_format")  # as in Keras 2.3.1, which knows no other here
        if self.implementation != 1:  # tf.keras's argument
            config["implementation"] = self.implementation
        return config


class LocallyConnected1D(_LocallyConnected):
    """Like `Conv1D`, but with weights of its own for each place.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer, or a tuple of one: the window.
        strides: Integer, or a tuple of one.
        padding: `'valid'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        activation: Name or function; None means linear.
        use_bias: Bool.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.
        implementation: 1, 2 or 3: how tf.keras stores the kernel and computes. The results are the
            same, and so are they here, where the kernel always has the form of 1,
            `(places, window * channels, filters)`.

    Input shape: `(batch, steps, channels)`, or channels before steps; all
        sizes but the batch's must be known.
    Output shape: `(batch, new_steps, filters)`, or filters before steps.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.
    """

    rank = 1

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        implementation=1,
        **kwargs,
    ):
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            implementation=implementation,
            **kwargs,
        )


class LocallyConnected2D(_LocallyConnected):
    """Like `Conv2D`, but with weights of its own for each place.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer or pair of integers: the window.
        strides: Integer or pair of integers.
        padding: `'valid'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        activation: Name or function; None means linear.
        use_bias: Bool.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.
        implementation: 1, 2 or 3: how tf.keras stores the kernel and computes. The results are the
            same, and so are they here, where the kernel always has the form of 1,
            `(places, window * channels, filters)`.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows; all
        sizes but the batch's must be known.
    Output shape: `(batch, new_rows, new_cols, filters)`, or filters before rows.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.
    """

    rank = 2

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        implementation=1,
        **kwargs,
    ):
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            implementation=implementation,
            **kwargs,
        )
