"""Recurrent layers whose products are convolutions."""

from hornbeam import activations, constraints, initializers, regularizers
from hornbeam import backend as K
from hornbeam.engine import checks
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.layers.arguments import (
    checked_padding,
    known_axis,
    per_axis,
    positive_integer,
    shape_with,
    spatial_axes,
    windows_along,
)
from hornbeam.layers.recurrent import of_cell
from hornbeam.layers.recurrent_cells import LSTMCell
from hornbeam.layers.rnn import RNN

__all__ = ["ConvLSTM2D", "ConvLSTM2DCell", "ConvRNN2D"]


class ConvRNN2D(RNN):
    """Runs a cell of images over the time steps.

    Args:
        cell: A cell with the attributes of `ConvLSTM2DCell` that tell the output's size:
            `filters`, `kernel_size`, `strides`, `padding`, `dilation_rate`, `data_format`.
        return_sequences, return_state, go_backwards, stateful: As for `RNN`.
        unroll: Must be False.

    Input shape: `(batch, steps, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, new_rows, new_cols, filters)`, with `return_sequences` steps after the
        batch, with `return_state` a list of it and the states.

    Raises:
        TypeError: for a list of cells, or unroll=True.

    Source: Keras 2.3.1.
    """

    rank = 5

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        **kwargs,
    ):
        if unroll:
            raise TypeError("Unrolling isn't possible with convolutional RNNs.")
        if isinstance(cell, (list, tuple)):
            raise TypeError("It is not possible at the moment to stack convolutional cells.")
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll, **kwargs
        )

    def _step_output_shape(self, input_shape):
        cell, step_shape = self.cell, (input_shape[0], *input_shape[2:])
        sizes = windows_along(
            self,
            step_shape,
            spatial_axes(cell.data_format, 2),
            cell.kernel_size,
            cell.padding,
            cell.strides,
            cell.dilation_rate,
        )
        return shape_with(step_shape, cell.data_format, sizes, cell.filters)

    def _state_shapes(self, input_shape):
        return [self._step_output_shape(input_shape) for _ in self.states]

    def get_initial_state(self, inputs):
        """Returns zeros for every state, for a tensor of inputs."""
        dtype = checks.wider_dtype(K.dtype(inputs), self.cell.compute_dtype)
        batch = K.shape(inputs)[0]
        return [
            K.zeros((batch, *shape[1:]), dtype)
            for shape in self._state_shapes(K.int_shape(inputs))
        ]

    def _set_state_spec(self, input_shape):
        wanted = [(None, *shape[1:]) for shape in self._state_shapes(input_shape)]
        if self.state_spec is None:
            self.state_spec = [InputSpec(shape=shape) for shape in wanted]
            return
        given = [tuple(spec.shape) for spec in self.state_spec]
        fits = len(given) == len(wanted) and all(
            len(a) == len(b) and all(x is None or y is None or x == y for x, y in zip(a, b))
            for a, b in zip(given, wanted)
        )
        if not fits:
            raise ShapeError(
                f"An `initial_state` was passed to {self.name} that does not fit: received states "
                f"of shapes {given}, expected {wanted}."
            )

    def compute_output_shape(self, input_shape):
        if checks.is_shape_list(input_shape):
            input_shape = input_shape[0]
        state = self._step_output_shape(input_shape)
        shape = (state[0], input_shape[1], *state[1:]) if self.return_sequences else state
        return [shape, *(state for _ in self.states)] if self.return_state else shape


class ConvLSTM2DCell(LSTMCell):
    """Cell of `ConvLSTM2D`.

    Args:
        As `ConvLSTM2D`.

    Called with `(inputs, states)`: images, and two states with `filters` channels.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        activation="tanh",
        recurrent_activation="hard_sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        super().__init__(
            filters,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            implementation=1,
            **kwargs,
        )
        self.filters = positive_integer(self, "filters", filters)
        self.kernel_size = per_axis(self, "kernel_size", kernel_size, 2)
        self.strides = per_axis(self, "strides", strides, 2)
        self.padding = checked_padding(self, padding)
        self.data_format = K.normalize_data_format(data_format)
        self.dilation_rate = per_axis(self, "dilation_rate", dilation_rate, 2)

    def build(self, input_shape):
        channels = known_axis(self, input_shape, 1 if self._first else -1)
        self.kernel_shape = (*self.kernel_size, channels, self.filters * 4)
        self.kernel = self._add("kernel", self.kernel_shape, "kernel")
        self.recurrent_kernel = self._add(
            "recurrent_kernel", (*self.kernel_size, self.filters, self.filters * 4), "recurrent"
        )
        self.bias = self._add("bias", (self.filters * 4,), "bias") if self.use_bias else None
        self.built = True

    @property
    def _first(self):
        return self.data_format == "channels_first"

    def _mask_shapes(self, inputs):
        step = K.int_shape(inputs)
        step = (step[0], *step[-3:])
        sizes = windows_along(
            self,
            step,
            spatial_axes(self.data_format, 2),
            self.kernel_size,
            self.padding,
            self.strides,
            self.dilation_rate,
        )
        return step, shape_with(step, self.data_format, sizes, self.filters)

    def project(self, inputs):
        """Returns what the input adds to the gates, for one step or for all."""
        shape = K.int_shape(inputs)
        all_steps = len(shape) == 5
        masks = self._masks[0]
        if all_steps:
            masks = [K.expand_dims(mask, 1) for mask in masks]
        parts = [inputs * mask for mask in masks] or [inputs]
        if all_steps:
            parts = [K.reshape(x, (shape[0] * shape[1], *shape[2:])) for x in parts]
        output = self._by_gate(
            parts, self.kernel, lambda x, w: self.input_conv(x, w, padding=self.padding)
        )
        if self.use_bias:
            output = K.bias_add(output, self.bias, data_format=self.data_format)
        if all_steps:
            output = K.reshape(output, (*shape[:2], *K.int_shape(output)[1:]))
        return output

    def _by_gate(self, parts, kernel, convolve):
        """Convolves one input for all gates, or an input of its own for each."""
        if len(parts) == 1:
            return convolve(parts[0], kernel)
        size = self.filters
        return K.concatenate(
            [
                convolve(x, kernel[..., number * size : (number + 1) * size])
                for number, x in enumerate(parts)
            ],
            axis=1 if self._first else -1,
        )

    def input_conv(self, x, w, b=None, padding="valid"):
        """Convolves the input with a kernel, and adds a bias."""
        output = K.conv2d(
            x,
            w,
            strides=self.strides,
            padding=padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return output if b is None else K.bias_add(output, b, data_format=self.data_format)

    def recurrent_conv(self, x, w):
        """Convolves the state with a kernel; its size stays."""
        return K.conv2d(x, w, strides=(1, 1), padding="same", data_format=self.data_format)

    def _recur(self, state, kernel, first=0):
        parts = [state * mask for mask in self._masks[1]] or [state]
        return self._by_gate(parts, kernel, self.recurrent_conv)

    def _gate(self, values, number):
        part = slice(number * self.filters, (number + 1) * self.filters)
        return values[:, part] if self._first else values[..., part]

    def get_config(self):
        config = super().get_config()
        config.pop("units")
        config.pop("implementation")
        return config | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
        }


class ConvLSTM2D(ConvRNN2D):
    """LSTM over images: the products with kernels are convolutions.

    Args:
        filters: Positive integer, channels of the output and of the states.
        kernel_size: Integer or pair of integers, the window, for the input and for the state.
        strides: Integer or pair of integers, for the input.
        padding: `'valid'` or `'same'`, for the input; the state is always padded.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        dilation_rate: Integer or pair of integers, for the input.
        activation: Name or function; of the candidate state and of the output.
        recurrent_activation: Name or function; of the gates.
        use_bias: Bool.
        kernel_initializer, recurrent_initializer, bias_initializer: Name, function of a shape, or
            `Initializer`.
        unit_forget_bias: Bool, whether the bias of the forget gate begins with 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Regularizer or None.
        activity_regularizer: Regularizer of the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: Constraint or None.
        return_sequences, go_backwards, stateful: As for `RNN`; `return_state` too.
        dropout, recurrent_dropout: Float from 0 to 1, the part of the input and of the state that
            is dropped in training, the same at all steps.

    Input shape: `(batch, steps, rows, cols, channels)`, or channels before rows.
    Output shape: see `ConvRNN2D`.

    Source: Shi et al. 2015, arXiv:1506.04214, without its connections from the carry to the gates.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        activation="tanh",
        recurrent_activation="hard_sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        return_sequences=False,
        go_backwards=False,
        stateful=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        cell = ConvLSTM2DCell(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            dtype=kwargs.get("dtype"),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            stateful=stateful,
            **kwargs,
        )
        self.activity_regularizer = regularizers.get(activity_regularizer)

    filters = of_cell("filters")
    kernel_size = of_cell("kernel_size")
    strides = of_cell("strides")
    padding = of_cell("padding")
    data_format = of_cell("data_format")
    dilation_rate = of_cell("dilation_rate")
    activation = of_cell("activation")
    recurrent_activation = of_cell("recurrent_activation")
    use_bias = of_cell("use_bias")
    kernel_initializer = of_cell("kernel_initializer")
    recurrent_initializer = of_cell("recurrent_initializer")
    bias_initializer = of_cell("bias_initializer")
    unit_forget_bias = of_cell("unit_forget_bias")
    kernel_regularizer = of_cell("kernel_regularizer")
    recurrent_regularizer = of_cell("recurrent_regularizer")
    bias_regularizer = of_cell("bias_regularizer")
    kernel_constraint = of_cell("kernel_constraint")
    recurrent_constraint = of_cell("recurrent_constraint")
    bias_constraint = of_cell("bias_constraint")
    dropout = of_cell("dropout")
    recurrent_dropout = of_cell("recurrent_dropout")

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "unit_forget_bias": self.unit_forget_bias,
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
        }
