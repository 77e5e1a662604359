"""Choosing, looping and effects: phases, `switch`, `map_fn`, folds, `rnn`, printing.

The functions that are passed to these run inside a program, on values; what they hold on to
(variables, symbolic tensors) is found in the program.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam.backend import bodies, running
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.function import default_training
from hornbeam.backend.learning_phase import fixed_learning_phase
from hornbeam.backend.ops import op
from hornbeam.backend.program import Program
from hornbeam.backend.tensors import (
    Operand,
    UnfedPlaceholderError,
    replace_operands,
    sources_of,
)
from hornbeam.backend.variables import compute_dtype, int_shape, named, ndim


class _GraphNeededError(Exception):
    """A function that was tried on plain arrays reads a variable."""


def _missing(variable):
    raise _GraphNeededError(variable.name)


def calling(function):
    """Makes an operation of `function`, which calls functions among its arguments.

    Like `op`; besides, where all other arguments are plain arrays, a graph is recorded if the
    functions hold on to variables or symbolic tensors.
    """
    operation, recorded = op(function), op(source=True)(function)

    @functools.wraps(function)
    def call(*args, **kwargs):
        if running.program() is not None or sources_of((args, kwargs)):
            return operation(*args, **kwargs)
        try:
            with running.activate(Program(training=default_training(), missing=_missing)):
                return operation(*args, **kwargs)
        except (_GraphNeededError, UnfedPlaceholderError):
            return recorded(*args, **kwargs)

    return call


def _value(x):
    """Calls `x` if it is a function; returns the value in the active program."""
    if callable(x) and not isinstance(x, Operand):
        x = x()
    return replace_operands(x, running.program().resolve)


def _is_concrete(x):
    return isinstance(x, (bool, int, float, np.ndarray, np.generic))


# ---- phases


@op(source=True, learning_phase=True)
def _by_phase(x, alt):
    return _value(x if running.program().training else alt)


def _choose_by_training(x, alt, training):
    if _is_concrete(training):
        return _value(x if training else alt)
    return _switch(training, x, alt)


_by_training = calling(_choose_by_training)
_by_training_phase = op(learning_phase=True)(_choose_by_training)


def in_train_phase(x, alt, training=None):
    """Selects `x` in training and `alt` in test.

    Args:
        x: Tensor, or a function without arguments that returns one.
        alt: The same, of the same shape.
        training: Bool, number, or boolean tensor; None means the learning phase.
    """
    if training is None:
        fixed = fixed_learning_phase()
        if fixed is None or running.program() is not None:
            return _by_phase(x, alt)
        training = fixed
    if _is_concrete(training):
        chosen = x if training else alt
        if running.program() is not None:
            return _value(chosen)
        return chosen() if callable(chosen) and not isinstance(chosen, Operand) else chosen
    if running.program() is None and getattr(training, "_uses_learning_phase", False):
        return _by_training_phase(x, alt, training)
    return _by_training(x, alt, training)


def in_test_phase(x, alt, training=None):
    """Selects `x` in test and `alt` in training. See `in_train_phase`."""
    return in_train_phase(alt, x, training=training)


# ---- choice


def _switch(condition, then, otherwise):
    condition = jnp.asarray(condition).astype("bool")
    if condition.ndim == 0:
        return _switch_whole(condition, then, otherwise)
    then, otherwise = jnp.asarray(_value(then)), jnp.asarray(_value(otherwise))
    rank = max(then.ndim, otherwise.ndim)
    if condition.ndim > rank:
        raise ShapeError(
            "Rank of `condition` should be less than or equal to rank of `then_expression` and "
            f"`else_expression`. ndim(condition)={condition.ndim}, "
            f"ndim(then_expression)={then.ndim}."
        )
    return jnp.where(_expanded(condition, rank), then, otherwise)


def _expanded(condition, rank):
    """Adds axes at the end: a condition of rank 1 chooses whole rows."""
    return condition.reshape(condition.shape + (1,) * (rank - condition.ndim))


def _switch_whole(condition, then, otherwise):
    try:
        return bodies.cond(condition, lambda: _value(then), lambda: _value(otherwise))
    except TypeError as error:
        if "must have" not in str(error) and "true_fun" not in str(error):
            raise
        raise ShapeError(
            "K.switch: `then_expression` and `else_expression` must give the same shapes and "
            f"dtypes. {error}"
        ) from error


@calling
def _chosen(condition, then, otherwise):
    if _is_concrete(condition) and np.ndim(condition) == 0:
        return _value(then if condition else otherwise)
    return _switch(condition, then, otherwise)


def switch(condition, then_expression, else_expression):
    """Chooses between two tensors by a condition.

    Args:
        condition: Boolean tensor (or number). A scalar chooses the whole; of functions, only the
            chosen one is then computed. Otherwise it chooses element by element, or, if it has
            fewer axes, whole rows.
        then_expression: Tensor, or a function without arguments that returns one.
        else_expression: The same, of the same shape.

    Raises:
        ShapeError: if `condition` has more axes than the expressions, or their shapes differ.
    """
    return _chosen(condition, then_expression, else_expression)


# ---- loops


def _steps(elems, what):
    leaves = jax.tree.leaves(elems)
    if not leaves or any(np.ndim(leaf) == 0 for leaf in leaves):
        raise ShapeError(f"{what} got elems without a first axis to loop over.")
    sizes = {np.shape(leaf)[0] for leaf in leaves}
    if len(sizes) > 1:
        raise ShapeError(
            f"{what} got elems of different lengths: {[np.shape(leaf) for leaf in leaves]}."
        )
    return sizes.pop()


def _values(structure):
    return jax.tree.map(jnp.asarray, replace_operands(structure, running.program().resolve))


@calling
def _map(fn, elems, dtype):
    elems = jax.tree.map(jnp.asarray, elems)

    def step(carry, item):
        return carry, _values(fn(item))

    result = bodies.scan(step, (), elems, _steps(elems, "K.map_fn"))[1]
    if dtype is not None and not isinstance(dtype, (list, tuple)):
        return jax.tree.map(lambda x: x.astype(compute_dtype(dtype)), result)
    if dtype is not None:
        return type(dtype)(x.astype(compute_dtype(d)) for x, d in zip(result, dtype))
    return result


def map_fn(fn, elems, name=None, dtype=None):
    """Applies a function to each slice along the first axis.

    Args:
        fn: Function from a slice (or a list of slices) to a tensor (or a list of tensors).
        elems: Tensor, or a list or tuple of tensors of one length.
        name: String, the name of the result.
        dtype: Dtype of the result (or a list of them); None keeps that of `fn`.

    Returns:
        What `fn` returned, joined along a new first axis.
    """
    return _all_named(_map(fn, elems, dtype), name)


@calling
def _fold(fn, elems, initializer, backwards):
    elems = jax.tree.map(jnp.asarray, elems)
    length = _steps(elems, "K.foldr" if backwards else "K.foldl")
    if backwards:
        elems = jax.tree.map(lambda x: jnp.flip(x, 0), elems)
    if initializer is None:
        if length == 0:
            raise ValueError("A fold over no elements needs an initializer.")
        initializer = jax.tree.map(lambda x: x[0], elems)
        elems, length = jax.tree.map(lambda x: x[1:], elems), length - 1
    initializer = jax.tree.map(jnp.asarray, initializer)

    def step(carry, item):
        result = _values(fn(carry, item))
        return jax.tree.map(lambda new, old: new.astype(old.dtype), result, carry), None

    return bodies.scan(step, initializer, elems, length)[0]


def foldl(fn, elems, initializer=None, name=None):
    """Combines the slices along the first axis, from the first to the last.

    Args:
        fn: Function `(accumulator, slice) -> accumulator`.
        elems: Tensor.
        initializer: First accumulator; None means the first slice.
        name: String, the name of the result.
    """
    return _all_named(_fold(fn, elems, initializer, False), name)


def foldr(fn, elems, initializer=None, name=None):
    """Combines the slices along the first axis, from the last to the first. See `foldl`."""
    return _all_named(_fold(fn, elems, initializer, True), name)


def _all_named(result, name):
    for tensor in result if isinstance(result, (list, tuple)) else [result]:
        named(tensor, name)
    return result


# ---- recurrent networks


def _matching(mask, reference):
    """Adds axes to a mask `(batch,)` or `(batch, 1)` until it broadcasts with `reference`."""
    return mask.reshape(mask.shape[:1] + (1,) * (reference.ndim - 1))


@calling
def _rnn(step_function, inputs, states, constants, mask, go_backwards, unroll, input_length):
    """Returns the flat list of last output, outputs and new states."""
    inputs = jax.tree.map(lambda x: jnp.swapaxes(jnp.asarray(x), 0, 1), inputs)  # (time, batch)
    steps = _steps(inputs, "K.rnn")
    lengths = None
    if input_length is not None and np.ndim(input_length) == 0:
        if int(input_length) < steps:
            steps = int(input_length)
            inputs = jax.tree.map(lambda x: x[:steps], inputs)
            mask = None if mask is None else mask[:, :steps]
    elif input_length is not None:
        lengths = jnp.asarray(input_length)
    if steps == 0:
        raise ShapeError("K.rnn needs at least one time step; the inputs have none.")
    if mask is not None:
        mask = jnp.asarray(mask).astype("bool")
        mask = jnp.swapaxes(mask.reshape(mask.shape[:2]), 0, 1)
    elif lengths is not None:
        mask = jnp.arange(steps, dtype="int32")[:, None] < lengths[None, :]
    if go_backwards:
        inputs, mask = jax.tree.map(lambda x: jnp.flip(x, 0), (inputs, mask))
    states = [jnp.asarray(state) for state in states]
    constants = list(constants)

    def step(states, output, item):
        inputs, mask = item
        new_output, new_states = step_function(inputs, [*states, *constants])
        new_output, new_states = _values(new_output), _values(list(new_states))
        new_states = [new.astype(old.dtype) for new, old in zip(new_states, states)]
        if mask is None:
            return new_states, new_output
        if output is None:
            output = jnp.zeros_like(new_output)
        new_output = jnp.where(_matching(mask, new_output), new_output, output)
        return [
            jnp.where(_matching(mask, new), new, old) for new, old in zip(new_states, states)
        ], new_output

    if unroll:
        results, output = [], None
        for index in range(steps):
            item = jax.tree.map(lambda x, index=index: x[index], (inputs, mask))
            states, output = step(states, output, item)
            results.append(output)
        outputs = jnp.stack(results)
    elif mask is None:

        def body(states, item):
            return step(states, None, item)

        states, outputs = bodies.scan(body, states, (inputs, None), steps)
    else:

        def body(carry, item):
            carry = step(*carry, item)
            return carry, carry[1]

        # The first output's shape is known only when the step has run.
        first = jax.tree.map(lambda x: x[0], (inputs, mask))
        shape = bodies.shape_of(lambda: step(states, None, first)[1])
        start = (states, jnp.zeros(shape.shape, shape.dtype))
        (states, _), outputs = bodies.scan(body, start, (inputs, mask), steps)
    return [outputs[-1], jnp.swapaxes(outputs, 0, 1), *states]


def rnn(
    step_function,
    inputs,
    initial_states,
    go_backwards=False,
    mask=None,
    constants=None,
    unroll=False,
    input_length=None,
):
    """Runs a step function over the time axis.

    Args:
        step_function: Function `(input, states) -> (output, new_states)`. `input` is
            `(batch, ...)`, without the time axis; `states` is the list of states, with
            `constants` at its end; `new_states` is as long as `initial_states`.
        inputs: Tensor `(batch, time, ...)` of rank 3 or more, or a list of them.
        initial_states: List of tensors.
        go_backwards: Bool, whether to begin with the last step; the outputs are in the order in
            which they were made.
        mask: Boolean tensor `(batch, time)` or `(batch, time, 1)`. Where it is False, output and
            states stay what they were at the step before (zeros, before the first).
        constants: List of tensors that each step gets.
        unroll: Bool: a loop in Python instead of a compiled one. Compiles longer, may run faster.
        input_length: Integer, how many of the steps to take; or an integer tensor `(batch,)`, the
            number of valid steps of each sample, which acts as a mask if `mask` is None.

    Returns:
        A tuple `(last_output, outputs, new_states)`: `(batch, ...)`, `(batch, time, ...)` and the
        list of states after the last step.

    Raises:
        ShapeError: if an input has a rank below 3, or `mask` has no time axis.
        ValueError: if `unroll` is asked for an unknown number of steps, or a mask is given
            without states.
    """
    for x in inputs if isinstance(inputs, (list, tuple)) else [inputs]:
        if ndim(x) < 3:
            raise ShapeError(
                f"Input should be at least 3D; K.rnn got an input of shape {int_shape(x)}. "
                "It expects (batch, time, ...)."
            )
        if unroll and int_shape(x)[1] is None:
            raise ValueError("Unrolling requires a fixed number of timesteps.")
    if mask is not None:
        if ndim(mask) not in (2, 3):
            raise ShapeError(f"mask should have `shape=(samples, time)`, got {int_shape(mask)}.")
        if not initial_states and not unroll:
            raise ValueError(
                "No initial states provided! When using masking in an RNN, you should provide "
                "initial states (and your step function should return as its first state at "
                "time `t` the output at time `t-1`)."
            )
    last, outputs, *states = _rnn(
        step_function,
        inputs,
        list(initial_states),
        list(constants or ()),
        mask,
        go_backwards,
        unroll,
        input_length,
    )
    return last, outputs, states


# ---- effects


@op
def _stop_gradient(x):
    return lax.stop_gradient(jnp.asarray(x))


def stop_gradient(variables):
    """Returns tensors of the same values that count as constants in gradients.

    Args:
        variables: Tensor, or a list or tuple of tensors.
    """
    if isinstance(variables, (list, tuple)):
        return type(variables)(_stop_gradient(x) for x in variables)
    return _stop_gradient(variables)


@op
def _print(x, message):
    jax.debug.callback(lambda value: print(message, np.asarray(value), flush=True), x)
    return jnp.asarray(x)


def print_tensor(x, message=""):
    """Prints `message` and the value each time it is computed. Use the tensor that it returns.

    Args:
        x: Tensor.
        message: String.

    Returns:
        A tensor of the same value.
    """
    return _print(x, message)


def control_dependencies(control_inputs):
    """Context in which what is recorded comes after `control_inputs`, such as updates.

    Args:
        control_inputs: List of tensors. A result of the operations recorded in the context is
            computed, and its updates are written, after these.
    """
    program = running.program()
    inputs = [x for x in control_inputs or () if isinstance(x, Operand)]
    if program is not None:
        for x in inputs:
            program.resolve(x)
    return running.controlling(inputs)


def symbolic(func):
    """Decorator of functions that build a graph. They do so anyway; returns `func`.

    In hornbeam each operation looks at its arguments: on tensors it is recorded, on arrays it
    computes.
    """
    return func


def eager(func):
    """Decorator of functions that compute at once. They do so on arrays; returns `func`."""
    return func
