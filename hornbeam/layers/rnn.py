"""`RNN`: a cell run over the steps of a sequence."""

import contextlib

import numpy as np

from hornbeam import allowance
from hornbeam import backend as K
from hornbeam.backend import running
from hornbeam.backend.recurrent import run_cell
from hornbeam.backend.tensors import Tensor
from hornbeam.engine import checks
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.engine.policy import mixed_policy
from hornbeam.layers.convolutional import input_shape_of_steps
from hornbeam.layers.recurrent_cells import (
    StackedRNNCells,
    build_cell,
    cell_from_config,
    cell_options,
    check_cell,
    is_own,
    output_size,
    projects,
    state_sizes,
)

__all__ = ["RNN"]


class TakesStates(Layer):
    """A layer that is called with initial states and constants beside its input."""

    _num_constants = None

    def __call__(self, inputs, initial_state=None, constants=None, **kwargs):
        """Calls the layer; see the class. States and constants may also follow in `inputs`."""
        inputs, initial_state, constants = self._sorted_arguments(
            inputs, initial_state, constants
        )
        further = [*(initial_state or ()), *(constants or ())]
        if not further:
            return super().__call__(inputs, **kwargs)
        if initial_state:
            self._note_states(initial_state)
        if constants:
            self._note_constants(constants)
        made_by_layers = [
            isinstance(tensor, Tensor) and hasattr(tensor, "_keras_history") for tensor in further
        ]
        if running.program() is not None or not all(made_by_layers):
            return super().__call__(
                inputs, initial_state=initial_state, constants=constants, **kwargs
            )
        # Tensors of the graph are inputs, so that the model's config knows them.
        before = self.input_spec
        specs = [InputSpec(shape=K.int_shape(tensor)) for tensor in further]
        self.input_spec = [before[0], *specs]
        try:
            return super().__call__([inputs, *further], **kwargs)
        finally:
            self.input_spec = self.input_spec[:1]

    def _sorted_arguments(self, inputs, initial_state, constants):
        """Takes a list of inputs apart into input, states and constants."""
        if isinstance(inputs, (list, tuple)):
            if len(inputs) > 1 and not (initial_state is None and constants is None):
                raise ValueError(
                    f"{self.name} got states or constants both in the list of inputs and as "
                    "arguments. Pass them in one way."
                )
            inputs, *further = inputs
            count = len(further) - (self._num_constants or 0)
            if further:
                initial_state, constants = further[:count], further[count:]
        return inputs, _listed(initial_state), _listed(constants)

    def _note_states(self, states):
        raise NotImplementedError

    def _note_constants(self, constants):
        raise NotImplementedError


class RNN(TakesStates):
    """Runs a cell over the time steps of a sequence.

    Args:
        cell: A cell, or a list of cells, one on the other. A cell has `call(inputs, states)`,
            which returns `(output, new_states)`, and `state_size`, an integer or a tuple of them;
            it may have `output_size`. If its `call` has the parameters `constants` and
            `training`, it gets them. A cell with weights is a layer with `build(step_shape)`.
        return_sequences: Bool, whether to return the output of every step, not of the last.
        return_state: Bool, whether to return the last states beside the output.
        go_backwards: Bool, whether to begin with the last step.
        stateful: Bool, whether each batch goes on with the states of the batch before. The batch
            size must then be fixed: `batch_input_shape=(...)`.
        unroll: Bool, a longer program instead of a loop; for short sequences of known length.
        input_dim, input_length: Integers, short for `input_shape=(input_length, input_dim)`.

    The call takes `initial_state` (tensors, variables or arrays, one for each state), `constants`
    (tensors that the cell gets at each step), `mask` and `training`.

    Input shape: `(batch, steps, ...)`; or a list of it, the initial states and the constants.
    Output shape: `(batch, units)`, with `return_sequences` `(batch, steps, units)`; with
        `return_state` a list of it and the states `(batch, units)`.

    Raises:
        ValueError: if a state has the wrong shape or number, or a stateful layer does not know
            its batch size.

    Source: Keras 2.3.1.
    """

    supports_masking = True
    rank = 3  # of the input

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
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        check_cell(cell)
        num_constants = kwargs.pop("num_constants", None)
        mixed = getattr(cell, "_policy", None)
        if kwargs.get("dtype") is None and mixed is not mixed_policy(None):
            kwargs["dtype"] = getattr(cell, "dtype_policy", None)  # its weights are read in it
        super().__init__(**input_shape_of_steps(kwargs))
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.input_spec = [InputSpec(ndim=self.rank)]
        self.state_spec = None
        self._states = None
        self._num_constants = num_constants
        self._constant_shapes = []
        self.uses_learning_phase = getattr(cell, "uses_learning_phase", False)
        if not is_own(cell):  # its outputs' shapes are found by running it
            self._declares_shape = False
            self.hides_sources = True

    # ---- states

    @property
    def states(self):
        """List of the variables that hold the states of a stateful layer; of None otherwise."""
        if self._states is None:
            return [None for _ in state_sizes(self.cell)]
        return self._states

    @states.setter
    def states(self, states):
        self._states = states

    def _state_shapes(self, input_shape):
        return [(input_shape[0], *_tuple(size)) for size in state_sizes(self.cell)]

    def get_initial_state(self, inputs):
        """Returns zeros for every state, for a tensor of inputs."""
        own = getattr(self.cell, "compute_dtype", self.compute_dtype)
        dtype = checks.wider_dtype(K.dtype(inputs), own)
        return [
            K.zeros((K.shape(inputs)[0], *_tuple(size)), dtype) for size in state_sizes(self.cell)
        ]

    def reset_states(self, states=None):
        """Sets the states of a stateful layer.

        Args:
            states: Array or list of arrays, one for each state; None means zeros.

        Raises:
            AttributeError: if the layer is not stateful.
            ValueError: if the batch size is unknown, or an array has the wrong shape.
        """
        if not self.stateful:
            raise AttributeError(f"Layer {self.name} must be stateful to have its states reset.")
        spec = self.input_spec[0] if isinstance(self.input_spec, list) else self.input_spec
        batch = spec.shape[0] if spec.shape else None
        if batch is None:
            raise ValueError(
                f"{self.name}: If a RNN is stateful, it needs to know its batch size. Specify the "
                "batch size of your input tensors: with a Sequential model, by passing "
                "`batch_input_shape` to the first layer; with the functional API, by passing "
                "`batch_shape` to Input."
            )
        shapes = self._state_shapes(spec.shape)
        if self._states is None:
            for shape in shapes:
                allowance.charge(shape, 8, f"a state of {self.name}")
            made = [K.variable(np.zeros(shape), dtype=self.dtype) for shape in shapes]
            self._states = made
        if states is None:
            states = [np.zeros(shape, self.dtype) for shape in shapes]
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        if len(states) != len(shapes):
            raise ValueError(
                f"Layer {self.name} expects {len(shapes)} states, but it received {len(states)} "
                "state values."
            )
        states = [np.asarray(state) for state in states]
        for index, (value, shape) in enumerate(zip(states, shapes)):
            if value.shape != tuple(shape):
                raise ValueError(
                    f"State {index} is incompatible with layer {self.name}: expected "
                    f"shape={tuple(shape)}, found shape={value.shape}."
                )
        for variable, value in zip(self._states, states):
            variable.set_value(value)

    # ---- building

    def build(self, input_shape):
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        input_shape = shapes[0]
        if self.unroll and input_shape[1] is None:
            raise ShapeError(
                f"Cannot unroll {self.name}: it got an input of shape {tuple(input_shape)}, whose "
                "number of steps is unknown. Give it in `input_shape`, or set unroll=False."
            )
        constants = self._constant_shapes
        if self._num_constants and len(shapes) > self._num_constants:
            constants = shapes[-self._num_constants :]
        self.input_spec[0] = self._spec_of(input_shape)
        build_cell(self.cell, (input_shape[0], *input_shape[2:]), constants)
        self._set_state_spec(input_shape)
        self.built = True
        if self.stateful:
            self.reset_states()

    def _spec_of(self, input_shape):
        batch = input_shape[0] if self.stateful else None
        return InputSpec(shape=(batch, None, *input_shape[2:]))

    def _set_state_spec(self, input_shape):
        if self.state_spec is None:
            sizes = state_sizes(self.cell)
            self.state_spec = [InputSpec(shape=(None, *_tuple(size))) for size in sizes]
            return
        given = [tuple(spec.shape[1:]) for spec in self.state_spec]
        wanted = [_tuple(size) for size in state_sizes(self.cell)]
        fits = len(given) == len(wanted) and all(
            len(a) == len(b) and all(x is None or x == y for x, y in zip(a, b))
            for a, b in zip(given, wanted)
        )
        if not fits:
            raise ShapeError(
                f"An `initial_state` was passed to {self.name} that is not compatible with "
                f"`cell.state_size`: received states of shapes "
                f"{[tuple(spec.shape) for spec in self.state_spec]}; however `cell.state_size` "
                f"is {self.cell.state_size}."
            )

    # ---- calling

    def _note_states(self, states):
        self.state_spec = [InputSpec(shape=K.int_shape(state)) for state in states]
        if self.built:
            self._set_state_spec(self.input_spec[0].shape)

    def _note_constants(self, constants):
        self._num_constants = len(constants)
        self._constant_shapes = [K.int_shape(constant) for constant in constants]

    def call(self, inputs, mask=None, training=None, initial_state=None, constants=None):
        inputs, initial_state, constants = self._sorted_arguments(
            inputs, initial_state, constants
        )
        if isinstance(mask, list):
            mask = mask[0]
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(inputs)
        if self.dtype_policy.is_mixed:
            initial_state = [K.cast(state, self.compute_dtype) for state in initial_state]
        count = len(state_sizes(self.cell))
        if len(initial_state) != count:
            raise ValueError(
                f"Layer {self.name} has {count} states but was passed {len(initial_state)} "
                "initial states."
            )
        last, outputs, states = self._run(inputs, initial_state, constants, mask, training)
        if self.stateful:
            for variable, value in zip(self.states, states):
                K.update(variable, value)
        output = outputs if self.return_sequences else last
        return [output, *states] if self.return_state else output

    def _run(self, inputs, states, constants, mask, training):
        """Returns the last output, all outputs and the last states."""
        cell, constants = self.cell, constants or []
        dropping = getattr(cell, "dropping", None) if is_own(cell) else None
        with dropping(inputs, training) if dropping else contextlib.nullcontext():
            if projects(cell):
                inputs, step = cell.project(inputs), cell.step
                known = None if self.unroll or constants else cell.known_kind()
                weights = cell.recurrent_weights() if known else []
                if known and len({K.dtype(x) for x in (inputs, *states, *weights)}) == 1:
                    last, outputs, *states = run_cell(
                        known, inputs, list(states), weights, mask, self.go_backwards
                    )
                    return last, outputs, states
            else:
                step = self._step_of(cell, len(constants), training)
            return K.rnn(
                step,
                inputs,
                states,
                constants=constants,
                go_backwards=self.go_backwards,
                mask=mask,
                unroll=self.unroll,
            )

    def _step_of(self, cell, num_constants, training):
        def step(inputs, states):
            states, constants = list(states), []
            if num_constants:
                states, constants = states[:-num_constants], states[-num_constants:]
            return cell.call(inputs, states, **cell_options(cell, constants, training))

        return step

    def compute_mask(self, inputs, mask=None):
        if isinstance(mask, list):
            mask = mask[0]
        output_mask = mask if self.return_sequences else None
        if self.return_state:
            return [output_mask, *(None for _ in state_sizes(self.cell))]
        return output_mask

    def compute_output_shape(self, input_shape):
        if checks.is_shape_list(input_shape):
            input_shape = input_shape[0]
        output = _tuple(output_size(self.cell))
        if self.return_sequences:
            shape = (input_shape[0], input_shape[1], *output)
        else:
            shape = (input_shape[0], *output)
        if self.return_state:
            return [shape, *self._state_shapes(input_shape)]
        return shape

    # ---- configs

    def get_config(self):
        config = super().get_config() | {
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
        }
        if self._num_constants is not None:
            config["num_constants"] = self._num_constants
        if type(self).get_config is RNN.get_config:
            config["cell"] = {
                "class_name": type(self.cell).__name__,
                "config": self.cell.get_config(),
            }
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes the layer from what `get_config` returned."""
        config = dict(config)
        if isinstance(config.get("cell"), dict):
            config["cell"] = cell_from_config(config["cell"], custom_objects)
        return cls(**config)


def _tuple(size):
    return tuple(size) if isinstance(size, (tuple, list)) else (size,)


def _listed(items):
    if items is None or isinstance(items, list):
        return items or None
    return list(items) if isinstance(items, tuple) else [items]
