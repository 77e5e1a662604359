"""Choosing and looping: `tf.cond`, `tf.while_loop`, `tf.map_fn`, `tf.scan`, ..."""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.backend import bodies, running
from hornbeam.backend.control import calling
from hornbeam.backend.tensors import Operand, replace_operands, sources_of
from hornbeam.backend.variables import named
from hornbeam.compat.tensorflow.constants import convert_to_tensor
from hornbeam.compat.tensorflow.errors import InvalidArgumentError
from hornbeam.compat.tensorflow.wrapping import function

_UNROLLED = 128  # steps of a loop whose condition is known that are written out one by one


def _known(x):
    """The value of a condition, or None where it is known only when the program runs."""
    if isinstance(x, (bool, int, np.bool_, np.ndarray)):
        return bool(x)
    if isinstance(x, jax.Array) and not isinstance(x, jax.core.Tracer):
        return bool(x)
    eager = running.eager()
    if eager is not None and isinstance(x, eager.EagerTensor):
        try:
            return bool(x)
        except eager.TracedValueError:
            return None
    return None


# ---- choosing


def cond(pred, true_fn=None, false_fn=None, name=None, fn1=None, fn2=None, strict=False):
    """Calls one of two functions without arguments.

    Args:
        pred: Boolean scalar, a tensor or a value.
        true_fn, false_fn: Functions that return tensors of the same shapes; `fn1` and `fn2` are
            TensorFlow 1's names.
        name: String, of the result.
        strict: TensorFlow 1's: whether lists of one tensor stay lists. They stay.
    """
    true_fn, false_fn = true_fn or fn1, false_fn or fn2
    known = _known(pred)
    if known is not None:
        return true_fn() if known else false_fn()
    return all_named(K.switch(pred, _tensors_of(true_fn), _tensors_of(false_fn)), name)


def _tensors_of(function):
    """A function whose numbers are tensors of TensorFlow's dtypes."""

    def call():
        found = function()
        if isinstance(found, (list, tuple)) and not hasattr(found, "_fields"):
            return type(found)(convert_to_tensor(item) for item in found)
        return convert_to_tensor(found)

    return call


def all_named(result, name):
    """Names the tensors of a result as the caller asked; returns it."""
    for tensor in result if isinstance(result, (list, tuple)) else [result]:
        named(tensor, name)
    return result


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """Calls the function of the first condition that is true, else `default`.

    Args:
        pred_fn_pairs: List of pairs (boolean scalar, function), or a dict.
        default: Function without arguments; None means the last of the pairs.
        exclusive: Bool: at most one condition may be true. It is checked where they are known.
        strict: TensorFlow 1's, as in `cond`.
        name: String, of the result.

    Raises:
        InvalidArgumentError: if more than one is true although `exclusive`.
    """
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    known = [_known(pred) for pred, _ in pairs]
    if exclusive and sum(bool(value) for value in known) > 1:
        raise InvalidArgumentError(None, None, f"tf.case: several conditions are true: {known}.")
    if default is None:
        *pairs, (_, default) = pairs
    if not pairs:
        return default()
    (pred, chosen), *rest = pairs
    return cond(pred, chosen, lambda: case(rest, default) if rest else default(), name=name)


def switch_case(branch_index, branch_fns, default=None, name="switch_case"):
    """Calls the function at `branch_index`; of an index that has none, `default` or the last.

    Args:
        branch_index: Integer scalar.
        branch_fns: List of functions, or dict or pairs from index to function.
        default: Function without arguments.
        name: String, of the result.
    """
    if isinstance(branch_fns, dict):
        pairs = sorted(branch_fns.items())
    elif branch_fns and not callable(branch_fns[0]):
        pairs = sorted(branch_fns)
    else:
        pairs = list(enumerate(branch_fns))
    default = default or pairs[-1][1]
    return case([(_is(branch_index, index), fn) for index, fn in pairs], default, name=name)


@function
def _is(x, index):
    return jnp.asarray(x) == index


# ---- loops


def while_loop(cond, body, loop_vars, shape_invariants=None, parallel_iterations=10,
               back_prop=True, swap_memory=False, maximum_iterations=None, name=None,
               return_same_structure=True):
    """Calls `body` as long as `cond` is true.

    A loop whose condition is known (it counts with numbers) is written out step by step, up to
    128; gradients go through it. A longer one, or one whose condition depends on data, is compiled
    as a loop: with `maximum_iterations` gradients go through it, else they do not exist.

    Args:
        cond: Function of the loop's variables to a boolean scalar.
        body: Function of the loop's variables to their next values, of the same shapes.
        loop_vars: List, tuple or nested structure of tensors.
        shape_invariants: Shapes may not change in a compiled loop, whatever is said here.
        parallel_iterations, back_prop, swap_memory: TensorFlow's hints; XLA decides.
        maximum_iterations: Integer, after so many steps it ends.
        name: String, of the results.
        return_same_structure: TensorFlow 1's; the structure stays in any case.

    Returns:
        The last values, in the structure of `loop_vars`.
    """
    if shape_invariants is not None and any(
        None in shape for shape in jax.tree.leaves(
            shape_invariants, is_leaf=lambda s: isinstance(s, tuple)) if isinstance(shape, tuple)
    ) and running.program() is None and not _all_values(loop_vars):
        raise ValueError(
            "tf.while_loop: shape_invariants says that a shape changes from step to step. In a "
            "compiled program it may not; make room for the whole before the loop."
        )
    limit = None if maximum_iterations is None else int(maximum_iterations)
    if running.program() is None and not sources_of(list(jax.tree.leaves(
            loop_vars, is_leaf=lambda x: isinstance(x, Operand)))) or _all_values(loop_vars):
        return _python_loop(cond, body, loop_vars, limit)
    return all_named(_loop(cond, body, loop_vars, limit), name)


def _all_values(structure):
    """Whether everything is known: the loop is Python's then."""
    eager = running.eager()
    leaves = jax.tree.leaves(structure, is_leaf=lambda x: isinstance(x, Operand))
    if any(isinstance(x, jax.core.Tracer) for x in leaves):
        return False
    return all(
        not isinstance(x, Operand) or eager is not None and isinstance(x, eager.EagerTensor)
        for x in leaves
    )


def _next(body, values):
    result = body(*values) if isinstance(values, (list, tuple)) else body(values)
    if isinstance(values, (list, tuple)) and not isinstance(result, (list, tuple)):
        result = [result]
    return type(values)(result) if type(values) in (list, tuple) else result


def _test(cond, values):
    return cond(*values) if isinstance(values, (list, tuple)) else cond(values)


def _python_loop(cond, body, values, limit):
    count = 0
    while limit is None or count < limit:
        known = _known(_test(cond, values))
        if known is None:
            return _loop(cond, body, values, None if limit is None else limit - count)
        if not known:
            break
        values = _next(body, values)
        count += 1
    return values


@calling
def _loop(cond, body, values, limit):
    def resolved(structure):
        return replace_operands(structure, running.program().resolve)

    values = jax.tree.map(convert_to_tensor, values)
    for count in range(_UNROLLED):
        if limit is not None and count >= limit:
            return values
        known = _known(resolved(_test(cond, values)))
        if known is None:
            break
        if not known:
            return values
        values = resolved(_next(body, values))
    values = jax.tree.map(jnp.asarray, values)

    def step(carry):
        new = resolved(_next(body, carry))
        return jax.tree.map(lambda a, b: jnp.asarray(a).astype(b.dtype), new, carry)

    def goes_on(carry):
        return jnp.asarray(resolved(_test(cond, carry))).astype("bool").reshape(())

    if limit is None:
        return bodies.while_loop(goes_on, step, values)

    def guarded(carry, _):
        def stay():
            return carry

        return bodies.cond(goes_on(carry), lambda: step(carry), stay), None

    return bodies.scan(guarded, values, (), limit - count)[0]


def map_fn(fn, elems, dtype=None, parallel_iterations=None, back_prop=True, swap_memory=False,
           infer_shape=True, name=None, fn_output_signature=None):
    """Applies a function to each slice along the first axis.

    Args:
        fn: Function from a slice (or a structure of slices) to a tensor or a structure of them.
        elems: Tensor, or a structure of tensors of one length.
        dtype, fn_output_signature: Dtype of the result, or a structure of them.
        parallel_iterations, back_prop, swap_memory, infer_shape: TensorFlow's hints; XLA decides.
        name: String, of the result.
    """
    kind = fn_output_signature if fn_output_signature is not None else dtype
    kind = getattr(kind, "dtype", kind)
    elems = _arrays(elems)
    return K.map_fn(fn, elems, name=name, dtype=kind)


def _arrays(elems):
    return elems if isinstance(elems, (Operand, tuple)) or hasattr(elems, "dtype") or (
        isinstance(elems, (list, dict)) and sources_of(elems)
    ) else jnp.asarray(elems)


def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    """Like `map_fn`, all slices at once.

    Args:
        fn: Function from a slice (or a structure of slices) to tensors.
        elems: Tensor, or a structure of tensors of one length.
        fallback_to_while_loop, warn: TensorFlow's; every function can be vectorized here.
    """
    return _vectorized(fn, _arrays(elems))


@calling
def _vectorized(fn, elems):
    def one(item):
        return replace_operands(fn(item), running.program().resolve)

    return jax.vmap(one)(jax.tree.map(jnp.asarray, elems))


def foldl(fn, elems, initializer=None, parallel_iterations=10, back_prop=True,
          swap_memory=False, name=None):
    """Combines slices along the first axis, from the first on: `fn(accumulator, slice)`."""
    return K.foldl(fn, _arrays(elems), initializer, name)


def foldr(fn, elems, initializer=None, parallel_iterations=10, back_prop=True,
          swap_memory=False, name=None):
    """Combines slices along the first axis, from the last on: `fn(accumulator, slice)`."""
    return K.foldr(fn, _arrays(elems), initializer, name)


def scan(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False,
         infer_shape=True, reverse=False, name=None):
    """Like `foldl`, and keeps every accumulator, along a new first axis.

    Args:
        fn: Function `(accumulator, slice) -> accumulator`.
        elems: Tensor, or a structure of tensors of one length.
        initializer: First accumulator; None means the first slice, which is then the first result.
        reverse: Bool, from the last slice on.
        name: String, of the result.
    """
    return all_named(_scan(fn, _arrays(elems), initializer, bool(reverse)), name)


@calling
def _scan(fn, elems, initializer, reverse):
    elems = jax.tree.map(jnp.asarray, elems)
    if reverse:
        elems = jax.tree.map(lambda x: jnp.flip(x, 0), elems)
    first = None
    if initializer is None:
        first = initializer = jax.tree.map(lambda x: x[0], elems)
        elems = jax.tree.map(lambda x: x[1:], elems)
    start = jax.tree.map(jnp.asarray, initializer)

    def step(carry, item):
        new = replace_operands(fn(carry, item), running.program().resolve)
        new = jax.tree.map(lambda a, b: jnp.asarray(a).astype(b.dtype), new, carry)
        return new, new

    _, found = bodies.scan(step, start, elems, len(jax.tree.leaves(elems)[0]))
    if first is not None:
        found = jax.tree.map(lambda x, rest: jnp.concatenate([x[None], rest]), first, found)
    return jax.tree.map(lambda x: jnp.flip(x, 0), found) if reverse else found


__all__ = [
    "case", "cond", "foldl", "foldr", "map_fn", "scan", "switch_case", "vectorized_map",
    "while_loop",
]  # fmt: skip
