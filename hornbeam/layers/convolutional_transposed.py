"""Transposed convolutions."""

from hornbeam import backend as K
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import known_axis, per_axis, shape_with, spatial_axes
from hornbeam.layers.convolutional import Conv1D, Conv2D, Conv3D

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


class _Transposed(Layer):
    """What transposed convolutions share; stands before the convolution among the bases."""

    def _set_output_padding(self, output_padding):
        self.output_padding = output_padding
        if output_padding is None:
            return
        self.output_padding = per_axis(self, "output_padding", output_padding, self.rank, least=0)
        for stride, padding in zip(self.strides, self.output_padding):
            if padding >= stride:
                raise ValueError(
                    f"{self.name} got strides={self.strides} and "
                    f"output_padding={self.output_padding}. Stride must be greater than output "
                    "padding."
                )

    def build(self, input_shape):
        channels = known_axis(self, input_shape, self.channel_axis)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = self._add_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})
        self.built = True

    def _convolve(self, inputs):
        shape = self.compute_output_shape(K.int_shape(inputs))
        options = {"dilation_rate": self.dilation_rate} if self.rank == 2 else {}
        convolve = K.conv2d_transpose if self.rank == 2 else K.conv3d_transpose
        return convolve(
            inputs,
            self.kernel,
            shape,
            self.strides,
            padding=self.padding,
            data_format=self.data_format,
            **options,
        )

    def _new_length(self, length, index):
        """Returns the size of an axis in the output."""
        if length is None:
            return None
        stride = self.strides[index]
        window = (self.kernel_size[index] - 1) * self.dilation_rate[index] + 1
        if self.output_padding is None:
            least = max(window - stride, 0) if self.padding == "valid" else 0
            return length * stride + least
        cut = 2 * (window // 2) if self.padding == "same" else 0
        return (length - 1) * stride + window - cut + self.output_padding[index]

    def compute_output_shape(self, input_shape):
        axes = spatial_axes(self.data_format, self.rank)
        sizes = [self._new_length(input_shape[axis], index) for index, axis in enumerate(axes)]
        if any(size is not None and size < 1 for size in sizes):
            raise ShapeError(
                f"{self.name} ({type(self).__name__}) got an input of shape {tuple(input_shape)}, "
                f"for which the output would have the sizes {tuple(sizes)}."
            )
        return shape_with(input_shape, self.data_format, sizes, self.filters)

    def get_config(self):
        return super().get_config() | {"output_padding": self.output_padding}


class Conv1DTranspose(_Transposed, Conv1D):
    """Transposed convolution over time steps, from a convolution's output shape to its input's.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer, or a tuple of one: the window.
        strides: Integer, or a tuple of one: by how much the output is longer.
        padding: `'valid'` or `'same'`.
        output_padding: Integer below the stride: what is added to the length of the output. None
            means the length `input * strides`, for `'valid'` at least the window.
        data_format: `'channels_last'` or `'channels_first'`; None means the default.
        dilation_rate: Integer, distance of the window's elements; not together with strides.
        activation: Name or function; None means linear.
        use_bias: Bool.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, steps, channels)`, or channels before steps.
    Output shape: `(batch, new_steps, filters)`, or filters before steps.

    Raises:
        ValueError: for an argument out of its range, or an output padding that is not below the
            stride.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285.
    """

    paddings = ("valid", "same")

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
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
        super().__init__(
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
        self._set_output_padding(output_padding)

    def _convolve(self, inputs):
        first = self.data_format == "channels_first"
        before = 2 if first else 1  # one row
        shape = list(self.compute_output_shape(K.int_shape(inputs)))
        shape.insert(before, 1)
        y = K.conv2d_transpose(
            K.expand_dims(inputs, before),
            K.expand_dims(self.kernel, 0),
            tuple(shape),
            (1, *self.strides),
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=(1, *self.dilation_rate),
        )
        return K.squeeze(y, before)


class Conv2DTranspose(_Transposed, Conv2D):
    """Transposed convolution over images, from a convolution's output shape to its input's.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer or pair of integers, the window.
        strides: Integer or pair of integers: by how much the output is larger.
        padding: `'valid'` or `'same'`.
        output_padding: Integer or pair of integers, below the strides: what is added to the size of
            the output. None means the size `input * strides`, for `'valid'` at least the window.
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
        ValueError: for an argument out of its range, or an output padding that is not below the
            strides.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        output_padding=None,
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
        self._set_output_padding(output_padding)


class Conv3DTranspose(_Transposed, Conv3D):
    """Transposed convolution over volumes, from a convolution's output shape to its input's.

    Args:
        filters: Positive integer, channels of the output.
        kernel_size: Integer or three integers, the window.
        strides: Integer or three integers: by how much the output is larger.
        padding: `'valid'` or `'same'`.
        output_padding: Integer or three integers, below the strides: what is added to the size of
            the output. None means the size `input * strides`, for `'valid'` at least the window.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        activation: Name or function; None means linear.
        use_bias: Bool.
        kernel_initializer, bias_initializer: Name, function of a shape, or `Initializer`.
        kernel_regularizer, bias_regularizer, activity_regularizer: Regularizer or None.
        kernel_constraint, bias_constraint: Constraint or None.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: `(batch, new_d1, new_d2, new_d3, filters)`, or filters after the batch.

    Raises:
        ValueError: for an argument out of its range, or an output padding that is not below the
            strides.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1, 1),
        padding="valid",
        output_padding=None,
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
            **kwargs,
        )
        self._set_output_padding(output_padding)

    def get_config(self):
        config = super().get_config()
        config.pop("dilation_rate")
        return config
