"""How functions of arrays become TensorFlow's functions: operations with a `name`, old spellings.

`@function` makes an operation (see `hornbeam.backend.ops.op`): on symbolic tensors it records a
node, on values it computes.
"""

import functools
import inspect

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend.ops import op
from hornbeam.backend.variables import named

__all__ = ["array", "axes", "exported", "function", "spelled", "statically"]

_EMPTY = inspect.Parameter.empty
_KIND = inspect.Parameter.POSITIONAL_OR_KEYWORD

# TensorFlow 1's names of arguments -> today's.
OLD_ARGUMENTS = {
    "dim": "axis",
    "dimension": "axis",
    "keep_dims": "keepdims",
    "reduction_indices": "axis",
    "seq_axis": "seq_dim",
    "squeeze_dims": "axis",
}


def function(body=None, *, operation=op, **options):
    """Makes a function of TensorFlow of a function of arrays.

    It takes `name` as well, last by position, and the old names of its arguments.

    Args:
        operation: What makes an operation of `body`: `op`, or `control.calling` for a function
            that calls functions.
        **options: Of `op`.
    """
    if body is None:
        return functools.partial(function, operation=operation, **options)
    return spelled(operation(body, **options), body)


def spelled(call, body=None):
    """Returns `call` with TensorFlow's `name` and with the old names of the arguments of `body`."""
    body = body or call
    signature = inspect.signature(body)
    names = [p.name for p in signature.parameters.values() if p.kind is _KIND]
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
    renames = {
        old: new for old, new in OLD_ARGUMENTS.items() if new in names and old not in names
    }

    @functools.wraps(body)
    def answer(*args, **kwargs):
        name = kwargs.pop("name", None)
        if len(args) == len(names) + 1 and not open_ended:
            *args, name = args
        if kwargs and renames:
            for old in [old for old in kwargs if old in renames]:
                kwargs[renames[old]] = kwargs.pop(old)
        result = call(*args, **kwargs)
        if name is None:
            return result
        return [named(one, name) for one in result] if type(result) is list else named(result, name)

    parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    rest = [p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    by_name = open_ended or any(p.kind is p.KEYWORD_ONLY for p in parameters)
    kind = inspect.Parameter.KEYWORD_ONLY if by_name else _KIND
    named_last = [inspect.Parameter("name", kind, default=None)]
    answer.__signature__ = signature.replace(parameters=[*parameters, *named_last, *rest])
    return answer


def array(x, dtype=None):
    """Returns what TensorFlow would convert as an array; small host integers stay on the host."""
    if isinstance(x, (jax.Array, np.ndarray)):
        return x if dtype is None else x.astype(dtype)
    return jnp.asarray(x, dtype)


def axes(axis):
    """Returns an axis, several, or None as `jax.numpy` wants them."""
    if axis is None:
        return None
    axis = statically(axis, "axis")
    return tuple(int(item) for item in axis) if np.ndim(axis) else int(axis)


def statically(x, what):
    """Returns integers that must be known when the program is compiled, as a NumPy array.

    Raises:
        TypeError: if they depend on the values of a tensor.
    """
    try:
        flat = isinstance(x, (list, tuple)) and not any(isinstance(i, (list, tuple)) for i in x)
        return np.asarray([int(i) for i in x] if flat else x)
    except (TypeError, jax.errors.TracerArrayConversionError, jax.errors.JAXTypeError) as error:
        raise TypeError(
            f"`{what}` depends on the values of a tensor: {x!r}. It must be known when the "
            "program is compiled: make it of numbers and of tf.shape(x)."
        ) from error


def exported(namespace):
    """Returns the public names that a module made itself, sorted, for its `__all__`."""
    module = namespace["__name__"]
    return sorted(
        name for name, value in namespace.items()
        if not name.startswith("_") and getattr(value, "__module__", module) == module
        and not inspect.ismodule(value)
    )
