"""Cells of recurrent layers: what happens at one time step.

A cell's step is in two parts: what depends on the input alone (`project`), which a layer computes
for all steps at once, and what depends on the state (`step`).
"""

import contextlib

import numpy as np

from hornbeam import activations, constraints, initializers, regularizers
from hornbeam import backend as K
from hornbeam.backend.recurrent import ACTIVATIONS
from hornbeam.engine.layer import Layer
from hornbeam.engine.weights import initial_value
from hornbeam.layers.arguments import known_axis, positive_integer
from hornbeam.registry import catalogue, deserialize_keras_object, has_arg

__all__ = ["GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"]


class _Cell(Layer):
    """What the cells share: weights for `gates` parts side by side, and dropout.

    A mask of dropout is the same at all steps. A layer makes the masks before its loop
    (`dropping`); called by itself, a cell makes them anew.
    """

    gates = 1
    recurrent_activation = None

    def __init__(self, units, activation, use_bias, dropout, recurrent_dropout, options, kwargs):
        super().__init__(**kwargs)
        self.units = positive_integer(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        for kind, module in _KINDS.items():
            for weight in ("kernel", "recurrent", "bias"):
                name = f"{weight}_{kind}"
                setattr(self, name, module.get(options[name]))
        self.dropout = _clipped_rate(self, "dropout", dropout)
        self.recurrent_dropout = _clipped_rate(self, "recurrent_dropout", recurrent_dropout)
        self.uses_learning_phase = self.dropout > 0 or self.recurrent_dropout > 0
        self.state_size = self.units
        self.output_size = self.units
        self._masks = None

    def build(self, input_shape):
        features = known_axis(self, input_shape, -1)
        self.kernel = self._add("kernel", (features, self.units * self.gates), "kernel")
        self.recurrent_kernel = self._add(
            "recurrent_kernel", (self.units, self.units * self.gates), "recurrent"
        )
        self.bias = self._add("bias", self._bias_shape(), "bias") if self.use_bias else None
        self.built = True

    def _bias_shape(self):
        return (self.units * self.gates,)

    def _add(self, name, shape, stem):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=self._initializer(stem),
            regularizer=getattr(self, f"{stem}_regularizer"),
            constraint=getattr(self, f"{stem}_constraint"),
        )

    def _initializer(self, stem):
        return getattr(self, f"{stem}_initializer")

    # ---- dropout

    def make_masks(self, inputs, training=None):
        """Draws the dropout masks for a run over a sequence.

        Args:
            inputs: Tensor `(batch, ..., features)`.
            training: Bool or tensor; None means the learning phase.

        Returns:
            Two lists of masks, for the input and for the state: one for each gate in
            implementation 1, a single one in implementation 2, none without dropout.
        """
        count = self.gates if getattr(self, "implementation", 2) == 1 else 1
        input_shape, state_shape = self._mask_shapes(inputs)

        def masks(rate, shape):
            if not 0 < rate < 1 or training is False:
                return []
            ones = K.ones(shape, K.dtype(inputs))
            return [
                K.in_train_phase(lambda: K.dropout(ones, rate), ones, training=training)
                for _ in range(count)
            ]

        return masks(self.dropout, input_shape), masks(self.recurrent_dropout, state_shape)

    def _mask_shapes(self, inputs):
        shape = K.shape(inputs)
        return (shape[0], shape[-1]), (shape[0], self.units)

    @contextlib.contextmanager
    def dropping(self, inputs, training=None):
        """Context in which all steps share the same dropout masks."""
        self._masks = self.make_masks(inputs, training)
        try:
            yield
        finally:
            self._masks = None

    def call(self, inputs, states, training=None):  # (batch, features), [(batch, units), ...]
        if self._masks is not None:
            return self.step(self.project(inputs), states)
        with self.dropping(inputs, training):
            return self.step(self.project(inputs), states)

    own_call = call

    def project(self, inputs):
        """Returns what the input adds to the gates, `(batch, ..., units * gates)`."""
        masks = self._masks[0]
        if K.ndim(inputs) == 3:
            masks = [K.expand_dims(mask, 1) for mask in masks]
        projected = _product(inputs, self._input_kernel(), masks, self.gates)
        if not self.use_bias:
            return projected
        return K.bias_add(projected, self._input_bias(), "channels_last")

    def _input_kernel(self):
        return self.kernel

    def _state_kernel(self):
        return self.recurrent_kernel

    def _input_bias(self):
        return self.bias

    def _recur(self, state, kernel, first=0):
        """Returns the product of the state, after dropout, with columns of the recurrent kernel."""
        masks = self._masks[1]
        count = K.int_shape(kernel)[1] // self.units
        return _product(state, kernel, masks[first : first + count] or masks, count)

    def step(self, projected, states):
        """Returns the output and the new states from a projected input and the old states."""
        raise NotImplementedError

    def known_kind(self):
        """Returns the names of the cell and its activations if a kernel knows them, or None.

        The kernel runs all steps as `step` would, with gradients by hand.
        """
        cell = _KERNELS.get(type(self).step)
        names = [_NAMES.get(self.activation)]
        if self.recurrent_activation is not None:
            names.append(_NAMES.get(self.recurrent_activation))
        if cell is None or None in names or self._masks[1] or type(self)._recur is not _Cell._recur:
            return None
        return (f"{cell}_after" if getattr(self, "reset_after", False) else cell, *names)

    def recurrent_weights(self):
        """Returns what `step` multiplies and adds beside the states, as a list."""
        return [self._state_kernel()]

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """Returns zeros for the first step: a tensor, or a list of them."""
        batch = K.shape(inputs)[0] if batch_size is None else batch_size
        sizes = state_sizes(self)
        states = [K.zeros((batch, size), dtype or self.compute_dtype) for size in sizes]
        return states if isinstance(self.state_size, (list, tuple)) else states[0]

    def _gate(self, values, number):
        return values[..., number * self.units : (number + 1) * self.units]

    def _own_config(self):
        return {}

    def get_config(self):
        config = super().get_config() | {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }
        for kind, module in _KINDS.items():
            for weight in ("kernel", "recurrent", "bias"):
                name = f"{weight}_{kind}"
                config[name] = module.serialize(getattr(self, name))
        config["dropout"] = self.dropout
        config["recurrent_dropout"] = self.recurrent_dropout
        return config | self._own_config()


_KINDS = {
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}


def _clipped_rate(layer, name, rate):
    """Returns a rate of dropout as a float from 0 to 1. Outside of that, Keras 2.3.1 clips it."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float, np.number)):
        raise ValueError(f"{layer.name} got {name}={rate!r}. Expected a number from 0 to 1.")
    if not 0 <= rate <= 1:
        raise ValueError(f"{layer.name} got {name}={rate!r}. Expected a number from 0 to 1.")
    return float(rate)


def _product(x, kernel, masks, count):
    """`x @ kernel`; each of `count` blocks of columns may see `x` through a mask of its own."""
    if len(masks) <= 1:
        return K.dot(x * masks[0] if masks else x, kernel)
    size = K.int_shape(kernel)[1] // count
    return K.concatenate(
        [
            K.dot(x * mask, kernel[:, number * size : (number + 1) * size])
            for number, mask in enumerate(masks)
        ]
    )


def state_sizes(cell):
    """Returns the sizes of a cell's states as a list."""
    sizes = cell.state_size
    return list(sizes) if isinstance(sizes, (list, tuple)) else [sizes]


class SimpleRNNCell(_Cell):
    """Cell of `SimpleRNN`: `activation(input @ kernel + bias + state @ recurrent_kernel)`.

    Args:
        As `SimpleRNN`.

    Called with `(inputs, states)` of shapes `(batch, features)` and `[(batch, units)]`; returns
    the output and the list of new states.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
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
        options = {name: value for name, value in locals().items() if name.endswith(_ENDINGS)}
        super().__init__(
            units, activation, use_bias, dropout, recurrent_dropout, options, kwargs
        )

    def step(self, projected, states):
        output = self.activation(projected + self._recur(states[0], self.recurrent_kernel))
        return output, [output]


_ENDINGS = ("_initializer", "_regularizer", "_constraint")


class GRUCell(_Cell):
    """Cell of `GRU`.

    Args:
        As `GRU`.

    Called with `(inputs, states)` of shapes `(batch, features)` and `[(batch, units)]`; returns
    the output and the list of new states.
    """

    gates = 3  # update (z), reset (r), candidate (h)

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        reset_after=False,
        **kwargs,
    ):
        options = {name: value for name, value in locals().items() if name.endswith(_ENDINGS)}
        super().__init__(
            units, activation, use_bias, dropout, recurrent_dropout, options, kwargs
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.implementation = checked_implementation(self, implementation)
        self.reset_after = reset_after

    def _bias_shape(self):
        size = self.units * self.gates
        return (2, size) if self.reset_after else (size,)  # for the input and for the state

    def _input_bias(self):
        return self.bias[0] if self.reset_after else self.bias

    def _state_bias(self):
        return self.bias[1]

    def step(self, projected, states):
        state, units, kernel = states[0], self.units, self._state_kernel()
        # As in Keras 2.3.1, the state that is kept is the one after dropout in implementation 2.
        kept = state * self._masks[1][0] if self._one_mask() else state
        if self.reset_after:
            recurrent = self._recur(state, kernel)
            if self.use_bias:
                recurrent = K.bias_add(recurrent, self._state_bias(), "channels_last")
            gates = self.recurrent_activation(
                projected[..., : 2 * units] + recurrent[..., : 2 * units]
            )
            update, reset = gates[..., :units], gates[..., units:]
            candidate = self._gate(projected, 2) + reset * self._gate(recurrent, 2)
        else:
            recurrent = self._recur(state, kernel[:, : 2 * units])
            gates = self.recurrent_activation(projected[..., : 2 * units] + recurrent)
            update, reset = gates[..., :units], gates[..., units:]
            recurrent = self._recur(reset * state, kernel[:, 2 * units :], first=2)
            candidate = self._gate(projected, 2) + recurrent
        output = update * kept + (1 - update) * self.activation(candidate)
        return output, [output]

    def _one_mask(self):
        return len(self._masks[1]) == 1

    def recurrent_weights(self):
        weights = super().recurrent_weights()
        return [*weights, self._state_bias()] if self.reset_after and self.use_bias else weights

    def _own_config(self):
        return {
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "implementation": self.implementation,
            "reset_after": self.reset_after,
        }


class LSTMCell(_Cell):
    """Cell of `LSTM`.

    Args:
        As `LSTM`.

    Called with `(inputs, states)` of shapes `(batch, features)` and two of `(batch, units)`, the
    output before and the carry; returns the output and the list of new states.
    """

    gates = 4  # input (i), forget (f), candidate (c), output (o)

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
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
        implementation=2,
        **kwargs,
    ):
        options = {name: value for name, value in locals().items() if name.endswith(_ENDINGS)}
        super().__init__(
            units, activation, use_bias, dropout, recurrent_dropout, options, kwargs
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.implementation = checked_implementation(self, implementation)
        self.state_size = (self.units, self.units)

    def _initializer(self, stem):
        initializer = super()._initializer(stem)
        if stem != "bias" or not self.unit_forget_bias:
            return initializer
        units = self.units

        def ones_for_forgetting(shape, dtype=None):
            ones = np.ones((units,), dtype)
            before, after = (units,), (2 * units,)
            return np.concatenate(
                [
                    initial_value(initializer, before, dtype),
                    ones,
                    initial_value(initializer, after, dtype),
                ]
            )

        return ones_for_forgetting

    def step(self, projected, states):
        output, carry = states
        gates = projected + self._recur(output, self._state_kernel())
        enter = self.recurrent_activation(self._gate(gates, 0))
        keep = self.recurrent_activation(self._gate(gates, 1))
        carry = keep * carry + enter * self.activation(self._gate(gates, 2))
        output = self.recurrent_activation(self._gate(gates, 3)) * self.activation(carry)
        return output, [output, carry]

    def _own_config(self):
        return {
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
            "implementation": self.implementation,
        }


_KERNELS = {SimpleRNNCell.step: "simple", GRUCell.step: "gru", LSTMCell.step: "lstm"}
_NAMES = {getattr(activations, name): name for name in ACTIVATIONS}


def checked_implementation(layer, implementation):
    """Returns 1 or 2; Keras's old default 0 means 1.

    Raises:
        ValueError: for anything else.
    """
    if implementation not in (0, 1, 2):
        raise ValueError(
            f"{layer.name} got implementation={implementation!r}. Expected 1 (a product for each "
            "gate) or 2 (one for all); the results are the same but for dropout."
        )
    return implementation or 1


class StackedRNNCells(Layer):
    """Several cells, one on the other, as one cell.

    Args:
        cells: List of cells.
        reverse_state_order: Bool, whether the states of the last cell come first, as they did
            before Keras 2.2.5.
    """

    def __init__(self, cells, **kwargs):
        for cell in cells:
            check_cell(cell)
        reverse_state_order = kwargs.pop("reverse_state_order", False)
        super().__init__(**kwargs)
        self.reverse_state_order = reverse_state_order
        self.cells = list(cells)
        self.uses_learning_phase = any(getattr(c, "uses_learning_phase", False) for c in cells)
        self.hides_sources = not all(is_own(cell) for cell in cells)

    @property
    def state_size(self):
        cells = reversed(self.cells) if self.reverse_state_order else self.cells
        return tuple(size for cell in cells for size in state_sizes(cell))

    @property
    def output_size(self):
        return output_size(self.cells[-1])

    def build(self, input_shape):
        constants_shape = []
        if isinstance(input_shape, list):
            input_shape, *constants_shape = input_shape
        for cell in self.cells:
            build_cell(cell, input_shape, constants_shape)
            input_shape = (input_shape[0], *_as_shape(output_size(cell)))
        self.built = True

    def call(self, inputs, states, constants=None, training=None, **kwargs):
        states, own = list(states), []
        for cell in reversed(self.cells) if self.reverse_state_order else self.cells:
            count = len(state_sizes(cell))
            own.append(states[:count])
            states = states[count:]
        if self.reverse_state_order:
            own.reverse()
        new_states = []
        for cell, state in zip(self.cells, own):
            options = cell_options(cell, constants, training)
            inputs, new = cell.call(inputs, state, **options, **kwargs)
            new_states.append(list(new))
        if self.reverse_state_order:
            new_states.reverse()
        return inputs, [state for states in new_states for state in states]

    @contextlib.contextmanager
    def dropping(self, inputs, training=None):
        """Context in which all steps share the same dropout masks in each cell."""
        with contextlib.ExitStack() as stack:
            for cell in self.cells:
                if isinstance(cell, _Cell):
                    features = K.int_shape(cell.kernel)[0]
                    like = K.zeros((K.shape(inputs)[0], features), K.dtype(inputs))
                    stack.enter_context(cell.dropping(like, training))
                elif isinstance(cell, StackedRNNCells):
                    stack.enter_context(cell.dropping(inputs, training))
            yield

    def get_config(self):
        cells = [
            {"class_name": type(cell).__name__, "config": cell.get_config()} for cell in self.cells
        ]
        config = super().get_config() | {"cells": cells}
        if self.reverse_state_order:
            config["reverse_state_order"] = True
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes the cells from what `get_config` returned."""
        config = dict(config)
        cells = [cell_from_config(cell, custom_objects) for cell in config.pop("cells")]
        return cls(cells, **config)


# ---- cells of any class, a user's too


def check_cell(cell):
    """Raises ValueError if an object lacks what makes it a cell."""
    if not hasattr(cell, "call"):
        raise ValueError(
            f"A cell of an RNN must have a `call` method (inputs, states); got {cell!r}."
        )
    if not hasattr(cell, "state_size"):
        raise ValueError(
            "The RNN cell should have an attribute `state_size` (tuple of integers, one integer "
            f"per RNN state); {cell!r} has none."
        )


def is_own(cell):
    """Whether a cell's step is one of this module's."""
    if isinstance(cell, StackedRNNCells):
        return type(cell).call is StackedRNNCells.call and all(is_own(c) for c in cell.cells)
    return projects(cell)


def projects(cell):
    """Whether a layer may call a cell's `project` for all steps at once."""
    return isinstance(cell, _Cell) and type(cell).call is _Cell.own_call


def _as_shape(size):
    return tuple(size) if isinstance(size, (tuple, list)) else (size,)


def output_size(cell):
    """Returns the size of a cell's output: by default that of its first state."""
    size = getattr(cell, "output_size", None)
    return state_sizes(cell)[0] if size is None else size


def build_cell(cell, step_shape, constants_shape=()):
    """Builds a cell that is a layer, once; its weights are named after the layer around it."""
    if isinstance(cell, Layer) and not cell.built:
        cell.build([step_shape, *constants_shape] if constants_shape else step_shape)
        cell.built = True


def cell_options(cell, constants, training):
    """Returns the further keyword arguments that a cell's `call` takes."""
    options = {}
    if constants and has_arg(cell.call, "constants"):
        options["constants"] = constants
    if has_arg(cell.call, "training"):
        options["training"] = training
    return options


def cell_from_config(config, custom_objects=None):
    """Makes a cell, or any layer, from its serialized form."""
    return deserialize_keras_object(
        config,
        module_objects=catalogue("layer"),
        custom_objects=custom_objects,
        printable_module_name="layer",
    )

