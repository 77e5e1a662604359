"""`@op`: a function of arrays becomes an operation on arrays, variables and symbolic tensors alike.

With a program active, or with plain arrays, an operation computes; symbolic arguments are resolved
in the program. With no program active and a symbolic argument, it records a node and returns
symbolic outputs, whose shapes come from running it on shapes alone.
"""

import functools
import inspect
import re

import jax
import numpy as np

from hornbeam.backend import running
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import SIZES, ShapeProgram
from hornbeam.backend.tensors import (
    WIDE_DTYPES,
    Node,
    Operand,
    Shape,
    Tensor,
    dtype_name,
    replace_operands,
    sources_of,
)
from hornbeam.bytecode import portable

_HOST_TYPES = (np.ndarray, np.generic)
_HOST_SIZE = 64  # elements; shapes and index arithmetic are small


def op(function=None, *, source=False, learning_phase=False):
    """Makes an operation of `function`, whose body works on arrays.

    Args:
        source: Whether it makes a symbolic tensor even without a symbolic argument, as random
            numbers and constants do.
        learning_phase: Whether its result depends on the learning phase.
    """
    if function is None:
        return functools.partial(op, source=source, learning_phase=learning_phase)

    @functools.wraps(function)
    def operation(*args, **kwargs):
        program = running.program()
        if program is not None:
            args = replace_operands(args, program.resolve)
            kwargs = replace_operands(kwargs, program.resolve)
            return compute(function, args, kwargs)
        eager = running.eager()
        if eager is not None:
            return eager.call_op(function, args, kwargs, learning_phase)
        if source or sources_of((args, kwargs)):
            return record(function, args, kwargs, learning_phase=learning_phase)
        if is_wide((args, kwargs)):
            with wide_scope():
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    operation.of_arrays = function
    return operation


def compute(function, args, kwargs):
    """Calls the body of an operation on arrays, in the program that is active."""
    if _on_host((args, kwargs)):
        # Arithmetic on shapes stays on the host: its result may be a shape again.
        with jax.ensure_compile_time_eval():
            result = function(*args, **kwargs)
        if isinstance(result, (list, tuple)):
            return type(result)(_as_host(item) for item in result)
        return _as_host(result)
    return function(*args, **kwargs)


def _as_host(result):
    """The NumPy array; random numbers of a shape are not known yet, and stay as they are."""
    return result if isinstance(result, jax.core.Tracer) else np.asarray(result)


def is_wide(structure):
    """Whether arrays, all of them, or a dtype that is named ask for 64 bits."""
    named, kinds = False, set()
    stack = list(structure)
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, str):
            named = named or item in WIDE_DTYPES
        elif hasattr(item, "dtype"):
            kinds.add(str(item.dtype))
    return named or bool(kinds) and kinds <= WIDE_DTYPES


def _on_host(structure):
    """Whether all numbers in `structure` are small NumPy integers, and there is at least one."""
    found = False
    stack = [structure]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, slice):
            stack.extend((item.start, item.stop, item.step))
        elif isinstance(item, _HOST_TYPES):
            if item.dtype.kind not in "iub" or item.size > _HOST_SIZE:
                return False
            found = True
        elif not isinstance(item, (int, str, type(None), np.dtype)):
            return False
    return found


class OpNode(Node):
    """A recorded call of an operation."""

    def __init__(self, function, args, kwargs, learning_phase=False):
        wide = any(isinstance(item, str) and item in WIDE_DTYPES for item in kwargs.values())
        wide = wide or any(isinstance(item, str) and item in WIDE_DTYPES for item in args)
        sources = [*sources_of((args, kwargs)), *running.controls()]
        super().__init__(sources, learning_phase, wide)
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.container = None  # list or tuple, where the function returns several values

    @property
    def name(self):
        return self.function.__name__.strip("_")

    @property
    def has_closures(self):
        """Whether a function among the arguments may read tensors that `sources` does not list."""
        return any(callable(item) for item in (*self.args, *self.kwargs.values()))

    def run(self, program):
        args = replace_operands(self.args, program.resolve)
        kwargs = replace_operands(self.kwargs, program.resolve)
        result = compute(self.function, args, kwargs)
        self.container = type(result) if isinstance(result, (list, tuple)) else None
        return list(result) if self.container else [result]

    def __getstate__(self):
        return portable(self.__dict__)


def record(function, args, kwargs, name=None, learning_phase=False):
    """Records the call `function(*args, **kwargs)`; returns its symbolic outputs."""
    node = OpNode(function, _frozen(args), _frozen(kwargs), learning_phase)
    specs = infer(node.run, node.sources, node.wide, varies=node.has_closures)
    node.outputs = [
        Tensor(shape, dtype, node, index, name=name, static=static)
        for index, (shape, dtype, static) in enumerate(specs)
    ]
    return node.container(node.outputs) if node.container else node.outputs[0]


def _frozen(structure):
    """Copies lists and arrays, so that a change by the caller does not change the graph."""
    if isinstance(structure, np.ndarray):
        return structure.copy()
    if isinstance(structure, dict):
        return {key: _frozen(item) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)) and not isinstance(structure, Shape):
        if hasattr(structure, "_fields"):
            return structure
        return type(structure)(_frozen(item) for item in structure)
    return structure


def infer(run, sources, wide, training=False, varies=False):
    """Finds the shapes of what `run(program)` returns without computing it.

    Runs it with two different sizes in place of None: a dimension that differs is None.

    Args:
        run: Function from a program to a list of values.
        sources: The tensors and variables that it reads, as far as they are known.
        wide: Whether 64-bit dtypes take part.
        training: Bool, the learning phase.
        varies: Whether None may be in shapes that `sources` do not show.

    Returns:
        A list of `(shape, dtype, static)`; `static` is None or the pair of host values.
    """
    varies = varies or any(
        None in source.shape or getattr(source, "static", None) is not None for source in sources
    )
    try:
        found = [
            _run_on_shapes(run, ShapeProgram(sizing, training), wide)
            for sizing in ((0, 1) if varies else (0,))
        ]
    except (TypeError, ValueError) as error:
        return _infer_from_known_size(run, sources, wide, training, error)
    specs = []
    for values in zip(*found):
        first, last = values[0], values[-1]
        static = (first, last) if isinstance(first, _HOST_TYPES) else None
        shape = tuple(
            None if a != b else a for a, b in zip(np.shape(first), np.shape(last), strict=True)
        )
        specs.append((shape, _dtype_of(first), static))
    return specs


def _infer_from_known_size(run, sources, wide, training, error):
    """Finds shapes where a None must be one of the sizes that others have.

    Such as a placeholder `(None, 3)` added to a variable `(32, 3)`. A dimension of the result that
    has this size may have it by chance; it is None, which is right in any case.
    """
    if any(None in source.shape for source in sources):
        for sizes in _known_sizes(sources, str(error)):
            try:
                values = _run_on_shapes(run, ShapeProgram(0, training, sizes), wide)
            except (TypeError, ValueError):
                continue
            guessed = {*sizes.values(), *SIZES}
            return [
                (tuple(None if d in guessed else d for d in np.shape(v)), _dtype_of(v), None)
                for v in values
            ]
    stand_in = str(SIZES[0])
    error.args = tuple(
        arg.replace(stand_in, "None") if isinstance(arg, str) else arg for arg in error.args
    )
    raise error


def _known_sizes(sources, complaint):
    """Yields dicts from axis to size: one size for every None, then the other sources' sizes."""
    shapes = [source.shape for source in sources]
    rank = max(len(shape) for shape in shapes)
    # Sizes of constants that only the code knows are in what it complained of.
    named = [int(number) for number in re.findall(r"\d+", complaint)]
    for size in dict.fromkeys([dim for shape in shapes for dim in shape] + named):
        if size not in (None, 0, 1, *SIZES):
            yield {-axis: size for axis in range(1, rank + 1)}
    by_axis = {}
    for shape in shapes:
        for axis, dim in enumerate(reversed(shape), 1):
            if dim not in (None, 1):
                by_axis[-axis] = dim
    yield by_axis


def _dtype_of(value):
    return dtype_name(value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype)


def _run_on_shapes(run, program, wide):
    values = []

    def body():
        with running.activate(program):
            values[:] = run(program)

    with wide_scope(wide):
        jax.eval_shape(body)
    return values


def is_symbolic(x):
    """Whether `x` is a tensor or variable of the graph, not an array."""
    return isinstance(x, Operand)


def signature_names(function):
    """Returns the parameter names of `function`, and whether it takes any keyword."""
    parameters = inspect.signature(function).parameters.values()
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    return [parameter.name for parameter in parameters], takes_any


__all__ = [
    "SIZES",
    "OpNode",
    "compute",
    "infer",
    "is_symbolic",
    "is_wide",
    "op",
    "record",
    "signature_names",
]
