"""`Recurrent` and `ConvRecurrent2D`: base classes of custom recurrent layers before Keras 2.1."""

import numpy as np

from hornbeam import backend as K
from hornbeam.engine import checks
from hornbeam.engine.checks import InputSpec
from hornbeam.layers.arguments import (
    checked_padding,
    per_axis,
    positive_integer,
    shape_with,
    spatial_axes,
    windows_along,
)
from hornbeam.layers.convolutional import input_shape_of_steps
from hornbeam.layers.rnn import TakesStates
from hornbeam.registry import has_arg

__all__ = ["ConvRecurrent2D", "Recurrent", "time_distributed_dense"]


class Recurrent(TakesStates):
    """Base of recurrent layers that compute one step themselves. New ones use `RNN` with a cell.

    A subclass sets `self.units` (Keras 1: `self.output_dim`) in its constructor, and in `build` its
    weights and `self.states`, a list with a None for each state. It defines `step`, and may define
    `get_constants`, `preprocess_input` and `get_initial_state` (Keras 1: `get_initial_states`).

    Args:
        return_sequences: Bool, whether to return the output of every step, not of the last.
        return_state: Bool, whether to return the last states beside the output.
        go_backwards: Bool, whether to begin with the last step.
        stateful: Bool, whether each batch goes on with the states of the batch before.
        unroll: Bool, a longer program instead of a loop.
        implementation: Integer, kept for the subclass.

    Input shape: `(batch, steps, features)`.
    Output shape: `(batch, units)`, with `return_sequences` `(batch, steps, units)`.

    Source: Keras 2.0.
    """

    supports_masking = True
    hides_sources = True  # a step may read tensors that the layer was not given
    _declares_shape = False  # the outputs' shapes are found by running the step

    def __init__(
        self,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        implementation=0,
        **kwargs,
    ):
        super().__init__(**input_shape_of_steps(kwargs))
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.implementation = implementation
        self.input_spec = [InputSpec(ndim=3)]
        self.state_spec = None
        self.dropout = 0
        self.recurrent_dropout = 0
        self.states = [None]

    def _state_shape(self, input_shape):
        """Shape of a state, which is that of the output of a step."""
        return (input_shape[0], self.units if hasattr(self, "units") else self.output_dim)

    # ---- what subclasses write

    def step(self, inputs, states):
        """Computes one step.

        Args:
            inputs: Tensor of shape `(batch, features)`.
            states: List of the states and, after them, the constants.

        Returns:
            The output and the list of new states.
        """
        raise NotImplementedError(f"{type(self).__name__} must define step(inputs, states).")

    def get_constants(self, inputs, training=None):
        """Returns a list of tensors that each step gets after the states."""
        return []

    def preprocess_input(self, inputs, training=None):
        """Returns what the steps read in the place of the inputs."""
        return inputs

    def get_initial_state(self, inputs):
        """Returns zeros of the shape of a state, `(batch, units)`, for each state."""
        shape = self._state_shape(K.int_shape(inputs))
        zeros = K.zeros((K.shape(inputs)[0], *shape[1:]), K.dtype(inputs))
        return [zeros for _ in self.states]

    def get_initial_states(self, x):
        """Keras 1's name of `get_initial_state`."""
        return self.get_initial_state(x)

    # ---- calling

    def __call__(self, inputs, initial_state=None, **kwargs):
        """Calls the layer; states may also follow in a list of inputs."""
        if not isinstance(self.input_spec, list):
            self.input_spec = [self.input_spec]
        return super().__call__(inputs, initial_state=initial_state, **kwargs)

    def _note_states(self, states):
        self.state_spec = [InputSpec(shape=K.int_shape(state)) for state in states]

    def _build(self, input_shape):
        before = self.input_spec
        super()._build(_first_shape(input_shape))
        own = self.input_spec[0] if isinstance(self.input_spec, list) else self.input_spec
        self.input_spec = [own, *before[1:]]
        if self.stateful and self.states[0] is None:
            self.reset_states()

    def call(self, inputs, mask=None, training=None, initial_state=None):
        inputs, initial_state, _ = self._sorted_arguments(inputs, initial_state, None)
        if isinstance(mask, list):
            mask = mask[0]
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_states(inputs)
        if self.dtype_policy.is_mixed:
            initial_state = [K.cast(state, self.compute_dtype) for state in initial_state]
        if len(initial_state) != len(self.states):
            raise ValueError(
                f"Layer {self.name} has {len(self.states)} states but was passed "
                f"{len(initial_state)} initial states."
            )
        last, outputs, states = K.rnn(
            self.step,
            self._asked(self.preprocess_input, inputs, training),
            initial_state,
            constants=self._asked(self.get_constants, inputs, training),
            go_backwards=self.go_backwards,
            mask=mask,
            unroll=self.unroll,
        )
        if self.stateful:
            for variable, value in zip(self.states, states):
                K.update(variable, value)
        output = outputs if self.return_sequences else last
        return [output, *states] if self.return_state else output

    @staticmethod
    def _asked(method, inputs, training):
        return method(inputs, training=training) if has_arg(method, "training") else method(inputs)

    def reset_states(self, states=None):
        """Sets the states of a stateful layer: to arrays, or to zeros.

        Raises:
            AttributeError: if the layer is not stateful.
            ValueError: if the batch size is unknown, or an array has the wrong shape.
        """
        if not self.stateful:
            raise AttributeError(f"Layer {self.name} must be stateful to have its states reset.")
        batch = self.input_spec[0].shape[0] if self.input_spec[0].shape else None
        if batch is None:
            raise ValueError(
                f"{self.name}: If a RNN is stateful, it needs to know its batch size. Give "
                "`batch_input_shape` to the first layer, or `batch_shape` to Input."
            )
        shape = self._state_shape(self.input_spec[0].shape)
        if states is None:
            states = [np.zeros(shape)] * len(self.states)
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        if len(states) != len(self.states) or any(np.shape(s) != shape for s in states):
            raise ValueError(
                f"Layer {self.name} expects {len(self.states)} states of shape {shape}; got arrays "
                f"of the shapes {[np.shape(state) for state in states]}."
            )
        if self.states[0] is None:
            self.states = [K.variable(state, dtype=self.dtype) for state in states]
        for variable, state in zip(self.states, states):
            variable.set_value(state)

    # ---- shapes, masks, configs

    def compute_output_shape(self, input_shape):
        input_shape = _first_shape(input_shape)
        state = self._state_shape(input_shape)
        output = (*input_shape[:2], *state[1:]) if self.return_sequences else state
        return [output, *(state for _ in self.states)] if self.return_state else output

    def compute_mask(self, inputs, mask=None):
        if isinstance(mask, list):
            mask = mask[0]
        output = mask if self.return_sequences else None
        return [output, *(None for _ in self.states)] if self.return_state else output

    def get_config(self):
        return super().get_config() | {
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "implementation": self.implementation,
        }


class ConvRecurrent2D(Recurrent):
    """Base of recurrent layers over images that compute one step themselves. See `Recurrent`.

    New ones use `ConvRNN2D` with a cell.

    Args:
        filters: Integer, channels of the output and of the states.
        kernel_size: Integer, or 2 integers.
        strides: Integer, or 2 integers.
        padding: 'valid' or 'same'.
        data_format: 'channels_last' or 'channels_first'; None means `image_data_format()`.
        dilation_rate: Integer, or 2 integers.
        return_sequences, go_backwards, stateful: As in `Recurrent`.

    Input shape: `(batch, steps, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, rows, cols, filters)`, after the batch the steps with
        `return_sequences`; the channels before rows with 'channels_first'.

    Source: Keras 2.0.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        return_sequences=False,
        go_backwards=False,
        stateful=False,
        **kwargs,
    ):
        super().__init__(
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            stateful=stateful,
            **kwargs,
        )
        self.filters = positive_integer(self, "filters", filters)
        self.kernel_size = per_axis(self, "kernel_size", kernel_size, 2)
        self.strides = per_axis(self, "strides", strides, 2)
        self.padding = checked_padding(self, padding)
        self.data_format = K.normalize_data_format(data_format)
        self.dilation_rate = per_axis(self, "dilation_rate", dilation_rate, 2)
        self.input_spec = [InputSpec(ndim=5)]

    def _state_shape(self, input_shape):
        step = (input_shape[0], *input_shape[2:])
        axes = spatial_axes(self.data_format, 2)
        sizes = windows_along(
            self, step, axes, self.kernel_size, self.padding, self.strides, self.dilation_rate
        )
        return shape_with(step, self.data_format, sizes, self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
        }


def _first_shape(input_shape):
    """The shape of the first of several inputs; of the only one otherwise."""
    return input_shape[0] if checks.is_shape_list(input_shape) else input_shape


def time_distributed_dense(
    x,
    w,
    b=None,
    dropout=None,
    input_dim=None,
    output_dim=None,
    timesteps=None,
    training=None,
):
    """Multiplies each step of a sequence by a matrix, as custom layers for Keras 1 and 2.0 did.

    Args:
        x: Tensor of shape `(batch, steps, features)`.
        w: Matrix of shape `(features, units)`.
        b: Vector of shape `(units,)` that is added, or None.
        dropout: Float from 0 to 1, the part of the features that is dropped in training, the same
            at all steps; None means none.
        input_dim, output_dim, timesteps: Integers that must agree with the tensors, or None.
        training: Bool, whether to drop; None means the learning phase.

    Returns:
        A tensor of shape `(batch, steps, units)`.

    Raises:
        ValueError: for a size that is not the tensor's.

    Source: Keras 1.2.2 and 2.0.
    """
    sizes = {"input_dim": input_dim, "output_dim": output_dim, "timesteps": timesteps}
    found = dict(zip(sizes, (*K.int_shape(w), K.int_shape(x)[1])))
    for name, size in sizes.items():
        if None not in (size, found[name]) and size != found[name]:
            raise ValueError(
                f"time_distributed_dense got {name}={size}, but the tensors say {found[name]}."
            )
    if dropout is not None and 0 < dropout < 1:
        kept = K.expand_dims(K.dropout(K.ones_like(x[:, 0, :]), dropout), 1)  # (batch, 1, features)
        x = K.in_train_phase(x * kept, x, training=training)
    y = K.dot(x, w)
    return y if b is None else K.bias_add(y, b)
