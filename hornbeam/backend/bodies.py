"""Loops and branches inside a program.

JAX traces the body of a loop or a branch by itself, and no value that is made in it may be kept
outside. So it runs in a scope of its own (`Program.body`), and what it does beyond its result is
carried out as values: variables that it writes travel through the loop, losses that it adds are
summed. A symbolic tensor that it asks for is computed outside, before it: what a body needs is
learned by tracing it, and it is traced again with it.
"""

import contextlib

import jax
import jax.numpy as jnp
from jax import lax

from hornbeam.backend import running


def scan(step, carry, items, length):
    """Runs `step` once for each item, inside the active program.

    Args:
        step: Function `(carry, item) -> (carry, result)`. The carry keeps its shapes and dtypes.
        carry: Pytree of arrays.
        items: Pytree of arrays, which are taken apart along their first axis.
        length: Number of items.

    Returns:
        The last carry, and the results joined along a new first axis.
    """
    program = running.program()
    scope, written = program.body(), []

    def traced(loop, item):
        carry, values = loop
        index, item = item
        with _entered(scope, zip(written, values), index):
            carry, result = step(carry, item)
            values = [scope.stored(variable) for variable in written]
            return (carry, values), (result, [value for _, value in scope.losses])

    while True:
        values = [program.stored(variable) for variable in written]
        (last, values), (results, losses) = lax.scan(
            _anew(traced), (carry, values), (jnp.arange(length, dtype="int32"), items), length
        )
        if not _learn(program, [scope], written):
            break
    for variable, value in zip(written, values):
        program.write(variable, value)
    for (owner, _), values in zip(scope.losses, losses):
        program.losses.append((owner, jnp.sum(values, 0)))
    program.metrics.extend(scope.metrics)
    return last, results


def cond(predicate, then, otherwise):
    """Runs one of two functions without arguments, inside the active program.

    Args:
        predicate: Boolean scalar.
        then: Function that returns a pytree of arrays.
        otherwise: Function that returns arrays of the same shapes and dtypes.
    """
    program = running.program()
    scopes, written, losses = [program.body(), program.body()], [], [[], []]

    def branch(which, function):
        def traced(values):
            scope = scopes[which]
            with _entered(scope, zip(written, values)):
                result = jax.tree.map(jnp.asarray, function())
                added = [[jnp.zeros(v.shape, v.dtype) for v in specs] for specs in losses]
                if losses[which]:
                    added[which] = [value for _, value in scope.losses]
                return result, [scope.stored(variable) for variable in written], added

        return traced

    while True:
        values = [program.stored(variable) for variable in written]
        result, values, added = lax.cond(predicate, branch(0, then), branch(1, otherwise), values)
        found = [
            [jax.ShapeDtypeStruct(jnp.shape(value), value.dtype) for _, value in scope.losses]
            for scope in scopes
        ]
        learned = _learn(program, scopes, written)
        if not learned and found == losses:
            break
        losses = found
    for variable, value in zip(written, values):
        program.write(variable, value)
    for scope, values in zip(scopes, added):
        program.losses.extend((owner, value) for (owner, _), value in zip(scope.losses, values))
        program.metrics.extend(scope.metrics)
    return result


def while_loop(condition, step, carry):
    """Runs `step` as long as `condition` is true, inside the active program.

    Args:
        condition: Function from the carry to a boolean scalar.
        step: Function from the carry to the next one, of the same shapes and dtypes.
        carry: Pytree of arrays.

    Returns:
        The last carry. Reverse-mode gradients through it do not exist: the number of steps is not
        known when the program is compiled.
    """
    program = running.program()
    asking, scope, written = program.body(), program.body(), []

    def goes_on(loop):
        index, carry, values = loop
        with _entered(asking, zip(written, values), index):
            return condition(carry)

    def traced(loop):
        index, carry, values = loop
        with _entered(scope, zip(written, values), index):
            carry = step(carry)
            return index + 1, carry, [scope.stored(variable) for variable in written]

    while True:
        values = [program.stored(variable) for variable in written]
        start = (jnp.zeros((), "int32"), carry, values)
        _, last, values = lax.while_loop(_anew(goes_on), _anew(traced), start)
        if not _learn(program, [asking, scope], written):
            break
    for variable, value in zip(written, values):
        program.write(variable, value)
    return last


def shape_of(function):
    """Returns the shapes and dtypes of what `function()` returns, without computing it."""
    program = running.program()
    scope = program.body()

    def traced():
        with _entered(scope, ()):
            return function()

    while True:
        found = jax.eval_shape(_anew(traced))
        if not _learn(program, [scope], list(scope.written)):
            return found


def _learn(program, scopes, written):
    """Computes and notes what the bodies turned out to need; returns whether there was any."""
    learned = False
    for scope in scopes:
        for tensor in scope.wanted:
            learned = True
            program.resolve(tensor)
        for variable in scope.written:
            if variable not in written:
                learned = True
                written.append(variable)
    return learned


def _anew(function):
    """Returns a new function that does the same: JAX does not trace one function twice."""
    return lambda *args: function(*args)


@contextlib.contextmanager
def _entered(scope, variables, index=None):
    """Context of one trace of a body."""
    scope.begin(variables, index)
    with scope.at_site((scope.path, "body")), running.activate(scope):
        yield
