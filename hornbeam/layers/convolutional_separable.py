"""Convolutions of each channel by itself."""

from hornbeam import backend as K
from hornbeam import constraints, initializers, regularizers
from hornbeam.engine.checks import InputSpec
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import known_axis, positive_integer
from hornbeam.layers.convolutional import Conv1D, Conv2D, _Conv

__all__ = ["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"]


class _SeparableConv(_Conv):
    """What separable convolutions over `rank` axes share."""

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        depth_multiplier=1,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        **kwargs,
    ):
        super().__init__(rank, filters, kernel_size, **kwargs)
        self.depth_multiplier = positive_integer(self, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape):
        channels = known_axis(self, input_shape, self.channel_axis)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self.bias = self._add_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})
        self.built = True

    def _convolve(self, inputs):
        one = self.rank == 1
        convolve = K.separable_conv1d if one else K.separable_conv2d
        return convolve(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.strides[0] if one else self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate[0] if one else self.dilation_rate,
        )

    def get_config(self):
        config = super().get_config()
        for name in ("kernel_initializer", "kernel_regularizer", "kernel_constraint"):
            config.pop(name)
        return config | {
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }


class SeparableConv1D(_SeparableConv):
    """Convolution of each channel by itself over time steps, then of all channels at each step.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer, the window.
        strides: Integer.
        padding: `'valid'`, `'same'` or `'causal'`.
        data_format: `'channels_last'` or `'channels_first'`.
        dilation_rate: Integer, distance of the window's elements; not with
            strides.
        depth_multiplier: Positive integer, channels that each input channel gives.
        activation: Name or function; None means linear.
        use_bias: Bool.
        depthwise_initializer, pointwise_initializer, bias_initializer: Name, function of a shape,
            or `Initializer`.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: Regularizer or None.
        activity_regularizer: Regularizer of the output, or None.
        depthwise_constraint, pointwise_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, steps, channels)`, or channels before steps.
    Output shape: `(batch, new_steps, filters)`, or filters before steps.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.

    Source: Chollet 2016, arXiv:1610.02357.
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
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
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
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )


class SeparableConv2D(_SeparableConv):
    """Convolution of each channel by itself over images, then of all channels at each point.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer or pair of integers, the window.
        strides: Integer or pair of integers.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Integer or pair of integers, distance of the window's elements; not with
            strides.
        depth_multiplier: Positive integer, channels that each input channel gives.
        activation: Name or function; None means linear.
        use_bias: Bool.
        depthwise_initializer, pointwise_initializer, bias_initializer: Name, function of a shape,
            or `Initializer`.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: Regularizer or None.
        activity_regularizer: Regularizer of the output, or None.
        depthwise_constraint, pointwise_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, new_rows, new_cols, filters)`, or filters before rows.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.

    Source: Chollet 2016, arXiv:1610.02357.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
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
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )


class _Depthwise(Layer):
    """What depthwise convolutions share; stands before the convolution among the bases."""

    _declares_shape = True

    def _store_depthwise(self, depth_multiplier, initializer, regularizer, constraint):
        self.depth_multiplier = positive_integer(self, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(initializer)
        self.depthwise_regularizer = regularizers.get(regularizer)
        self.depthwise_constraint = constraints.get(constraint)

    def build(self, input_shape):
        channels = known_axis(self, input_shape, self.channel_axis)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.bias = self._add_bias(channels * self.depth_multiplier)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})
        self.built = True

    def call(self, inputs, training=None):  # the same in training and test
        return super().call(inputs)

    def _output_channels(self, input_shape):
        return known_axis(self, input_shape, self.channel_axis) * self.depth_multiplier

    def get_config(self):
        config = super().get_config()
        for name in ("filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"):
            config.pop(name)
        return config | {
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
        }


class DepthwiseConv1D(_Depthwise, Conv1D):
    """Convolution of each channel of a sequence by itself.

    Args:
        kernel_size: Integer, or a tuple of one: the window.
        strides: Integer, or a tuple of one.
        padding: `'valid'`, `'same'`, or `'causal'` (zeros before the first step only).
        depth_multiplier: Positive integer, channels that each input channel gives.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Integer, distance of the window's elements; not with strides.
        activation: Name or function; None means linear.
        use_bias: Bool.
        depthwise_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        depthwise_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        depthwise_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, steps, channels)`, or channels before steps.
    Output shape: `(batch, new_steps, channels * depth_multiplier)`, or channels first.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.
    """

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            filters=None,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self._store_depthwise(
            depth_multiplier, depthwise_initializer, depthwise_regularizer, depthwise_constraint
        )

    def _convolve(self, inputs):
        padding = self.padding
        if padding == "causal":
            before = self.dilation_rate[0] * (self.kernel_size[0] - 1)
            inputs, padding = K.temporal_padding(inputs, (before, 0)), "valid"
        row = 2 if self.data_format == "channels_first" else 1
        y = K.depthwise_conv2d(
            K.expand_dims(inputs, row),
            K.expand_dims(self.depthwise_kernel, 0),
            strides=self.strides * 2,  # TensorFlow knows equal strides only; there is one row
            padding=padding,
            data_format=self.data_format,
            dilation_rate=(1, *self.dilation_rate),
        )
        return K.squeeze(y, row)


class DepthwiseConv2D(_Depthwise, Conv2D):
    """Convolution of each channel of images by itself.

    Args:
        kernel_size: Integer or pair of integers, the window.
        strides: Integer or pair of integers.
        padding: `'valid'` or `'same'`.
        depth_multiplier: Positive integer, channels that each input channel gives.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Integer or pair, distance of the window's elements; not with strides.
        activation: Name or function; None means linear.
        use_bias: Bool.
        depthwise_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        depthwise_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        depthwise_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, new_rows, new_cols, channels * depth_multiplier)`, or channels first.

    Raises:
        ValueError: for an argument out of its range, or a window larger than the input.
    """

    def __init__(
        self,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=(1, 1),
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            filters=None,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self._store_depthwise(
            depth_multiplier, depthwise_initializer, depthwise_regularizer, depthwise_constraint
        )

    def _convolve(self, inputs):
        return K.depthwise_conv2d(
            inputs,
            self.depthwise_kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
