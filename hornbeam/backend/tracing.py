"""`Compiled`: a Python function on eager tensors that is traced once and then runs compiled."""

import contextlib
import warnings
import weakref

import jax
import numpy as np

from hornbeam.backend import compilation, derivatives, names, recording, running
from hornbeam.backend.arguments import Arguments
from hornbeam.backend.cells import (
    Cell,
    EagerTensor,
    TracedValueError,
    from_value,
    lent,
    listeners,
    tensor_of,
)
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import draw_seed
from hornbeam.backend.tensors import Operand, Variable
from hornbeam.backend.traces import FunctionKernel, Trace

_KEPT = 64  # traces of one function
_made = weakref.WeakSet()


@names.on_reset
def _forget():
    for compiled in _made:
        compiled._kernels.clear()


class Compiled:
    """A function that is traced for each kind of arguments, and compiled.

    Arrays and tensors are inputs of the compiled program; Python values, and variables, are part
    of it. Variables that it reads and writes go in and out. What it does in Python (printing,
    appending to lists) happens when it is traced.

    A function that looks at values of tensors (`if loss > 3:`) cannot be traced: it runs as plain
    Python each time, with a warning at the first.

    Args:
        function: The Python function.
        name: String for the warning; None takes the function's.
        warns: Bool. Whether there is a warning.
    """

    def __init__(self, function, name=None, warns=True):
        self.function = function
        self.name = name or getattr(function, "__name__", repr(function))
        self.runs_in_python = False
        self._warns = warns
        self._kernels = {}
        _made.add(self)

    def __call__(self, *args, **kwargs):
        if running.program() is not None or running.eager() is None:
            return self.function(*args, **kwargs)
        arguments = Arguments([list(args), kwargs], by_identity=True)
        if listeners.trace is not None or self.runs_in_python:
            return self._run_in_python(arguments)
        kernel = self._kernels.get(arguments.key)
        if kernel is None:
            try:
                kernel = self.trace(arguments)
            except TracedValueError as error:
                self.runs_in_python = True
                if self._warns:
                    warnings.warn(
                        f"The function {self.name} looks at values while it is traced, so it is "
                        f"not compiled; it runs as plain Python from now on. {error}",
                        UserWarning,
                        stacklevel=3,
                    )
                return self._run_in_python(arguments)
            while len(self._kernels) >= _KEPT:
                del self._kernels[next(iter(self._kernels))]
            self._kernels[arguments.key] = kernel
        if listeners.tapes or running.beneath() is not None:
            if kernel.assigns:
                return self._run_in_python(arguments)
            found = recording.issue(kernel, arguments.cells)
        else:
            found = _run(kernel, arguments.cells)
        return kernel.rebuild(found)

    def _run_in_python(self, arguments):
        args, kwargs = arguments.filled_with([tensor_of(cell) for cell in arguments.cells])
        return self.function(*args, **kwargs)

    def trace(self, arguments):
        """Traces the function for arguments; returns its kernel."""
        inputs = [Cell(None, tuple(c.shape), c.dtype) for c in arguments.cells]
        with _tracing(zip(inputs, arguments.cells)) as trace:
            args, kwargs = arguments.filled_with([tensor_of(cell) for cell in inputs])
            result = self.function(*args, **kwargs)
            cells, rebuild = _taken_apart(result)
        tree = jax.tree.structure([0] * len(cells))
        kernel = FunctionKernel(trace, inputs, cells, tree, derivatives.merged)
        kernel.rebuild = rebuild
        kernel.holds = (self.function, arguments.holds)
        return kernel


@contextlib.contextmanager
def _tracing(arguments):
    before = listeners.tapes, listeners.trace
    listeners.tapes, listeners.trace = (), Trace(arguments)
    try:
        with running.computing():
            yield listeners.trace
    finally:
        listeners.tapes, listeners.trace = before


def _taken_apart(result):
    """The cells in a result, and the function that puts tensors in their place."""
    cells = []

    def take(item):
        if isinstance(item, dict):
            items = {key: take(value) for key, value in item.items()}
            return lambda found: {key: part(found) for key, part in items.items()}
        if isinstance(item, (list, tuple)):
            parts, kind = [take(part) for part in item], type(item)
            if hasattr(item, "_fields"):
                return lambda found: kind(*(part(found) for part in parts))
            return lambda found: kind(part(found) for part in parts)
        if isinstance(item, Variable):
            item = tensor_of(recording.cell_of(item))
        elif isinstance(item, (np.ndarray, np.generic, jax.Array)):
            item = from_value(np.asarray(item) if isinstance(item, np.generic) else item)
        elif isinstance(item, (bool, int, float)):
            item = from_value(np.asarray(item, _DTYPES[type(item)]))
        if isinstance(item, EagerTensor):
            place = len(cells)
            cells.append(item.cell)
            return lambda found: found[place]
        if isinstance(item, Operand):
            raise TypeError(f"A traced function returned {item!r}, which has no value.")
        return lambda found: item

    rebuild = take(result)
    return cells, rebuild


_DTYPES = {bool: "bool", int: "int32", float: "float32"}


def _run(kernel, cells):
    """Runs a kernel with nobody listening; the old values of what it writes are given away."""
    if kernel.compiled is None:
        compilation.configure()
        count = kernel.given_away

        def run(away, others):
            return kernel.apply([*away, *others])

        kernel.compiled = compilation.jit(run, **{"donate_argnums": 0} if count else {})
    away = [v.on_device() for v in kernel.reads[: kernel.given_away]]
    if lent:
        away = [
            jax.numpy.copy(value) if id(variable) in lent else value
            for variable, value in zip(kernel.reads, away)
        ]
    others = [read.on_device() for read in kernel.reads[kernel.given_away :]]
    if kernel.uses_seed:
        others.append(np.uint32(draw_seed()))
    if kernel.uses_step:
        others.append(np.uint32(kernel.runs))
        kernel.runs += 1
    others += [cell.known() for cell in cells]
    with wide_scope(kernel.wide):
        if compilation.is_nested([*away, *others]):
            found = kernel.apply([*away, *others])
        else:
            found = kernel.compiled(away, others)
    count = len(kernel.specs)
    for variable, value in zip(kernel.writes, found[count:]):
        variable.adopt(value)
    return [
        from_value(value if host is None else host)
        for value, (_, _, host) in zip(found, kernel.specs)
    ]
