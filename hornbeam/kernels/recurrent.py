"""LSTM, GRU and the simple recurrent network over a whole sequence, with gradients by hand.

The pass forwards keeps what the gates let through. The pass back carries only the gradient of the
state from step to step; that of the recurrent kernel, which differentiating a loop adds up step by
step, is one product over all steps after it. 80 steps of 32 samples and 128 units, forwards and
back, on two cores: 17 ms, where the differentiated loop needs 31 ms.

On a CPU native code runs the steps (`native/recurrent.cc`), where it was built. It shares the
samples out to all cores; XLA runs a loop of small products on one. Milliseconds of processor time
forwards / and back, AVX-512:

    80 steps, 32 x 128   native        XLA
    LSTM                 4.5 / 9.1     8.6 / 8.0
    GRU, reset after     3.2 / 8.0     8.3 / 5.3
    GRU, reset before    2.7 / 8.1     5.2 / 7.4
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_batching import custom_vmap

from hornbeam.kernels import library

__all__ = ["CELLS", "SLOPES", "Kind", "hard_sigmoid", "run"]


class Kind(NamedTuple):
    """Which cell runs, and the names of its activations, from `CELLS` and `SLOPES`."""

    cell: str
    activation: str
    recurrent_activation: str = "linear"


def hard_sigmoid(x):
    """`0.2 * x + 0.5`, limited to the range from 0 to 1."""
    # Limited by x: at the corners the sum may be rounded past 0 or 1, where the slope is lost.
    return jnp.where(x < -2.5, 0, jnp.where(x > 2.5, 1, 0.2 * x + 0.5)).astype(x.dtype)


# Name -> the activation, and its slope as a function of its value.
SLOPES = {
    "hard_sigmoid": (hard_sigmoid, lambda y: 0.2 * ((y != 0) & (y != 1)).astype(y.dtype)),
    "linear": (lambda x: x, jnp.ones_like),
    "relu": (jax.nn.relu, lambda y: (y > 0).astype(y.dtype)),
    "sigmoid": (jax.nn.sigmoid, lambda y: y * (1 - y)),
    "tanh": (jnp.tanh, lambda y: 1 - y * y),
}


def run(kind, inputs, states, weights, mask=None):
    """Runs a cell over a sequence.

    Args:
        kind: `Kind`.
        inputs: Array `(batch, steps, gates * units)`: what the input adds to the gates, in Keras's
            order (LSTM: input, forget, candidate, output; GRU: update, reset, candidate).
        states: Tuple of arrays `(batch, units)`: the output before the first step, and for an LSTM
            the carry.
        weights: Tuple of the recurrent kernel `(units, gates * units)` and, for `'gru_after'`
            alone, perhaps the recurrent bias `(gates * units,)`.
        mask: Boolean array `(batch, steps)`, or None. Where it is False the states stay.

    Returns:
        The outputs `(batch, steps, units)` and the tuple of last states, in the dtype of `states`.
        A masked step repeats the output of the step before; before the first step that counts,
        outputs are zeros.
    """
    states, weights = tuple(states), tuple(weights)
    if _has_native(inputs, states, weights):
        outputs, states = _run_natively(kind, inputs, states, weights, mask)
    else:
        outputs, states = _run(kind, _turned(inputs), states, weights, _turned(mask))
        outputs = _turned(outputs)
    if mask is not None:
        begun = lax.cummax(mask.astype(jnp.int8), axis=1).astype(bool)
        outputs = jnp.where(begun[..., None], outputs, 0)
    return outputs, states


def _turned(tree):
    """Arrays `(batch, steps, ...)` as `(steps, batch, ...)`, and the other way round."""
    return jax.tree.map(lambda array: jnp.swapaxes(array, 0, 1), tree)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _run(kind, inputs, states, weights, mask):
    return _forward(kind, inputs, states, weights, mask)[0]


def _forward(kind, inputs, states, weights, mask):
    cell = _cell(kind)

    def step(states, item):
        x, counts = item
        new, saved = cell.step(x, states, weights)
        new = tuple(value.astype(old.dtype) for value, old in zip(new, states))
        if counts is not None:
            new = tuple(jnp.where(counts[:, None], value, old) for value, old in zip(new, states))
        return new, (new, saved)

    last, (passed, saved) = lax.scan(step, states, (inputs, mask))
    return (passed[0], last), (states, passed, saved, weights, mask)


def _backward(kind, kept, gradients):
    first, passed, saved, weights, mask = kept
    before = tuple(
        jnp.concatenate([start[None], values[:-1]]) for start, values in zip(first, passed)
    )
    d_first, d_gates = _steps_back(kind, before, saved, weights, mask, gradients)
    d_weights = _cell(kind).gather(d_gates, saved, before, weights)
    return d_gates[0], d_first, d_weights, None


def _steps_back(kind, before, saved, weights, mask, gradients):
    """The gradients by the first states, and those of all steps by the gates."""
    cell = _cell(kind)
    transposed = weights[0].T

    def step(carried, item):
        d_output, saved, before, counts = item
        d_states = (carried[0] + d_output, *carried[1:])
        if counts is not None:
            counts = counts[:, None]
            stay = tuple(jnp.where(counts, 0, d) for d in d_states)
            d_states = tuple(jnp.where(counts, d, 0) for d in d_states)
        d_before, d_gates = cell.back(d_states, saved, before, transposed)
        if counts is not None:
            d_before = tuple(d + rest for d, rest in zip(d_before, stay))
        return d_before, d_gates

    d_outputs, d_last = gradients
    return lax.scan(step, tuple(d_last), (d_outputs, saved, before, mask), reverse=True)


_run.defvjp(_forward, _backward)


def _cell(kind):
    return CELLS[kind.cell](*(SLOPES[name] for name in kind[1:]))


# ---- natively, by `native/recurrent.cc`: the same with arrays `(batch, steps, ...)`


def _has_native(inputs, states, weights):
    """Whether native code runs a sequence.

    With a kernel that is larger than a second-level cache and few samples, a step takes as long as
    reading the kernel, which XLA's products do on all cores and a task of the native code on one:
    30 steps of 512 units with one sample take 1.3 ms by XLA and 2.8 natively.
    """
    arrays = (inputs, *states, *weights)
    fast = weights[0].size <= _CACHED or inputs.shape[0] >= 8
    return fast and all(library.fits(array.dtype) and array.size for array in arrays)


_CACHED = 2**18  # numbers of a kernel, 1 MiB


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _run_natively(kind, inputs, states, weights, mask):
    passed, _ = _native_steps((kind, False), inputs, states, weights, mask)
    return passed[0], tuple(values[:, -1] for values in passed)


def _forward_natively(kind, inputs, states, weights, mask):
    passed, saved = _native_steps((kind, True), inputs, states, weights, mask)
    last = tuple(values[:, -1] for values in passed)
    return (passed[0], last), (states, passed, saved, weights, mask)


def _backward_natively(kind, kept, gradients):
    first, passed, saved, weights, mask = kept
    d_first, d_gates = _native_steps_back(kind, first, passed, saved, weights[0], mask, *gradients)
    cell = _cell(kind)
    before = (jnp.concatenate([first[0][:, None], passed[0][:, :-1]], 1),)
    d_weights = cell.gather(d_gates, _parts(saved, cell), before, weights)
    return d_gates[0], d_first, d_weights, None


_run_natively.defvjp(_forward_natively, _backward_natively)


def _parts(saved, cell):
    return jnp.split(saved, cell.kept, -1) if cell.kept else ()


def _or_by_jax(form):
    """Makes a native function one with the derivatives and the `vmap` of its form by JAX.

    Both are functions of something that is no array, then of arrays.
    """

    def with_form(native):
        @functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
        def call(kind, *arrays):
            mapped = custom_vmap(functools.partial(native, kind))

            @mapped.def_vmap
            def _(size, batched, *arrays):
                axes = jax.tree.map(lambda is_batched: 0 if is_batched else None, tuple(batched))
                results = jax.vmap(functools.partial(form, kind), axes)(*arrays)
                return results, jax.tree.map(lambda _: True, results)

            return mapped(*arrays)

        def backward(kind, arrays, gradients):
            return jax.vjp(functools.partial(form, kind), *arrays)[1](gradients)

        call.defvjp(lambda kind, *arrays: (call(kind, *arrays), arrays), backward)
        return call

    return with_form


def _call(target, kind, shapes, *arrays):
    """Calls native code. What is not there has no elements."""
    names = sorted(SLOPES)
    numbers = [_NATIVE.index(kind.cell), *(names.index(name) for name in kind[1:])]
    shapes = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    return jax.ffi.ffi_call(target, shapes)(*arrays, settings=np.array(numbers, np.int64))


_NATIVE = ("simple", "lstm", "gru", "gru_after")


def _two(arrays):
    return [*arrays, *[np.zeros(0, np.float32)] * (2 - len(arrays))]


def _masking(mask):
    return np.zeros(0, bool) if mask is None else mask


def _steps_form(options, inputs, states, weights, mask):
    kind, _ = options
    _, (_, passed, saved, *_) = _forward(kind, _turned(inputs), states, weights, _turned(mask))
    saved = saved[: _cell(kind).kept]
    saved = jnp.concatenate(saved, -1) if saved else jnp.zeros((*inputs.shape[1::-1], 0))
    return _turned((passed, saved))


@_or_by_jax(_steps_form)
def _native_steps(options, inputs, states, weights, mask):
    """The states after each step, and what the way back needs, in one array."""
    kind, keeps = options
    shape, size = (*inputs.shape[:2], states[0].shape[1]), _cell(kind).kept * keeps
    shapes = [shape, shape if len(states) == 2 else (0,), (*shape[:2], size * shape[2])]
    *passed, saved = _call(
        "hornbeam_recurrent_forwards", kind, shapes, inputs, *_two(states), *_two(weights),
        _masking(mask),
    )
    return tuple(passed[: len(states)]), saved


def _steps_back_form(kind, first, passed, saved, kernel, mask, d_outputs, d_last):
    before = [jnp.concatenate([a[:, None], b[:, :-1]], 1) for a, b in zip(first, passed)]
    cell = _cell(kind)
    saved = cell.unpack(_parts(saved, cell), passed)
    arrays = _turned((tuple(before), tuple(saved), d_outputs))
    d_first, d_gates = _steps_back(kind, *arrays[:2], (kernel,), _turned(mask), (arrays[2], d_last))
    return d_first, _turned(d_gates)


@_or_by_jax(_steps_back_form)
def _native_steps_back(kind, first, passed, saved, kernel, mask, d_outputs, d_last):
    """The gradients by the first states, and those by the inputs, and by the products too."""
    states, gates = first[0].shape, (*passed[0].shape[:2], kernel.shape[1])
    apart = kind.cell == "gru_after"
    shapes = [gates, states, states if len(first) == 2 else (0,), gates if apart else (0,)]
    d_inputs, *d_first, d_recurrent = _call(
        "hornbeam_recurrent_back", kind, shapes, d_outputs, *_two(d_last), *_two(first),
        *_two(passed), saved, kernel, _masking(mask),
    )
    return tuple(d_first[: len(first)]), (d_inputs, d_recurrent) if apart else (d_inputs,)


# ---- the cells


class _Simple:
    """`output = activation(input + output @ kernel)`."""

    gates = 1
    kept = 0  # of what a step saves, how much native code keeps

    def __init__(self, activation, recurrent_activation):
        self.activation, self.slope = activation
        self.gate, self.gate_slope = recurrent_activation

    def step(self, x, states, weights):
        """Returns the new states, and what `back` needs besides the old ones."""
        output = self.activation(x + states[0] @ weights[0])
        return (output,), (output,)

    def back(self, d_states, saved, before, transposed):
        """Returns the gradients by the old states and, as a tuple, by the gates.

        The latter by the inputs and, where that is not the same, by the products with the states.
        """
        d = d_states[0] * self.slope(saved[0])
        return (d @ transposed,), (d,)

    def gather(self, d_gates, saved, before, weights):
        """Returns the gradients by the weights, from those by the gates of all steps."""
        return (_summed(before[0], d_gates[0]),)

    def unpack(self, kept, passed):
        """Returns what `step` saves, from what native code keeps and the states after a step."""
        return passed


class _LSTM(_Simple):
    """Hochreiter & Schmidhuber 1997, with a forget gate."""

    gates = 4
    kept = 4

    def step(self, x, states, weights):
        output, carry = states
        gates = x + output @ weights[0]
        units = output.shape[-1]
        enter_keep = self.gate(gates[:, : 2 * units])
        enter, keep = enter_keep[:, :units], enter_keep[:, units:]
        candidate = self.activation(gates[:, 2 * units : 3 * units])
        leave = self.gate(gates[:, 3 * units :])
        carry = keep * carry + enter * candidate
        shown = self.activation(carry)
        return (leave * shown, carry), (enter, keep, candidate, leave, shown)

    def back(self, d_states, saved, before, transposed):
        enter, keep, candidate, leave, shown = saved
        d_output, d_carry = d_states
        d_carry = d_carry + d_output * leave * self.slope(shown)
        d = jnp.concatenate(
            [
                d_carry * candidate * self.gate_slope(enter),
                d_carry * before[1] * self.gate_slope(keep),
                d_carry * enter * self.slope(candidate),
                d_output * shown * self.gate_slope(leave),
            ],
            -1,
        )
        return (d @ transposed, d_carry * keep), (d,)

    def unpack(self, kept, passed):
        return (*kept, self.activation(passed[1]))


class _GRU(_Simple):
    """Cho et al. 2014, arXiv:1406.1078v1: the reset gate acts before the product."""

    gates = 3
    kept = 3

    def step(self, x, states, weights):
        (output,), (kernel,) = states, weights
        units = output.shape[-1]
        gates = self.gate(x[:, : 2 * units] + output @ kernel[:, : 2 * units])
        update, reset = gates[:, :units], gates[:, units:]
        candidate = x[:, 2 * units :] + (reset * output) @ kernel[:, 2 * units :]
        candidate = self.activation(candidate)
        return (update * output + (1 - update) * candidate,), (update, reset, candidate)

    def back(self, d_states, saved, before, transposed):
        (d,), (update, reset, candidate), (output,) = d_states, saved, before
        units = output.shape[-1]
        d_candidate = d * (1 - update) * self.slope(candidate)
        d_kept = d_candidate @ transposed[2 * units :]
        d_gates = jnp.concatenate(
            [
                d * (output - candidate) * self.gate_slope(update),
                d_kept * output * self.gate_slope(reset),
            ],
            -1,
        )
        d_before = d * update + d_kept * reset + d_gates @ transposed[: 2 * units]
        return (d_before,), (jnp.concatenate([d_gates, d_candidate], -1),)

    def gather(self, d_gates, saved, before, weights):
        two = 2 * before[0].shape[-1]
        kernel = [
            _summed(before[0], d_gates[0][..., :two]),
            _summed(saved[1] * before[0], d_gates[0][..., two:]),
        ]
        return (jnp.concatenate(kernel, -1),)

    def unpack(self, kept, passed):
        return kept


class _GRUAfter(_Simple):
    """arXiv:1406.1078v3, as cuDNN has it: the reset gate acts after the product."""

    gates = 3
    kept = 4

    def step(self, x, states, weights):
        (output,), (kernel, *bias) = states, weights
        units = output.shape[-1]
        recurrent = output @ kernel
        if bias:
            recurrent = recurrent + bias[0]
        gates = self.gate(x[:, : 2 * units] + recurrent[:, : 2 * units])
        update, reset = gates[:, :units], gates[:, units:]
        added = recurrent[:, 2 * units :]
        candidate = self.activation(x[:, 2 * units :] + reset * added)
        return (update * output + (1 - update) * candidate,), (update, reset, candidate, added)

    def back(self, d_states, saved, before, transposed):
        (d,), (update, reset, candidate, added), (output,) = d_states, saved, before
        d_candidate = d * (1 - update) * self.slope(candidate)
        d_update = d * (output - candidate) * self.gate_slope(update)
        d_reset = d_candidate * added * self.gate_slope(reset)
        d_recurrent = jnp.concatenate([d_update, d_reset, d_candidate * reset], -1)
        d_inputs = jnp.concatenate([d_update, d_reset, d_candidate], -1)
        return (d * update + d_recurrent @ transposed,), (d_inputs, d_recurrent)

    def gather(self, d_gates, saved, before, weights):
        _, d_recurrent = d_gates
        kernel = _summed(before[0], d_recurrent)
        return (kernel, d_recurrent.sum((0, 1))) if len(weights) == 2 else (kernel,)

    def unpack(self, kept, passed):
        return kept


def _summed(states, gradients):
    """The gradient by a kernel: the outer products of all steps and samples, as one product."""
    return states.reshape(-1, states.shape[-1]).T @ gradients.reshape(-1, gradients.shape[-1])


CELLS = {"gru": _GRU, "gru_after": _GRUAfter, "lstm": _LSTM, "simple": _Simple}
