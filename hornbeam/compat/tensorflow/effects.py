"""Effects: `tf.print`, `tf.Assert`, `tf.group`, what comes before what."""

import builtins
import sys

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.backend import running
from hornbeam.backend.ops import op
from hornbeam.backend.program import ShapeProgram
from hornbeam.backend.tensors import Operand, sources_of
from hornbeam.backend.variables import named
from hornbeam.compat.tensorflow.errors import InvalidArgumentError


@op
def _printed(values, pattern, end, stream):
    def show(*found):
        text = pattern.format(*(_text(x) for x in found))
        builtins.print(text, end=end, file=stream or sys.stderr, flush=True)

    arrays = [jnp.asarray(x) for x in values]
    if not isinstance(running.program(), ShapeProgram):  # which only finds out about shapes
        jax.debug.callback(show, *arrays)
    return arrays[0]


def _text(x):
    return np.array2string(np.asarray(x), threshold=100, separator=" ")


def _print(*inputs, output_stream=None, summarize=3, sep=" ", end="\n", name=None):
    """Prints values whenever the program runs: to standard error, unless told otherwise.

    Args:
        *inputs: Tensors and anything else that can be printed.
        output_stream: `sys.stdout`, `sys.stderr`, another stream, or 'file://path'.
        summarize: Integer; longer arrays are shortened.
        sep, end: Strings between the inputs and after them.
        name: String, of the operation.
    """
    stream = output_stream
    if isinstance(stream, str):
        stream = open(stream.removeprefix("file://"), "a")
    tensors = [x for x in inputs if isinstance(x, (Operand, jax.Array))]
    parts = ["{}" if isinstance(x, (Operand, jax.Array)) else
             str(x).replace("{", "{{").replace("}", "}}") for x in inputs]
    pattern = sep.join(parts)
    if not tensors:
        builtins.print(pattern.format(), end=end, file=stream or sys.stderr, flush=True)
        return None
    return named(_printed(tensors, pattern, end, stream), name)


def Print(input_, data, message=None, first_n=None, summarize=None, name=None):
    """TensorFlow 1's: returns `input_` and prints `data` each time it is computed.

    Args:
        input_: Tensor.
        data: List of tensors.
        message: String before them.
        first_n: Integer; prints so often at most.
        summarize: Integer; longer arrays are shortened.
        name: String, of the result.
    """
    left = [np.inf if first_n is None else first_n]

    def show(*found):
        if left[0] > 0:
            left[0] -= 1
            text = (message or "") + "".join(f"[{_text(x)}]" for x in found)
            builtins.print(text, file=sys.stderr, flush=True)

    return named(_passing(input_, list(data), show), name)


@op
def _passing(x, data, show):
    if not isinstance(running.program(), ShapeProgram):
        jax.debug.callback(show, *(jnp.asarray(d) for d in data))
    return jnp.asarray(x)


@op
def _asserted(condition, data, message):
    condition = jnp.all(jnp.asarray(condition))
    if isinstance(running.program(), ShapeProgram):
        return condition
    if not isinstance(condition, jax.core.Tracer):
        _check(condition, data, message)
        return condition

    def check(condition, *found):
        _check(condition, found, message)

    jax.debug.callback(check, condition, *(jnp.asarray(d) for d in data))
    return condition


def _check(condition, data, message):
    if not np.all(np.asarray(condition)):
        shown = " ".join(str(d) if isinstance(d, str) else _text(d) for d in data)
        raise InvalidArgumentError(None, None, f"{message} {shown}".strip())


def Assert(condition, data, summarize=None, name=None):
    """Raises InvalidArgumentError with `data` unless `condition` holds.

    In a compiled program the error comes from within the run, as a runtime error that quotes it.

    Args:
        condition: Boolean tensor.
        data: List of tensors and strings, for the message.
        summarize: Integer; longer arrays are shortened.
        name: String, of the operation.
    """
    words = " ".join(str(d) for d in data if isinstance(d, (str, bytes)))
    values = [d for d in data if not isinstance(d, (str, bytes))]
    return _asserted(condition, values, f"assertion failed: {words}")


@op(source=True)
def no_op(name=None):
    """Does nothing itself; under `tf.control_dependencies` it does what is said there."""
    return np.zeros((), "bool")


@op
def _grouped(inputs):
    return jnp.zeros((), "bool")


def group(*inputs, name=None):
    """One operation that runs all of `inputs`."""
    flat = sources_of(list(inputs))
    return _grouped(flat) if flat else no_op()


@op
def _tupled(tensors, control):
    return [jnp.asarray(t) for t in tensors]


def tuple(tensors, name=None, control_inputs=None):  # noqa: A001  TensorFlow's name
    """Returns the tensors, each of them computed only when all of them are."""
    return _tupled(list(tensors), list(control_inputs or ()))


control_dependencies = K.control_dependencies
globals()["print"] = _print

__all__ = ["Assert", "Print", "control_dependencies", "group", "no_op", "print", "tuple"]
