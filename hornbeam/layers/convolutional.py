"""Convolutions over steps, images and volumes."""

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

__all__ = ["Conv1D", "Conv2D", "Conv3D"]


def input_shape_of_steps(kwargs):
    """Turns `input_dim` and `input_length`, for layers of sequences, into `input_shape`."""
    if "input_shape" not in kwargs and ("input_dim" in kwargs or "input_length" in kwargs):
        steps, features = kwargs.pop("input_length", None), kwargs.pop("input_dim", None)
        kwargs["input_shape"] = (steps, features)
    return kwargs


class _Conv(Layer):
    """What convolutions over `rank` axes share.

    Args:
        rank: 1, 2 or 3.
        The others are those of `Conv2D`.
    """

    paddings = ("valid", "same")

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
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
        self.rank = rank
        self.filters = None if filters is None else positive_integer(self, "filters", filters)
        self.kernel_size = per_axis(self, "kernel_size", kernel_size, rank)
        self.strides = per_axis(self, "strides", strides, rank)
        self.padding = checked_padding(self, padding, self.paddings)
        self.data_format = K.normalize_data_format(data_format)
        self.dilation_rate = per_axis(self, "dilation_rate", dilation_rate, rank)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{self.name} ({type(self).__name__}) got strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}: strides > 1 not supported in conjunction "
                "with dilation_rate > 1. Set one of them to 1."
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=rank + 2)

    @property
    def channel_axis(self):
        return 1 if self.data_format == "channels_first" else -1

    def build(self, input_shape):
        channels = known_axis(self, input_shape, self.channel_axis)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = self._add_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})
        self.built = True

    def _add_bias(self, size):
        if not self.use_bias:
            return None
        return self.add_weight(
            name="bias",
            shape=(size,),
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )

    def call(self, inputs):
        return self._finish(self._convolve(inputs))

    def _convolve(self, inputs):
        convolve = {1: K.conv1d, 2: K.conv2d, 3: K.conv3d}[self.rank]
        one = self.rank == 1
        return convolve(
            inputs,
            self.kernel,
            strides=self.strides[0] if one else self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate[0] if one else self.dilation_rate,
        )

    def _finish(self, output):
        if self.use_bias:
            output = K.bias_add(output, self.bias, data_format=self.data_format)
        return self.activation(output)

    def compute_output_shape(self, input_shape):
        sizes = windows_along(
            self,
            input_shape,
            spatial_axes(self.data_format, self.rank),
            self.kernel_size,
            self.padding,
            self.strides,
            self.dilation_rate,
        )
        return shape_with(input_shape, self.data_format, sizes, self._output_channels(input_shape))

    def _output_channels(self, input_shape):
        return self.filters

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
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


class Conv1D(_Conv):
    """Convolution over time steps.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer, or a tuple of one: the window.
        strides: Integer, or a tuple of one.
        padding: `'valid'`, `'same'`, or `'causal'` (zeros before the first step only, so that no
            output depends on later steps).
        data_format: `'channels_last'` or `'channels_first'`.
        dilation_rate: Integer, distance of the window's elements; not together with strides.
        activation: Name or function; None means linear.
        use_bias: Bool.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, steps, channels)`, or channels before steps.
    Output shape: `(batch, new_steps, filters)`, or filters before steps.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.
    """

    paddings = ("valid", "same", "causal")

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format="channels_last",
        dilation_rate=1,
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
        super().__init__(
            1,
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **input_shape_of_steps(kwargs),
        )
        if self.padding == "causal" and self.data_format != "channels_last":
            raise ValueError(
                f"{self.name} got padding='causal' with data_format='channels_first'. When using "
                "causal padding in Conv1D, data_format must be 'channels_last' (temporal data)."
            )


class Conv2D(_Conv):
    """Convolution over images.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer or pair of integers, the window.
        strides: Integer or pair of integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Integer or pair, distance of the window's elements; not with strides.
        activation: Name or function; None means linear.
        use_bias: Bool.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, new_rows, new_cols, filters)`, or filters before rows.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
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
        super().__init__(
            2,
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )


class Conv3D(_Conv):
    """Convolution over volumes.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer or three integers, the window.
        strides: Integer or three integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Integer or three, distance of the window's elements; not with strides.
        activation: Name or function; None means linear.
        use_bias: Bool.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: `(batch, new_d1, new_d2, new_d3, filters)`, or filters after the batch.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1, 1),
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
        super().__init__(
            3,
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
