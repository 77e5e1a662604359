"""Cells over whole sequences: the kernels for them as an operation."""

import functools

import jax.numpy as jnp

from hornbeam.backend.ops import op
from hornbeam.backend.placement import by_parts
from hornbeam.kernels import recurrent

__all__ = ["ACTIVATIONS", "run_cell"]

ACTIVATIONS = tuple(recurrent.SLOPES)  # names of those that the kernels know


@op
def run_cell(kind, inputs, states, weights, mask=None, go_backwards=False):
    """Runs a cell over a sequence, as `K.rnn` does step by step.

    Args:
        kind: Tuple of the cell's name and those of its activations: `kernels.recurrent.Kind`.
        inputs: Tensor `(batch, steps, gates * units)`: what the input adds to the gates.
        states: List of tensors `(batch, units)`, for the first step.
        weights: List of the recurrent kernel and, for a GRU that resets after the product, the
            recurrent bias.
        mask: Boolean tensor `(batch, steps)` or `(batch, steps, 1)`, or None.
        go_backwards: Bool, whether to begin with the last step.

    Returns:
        A flat list: the last output, all outputs, the last states.
    """
    inputs = jnp.asarray(inputs)
    if mask is not None:
        mask = jnp.asarray(mask).astype("bool")
        mask = mask.reshape(mask.shape[:2])
    if go_backwards:
        inputs = jnp.flip(inputs, 1)
        mask = None if mask is None else jnp.flip(mask, 1)
    states = [jnp.asarray(state) for state in states]
    weights = [jnp.asarray(weight) for weight in weights]
    run = functools.partial(recurrent.run, recurrent.Kind(*kind))
    arguments, axes = (inputs, tuple(states), tuple(weights), mask), (0, 0, None, 0)
    outputs, last = by_parts(run, arguments, axes, (0, 0))
    return [outputs[:, -1], outputs, *last]
