"""Eager execution, as TensorFlow 2 has it: operations on variables and arrays compute at once.

It is off until `enable()`, which the names of TensorFlow do. Operations return `EagerTensor`s then.
Under a tape and in a function that is traced they are recorded (see `recording`). What depends on a
placeholder is a graph all the same, in which eager tensors are constants.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import recording, running
from hornbeam.backend.cells import Cell, EagerTensor, TracedValueError, from_value, tensor_of
from hornbeam.backend.function import default_training
from hornbeam.backend.ops import compute, is_wide, record
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import Program
from hornbeam.backend.tensors import (
    WIDE_DTYPES,
    Operand,
    Tensor,
    Variable,
    replace_operands,
    sources_of,
)

assign = recording.assign

_CUTS = frozenset(["stop_gradient"])  # operations through which no gradient goes


def enable():
    """Turns eager execution on, for all threads."""
    running.set_eager(sys.modules[__name__])


def disable():
    """Turns eager execution off: variables are symbolic, operations on them record a graph."""
    running.set_eager(None)


def is_enabled():
    """Whether eager execution is on and this thread is not recording a graph."""
    return running.eager() is not None


def is_tracing():
    """Whether a function is being traced: values are not known, writes are part of it."""
    return recording.listeners.trace is not None and running.program() is None


def has_graph(structure):
    """Whether there is a tensor without a value in nested lists, tuples and dicts."""
    return any(
        isinstance(source, Tensor) and not isinstance(source, EagerTensor)
        for source in sources_of(structure)
    )


def tensors(structure):
    """Returns arrays in nested lists, tuples and dicts as eager tensors."""
    return jax.tree.map(tensor, structure, is_leaf=lambda item: isinstance(item, Operand))


def tensor(value):
    """Returns an array, number or variable as an eager tensor; what is none of these as it is."""
    if isinstance(value, Variable):
        return tensor_of(recording.cell_of(value))
    if isinstance(value, (np.ndarray, np.generic, jax.Array)):
        return from_value(np.asarray(value) if isinstance(value, np.generic) else value)
    return value


def value_of(operand):
    """Returns the value of an eager tensor or variable as an array."""
    if isinstance(operand, EagerTensor):
        return operand.cell.known()
    return recording.cell_of(operand).value


def call_op(function, args, kwargs, learning_phase=False):
    """Calls an operation: computes it, or records it on tapes, functions or the graph."""
    if running.autocast() is not None:
        args, kwargs = _autocast(args, running.autocast()), _autocast(kwargs, running.autocast())
    sources = sources_of((args, kwargs))
    if any(isinstance(s, Tensor) and not isinstance(s, EagerTensor) for s in sources):
        return record(function, args, kwargs, learning_phase=learning_phase)
    known_now = _is_on_host(sources, args, kwargs) or (
        not sources and getattr(function, "depends_on_nothing", False)
    )
    if recording.is_heard() and not known_now:
        return _recorded(function, args, kwargs)
    before = {}

    def known(operand):
        value = value_of(operand)
        before[id(value)] = operand
        return value

    args, kwargs = replace_operands(args, known), replace_operands(kwargs, known)
    wide = is_wide((args, kwargs))
    program = Program(training=default_training())
    beneath = running.beneath()
    with wide_scope(wide):
        if not wide:
            args, kwargs = _narrow(args), _narrow(kwargs)
        with running.activate(program if beneath is None else beneath):
            result = compute(function, args, kwargs)
    program.commit()

    def shared(value):
        operand = before.get(id(value))
        return tensor(value) if operand is None else tensor(operand)

    return jax.tree.map(shared, result)


def _autocast(structure, dtype):
    """Casts the weights among the arguments to the dtype that a layer computes in."""

    def read(operand):
        if not (isinstance(operand, Variable) and operand.autocast):
            return operand
        with running.casting(None):
            return call_op(_as_dtype, (operand, dtype), {})

    return replace_operands(structure, read)


def _as_dtype(x, dtype):
    return jnp.asarray(x).astype(dtype)


def _narrow(structure):
    """Gives 64-bit arrays beside others 32 bits; whole numbers, which may be shapes, stay."""
    if isinstance(structure, np.ndarray) and structure.dtype.name in WIDE_DTYPES:
        return structure if structure.dtype.kind in "iu" else structure.astype("float32")
    if isinstance(structure, jax.Array) and structure.dtype.name in WIDE_DTYPES:
        return structure.astype(structure.dtype.name.replace("64", "32").replace("128", "64"))
    if isinstance(structure, dict):
        return {key: _narrow(item) for key, item in structure.items()}
    if type(structure) in (list, tuple):
        return type(structure)(_narrow(item) for item in structure)
    return structure


def _is_on_host(sources, args, kwargs):
    """Whether an operation works on shapes: on small whole numbers that are known."""
    if not sources:
        return False
    return all(
        isinstance(source, EagerTensor) and source.static is not None for source in sources
    ) and not any(isinstance(item, jax.Array) for item in (*args, *kwargs.values()))


def _recorded(function, args, kwargs):
    def body(program, structure):
        given, named = structure
        given = replace_operands(given, program.resolve)
        named = replace_operands(named, program.resolve)
        return compute(function, given, named)

    def mark(kernel):
        kernel.cuts = function.__name__ in _CUTS

    wide = any(isinstance(a, str) and a in WIDE_DTYPES for a in (*args, *kwargs.values()))
    return recording.call(
        ("op", function), body, [list(args), kwargs], wide, default_training(), mark
    )


def plain(owner):
    """What a layer, loss or metric is set to, as a hashable: its plain attributes.

    Kernels of its calls are kept by it, so that `layer.rate = 0.2` is not overlooked.
    """
    found = []
    stack = [owner]
    while stack:
        item = stack.pop()
        for value in vars(item).values():
            kind = type(value)
            if kind in _PLAIN:
                found.append(value)
            elif kind is EagerTensor or callable(value):
                found.append(id(value))
            elif kind is tuple:
                found.append(repr(value))
        stack.extend(item.__dict__.get("_layers", ()))
    return tuple(found)


_PLAIN = frozenset([bool, int, float, str, type(None)])


def unit(owner, method, args, kwargs):
    """Calls a method of an object that holds variables, as one instruction.

    Args:
        owner: The object; its plain attributes and its identity identify the call.
        method: Function `method(owner, *args, **kwargs)`, run in a program.
        args, kwargs: Eager tensors, arrays, and what is part of the code.
    """

    def body(program, structure):
        given, named = structure
        with program.at_site():
            result = method(owner, *given, **named)
        return jax.tree.map(program.resolve, result, is_leaf=lambda x: isinstance(x, Operand))

    key = ("unit", id(owner), getattr(method, "__qualname__", method), plain(owner))
    return recording.call(
        key, held(owner, body), [list(args), kwargs], training=default_training()
    )


def held(owner, body):
    """Returns a body that keeps alive the object by whose identity its kernel is known."""
    return _Held(owner, body)


class _Held:

    __slots__ = ("body", "owner")

    def __init__(self, owner, body):
        self.owner, self.body = owner, body

    def __call__(self, program, structure):
        return self.body(program, structure)


__all__ = [
    "Cell",
    "EagerTensor",
    "TracedValueError",
    "call_op",
    "disable",
    "enable",
    "from_value",
    "has_graph",
    "held",
    "is_enabled",
    "is_tracing",
    "plain",
    "tensor",
    "tensor_of",
    "tensors",
    "unit",
]
