"""`CuDNNGRU` and `CuDNNLSTM`: the layers that Keras 2 had for NVIDIA's kernels.

They compute the same as `GRU(reset_after=True)` and `LSTM`, on any device; their weights are laid
out as cuDNN keeps them, so that files fit.
"""

import numpy as np

from hornbeam import backend as K
from hornbeam import constraints, initializers, regularizers
from hornbeam.engine.weights import initial_value
from hornbeam.layers.recurrent import of_cell
from hornbeam.layers.recurrent_cells import GRUCell, LSTMCell
from hornbeam.layers.rnn import RNN

__all__ = ["CuDNNGRU", "CuDNNLSTM"]


def _kernel_of(stored, units, gates):
    """The kernel that cuDNN means: it reads each gate's numbers as `(units, features)`."""
    parts = [stored[:, gate * units : (gate + 1) * units] for gate in range(gates)]
    features = K.int_shape(stored)[0]
    return K.concatenate(
        [K.permute_dimensions(K.reshape(part, (units, features)), (1, 0)) for part in parts]
    )


class _CuDNNGRUCell(GRUCell):
    """`GRUCell` with the weights laid out as cuDNN has them: two biases one after the other."""

    def _bias_shape(self):
        return (2 * self.units * self.gates,)

    def _input_kernel(self):
        return _kernel_of(self.kernel, self.units, self.gates)

    def _state_kernel(self):
        return _kernel_of(self.recurrent_kernel, self.units, self.gates)

    def _input_bias(self):
        return self.bias[: self.units * self.gates]

    def _state_bias(self):
        return self.bias[self.units * self.gates :]


class _CuDNNLSTMCell(LSTMCell):
    """`LSTMCell` with the weights laid out as cuDNN has them: two biases, which are added."""

    def _bias_shape(self):
        return (2 * self.units * self.gates,)

    def _initializer(self, stem):
        if stem != "bias" or not self.unit_forget_bias:
            return getattr(self, f"{stem}_initializer")
        units, initializer = self.units, self.bias_initializer

        def ones_for_forgetting(shape, dtype=None):
            return np.concatenate(
                [
                    initial_value(initializer, (units * 5,), dtype),
                    np.ones((units,), dtype),
                    initial_value(initializer, (units * 2,), dtype),
                ]
            )

        return ones_for_forgetting

    def _input_kernel(self):
        return _kernel_of(self.kernel, self.units, self.gates)

    def _state_kernel(self):
        return _kernel_of(self.recurrent_kernel, self.units, self.gates)

    def _input_bias(self):
        half = self.units * self.gates
        return self.bias[:half] + self.bias[half:]


class _CuDNNRNN(RNN):
    """What the two layers share. Masks are not supported, as cuDNN does not know them."""

    supports_masking = False

    def compute_mask(self, inputs, mask=None):
        masks = mask if isinstance(mask, list) else [mask]
        if any(m is not None for m in masks):
            raise TypeError(
                f"Layer {self.name} ({type(self).__name__}) does not support masking. Use "
                f"{type(self).__name__[5:]}, which computes the same and does."
            )
        return None if not self.return_state else [None] * (1 + len(self.states))

    def get_config(self):
        config = super().get_config()
        config.pop("unroll")
        return config


class CuDNNGRU(_CuDNNRNN):
    """`GRU(reset_after=True)` with weights as cuDNN keeps them.

    Args:
        units: Positive integer, size of the output and of each state.
        kernel_initializer, recurrent_initializer, bias_initializer: Name, function of a shape, or
            `Initializer`.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Regularizer or None.
        activity_regularizer: Regularizer of the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: Constraint or None.
        return_sequences, return_state, stateful: As for `RNN`; `go_backwards` too.

    Input shape: `(batch, steps, features)`.
    Output shape: `(batch, units)`; see `RNN`.

    Source: Keras 2.3.1.
    """

    def __init__(
        self,
        units,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        return_sequences=False,
        return_state=False,
        stateful=False,
        **kwargs,
    ):
        cell = _CuDNNGRUCell(
            units,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            reset_after=True,
            dtype=kwargs.get("dtype"),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            stateful=stateful,
            **kwargs,
        )
        self.activity_regularizer = regularizers.get(activity_regularizer)

    units = of_cell("units")
    kernel_initializer = of_cell("kernel_initializer")
    recurrent_initializer = of_cell("recurrent_initializer")
    bias_initializer = of_cell("bias_initializer")
    kernel_regularizer = of_cell("kernel_regularizer")
    recurrent_regularizer = of_cell("recurrent_regularizer")
    bias_regularizer = of_cell("bias_regularizer")
    kernel_constraint = of_cell("kernel_constraint")
    recurrent_constraint = of_cell("recurrent_constraint")
    bias_constraint = of_cell("bias_constraint")

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class CuDNNLSTM(_CuDNNRNN):
    """`LSTM` with weights as cuDNN keeps them.

    Args:
        units: Positive integer, size of the output and of each state.
        kernel_initializer, recurrent_initializer, bias_initializer: Name, function of a shape, or
            `Initializer`.
        unit_forget_bias: Bool, whether the bias of the forget gate begins with 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Regularizer or None.
        activity_regularizer: Regularizer of the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: Constraint or None.
        return_sequences, return_state, stateful: As for `RNN`; `go_backwards` too.

    Input shape: `(batch, steps, features)`.
    Output shape: `(batch, units)`; see `RNN`.

    Source: Keras 2.3.1.
    """

    def __init__(
        self,
        units,
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
        return_state=False,
        stateful=False,
        **kwargs,
    ):
        cell = _CuDNNLSTMCell(
            units,
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
            dtype=kwargs.get("dtype"),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            stateful=stateful,
            **kwargs,
        )
        self.activity_regularizer = regularizers.get(activity_regularizer)

    units = of_cell("units")
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

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
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
        }
