"""Instructions: what eager programs do, recorded so that it can be compiled and differentiated.

An operation, a layer, a loss, a metric or an optimizer that is called on eager values becomes an
`Instruction`: a `Kernel` (a pure function of arrays) and the cells that go in and come out. Where
no tape and no function listens, it is computed at once. Under a tape it waits: its outputs are
computed when somebody asks for a value, or together with the gradient.

Kernels are kept by what identifies the call: the function, its static arguments, shapes and dtypes,
layers and variables by identity. Compiled programs are kept by the kernels in them and how they are
connected. So the second step of a training loop compiles nothing.
"""

import collections
import contextlib
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam.backend import compilation, names, running
from hornbeam.backend.arguments import Arguments
from hornbeam.backend.cells import (
    Cell,
    EagerTensor,
    TracedValueError,
    is_host,
    is_wide,
    lent,
    listeners,
    tensor_of,
)
from hornbeam.backend.executable import Traced
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import draw_seed
from hornbeam.backend.tensors import WIDE_DTYPES, Operand

_KERNELS = 4096  # kept at most
_PROGRAMS = 512

_NEEDS_VALUES = (
    jax.errors.TracerIntegerConversionError,
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.NonConcreteBooleanIndexError,
    TypeError,
    IndexError,
)


class _Kept(collections.OrderedDict):
    """A dict of the items that were used last."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def get(self, key, default=None):
        found = super().get(key, default)
        if found is not default:
            with contextlib.suppress(KeyError):  # another thread has just dropped it
                self.move_to_end(key)
        return found

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        if len(self) > self.size:
            self.popitem(last=False)


_kernels = _Kept(_KERNELS)
_programs = _Kept(_PROGRAMS)
_by_value = set()  # keys of calls whose small integer arrays must be known when they are traced


@names.on_reset
def _forget():
    _kernels.clear()
    _programs.clear()
    _by_value.clear()


# ---- who listens


def is_heard():
    """Whether a tape or a function that is traced listens to what is computed now."""
    return bool(listeners.tapes) or listeners.trace is not None


@contextlib.contextmanager
def unheard():
    """Context in which no tape and no traced function listens, and no program is active."""
    before = listeners.tapes, listeners.trace
    listeners.tapes, listeners.trace = (), None
    try:
        with running.activate(None), running.computing():
            yield
    finally:
        listeners.tapes, listeners.trace = before


# ---- kernels


class Kernel:
    """A pure function of arrays: the values of `reads`, a seed, a step, then its arguments.

    Attributes:
        reads: List of variables (and captured eager tensors) whose values are its first inputs.
        writes: List of variables whose new values are its last outputs.
        uses_seed, uses_step: Whether these are among its inputs.
        specs: `(shape, dtype, host value or None)` of each output without those of `writes`.
        tree: Structure of these outputs.
        wide: Whether 64-bit dtypes take part.
        is_compiled: False for what is new each time, and not worth compiling.
        cuts: Whether no gradient goes through it.
    """

    writes = ()
    uses_seed = uses_step = False
    is_compiled = True
    cuts = False
    wide = False
    notes = ()

    def __init__(self):
        self.runs = 0

    def apply(self, values):
        """Computes the outputs, a list, from the list of all inputs."""
        raise NotImplementedError


class TracedKernel(Kernel):
    """A kernel whose body runs in a program once, when it is traced.

    Args:
        body: Function `(program, arrays) -> outputs`.
        arrays: List of `ShapeDtypeStruct`s.
        training: Bool.
        wide: Bool.
    """

    def __init__(self, body, arrays, training, wide):
        super().__init__()
        found = []

        def noting(program, arrays):
            outputs = body(program, arrays)
            leaves, tree = jax.tree.flatten(outputs)
            found[:] = leaves, tree
            return outputs

        self._traced = traced = Traced(noting, arrays, training, wide)
        leaves, self.tree = found
        self.host = [leaf if is_host(leaf) else None for leaf in leaves]
        self.specs = [
            (spec.shape, spec.dtype, host)
            for spec, host in zip(jax.tree.leaves(traced.outputs), self.host, strict=True)
        ]
        self.reads = [*traced.state, *traced.constants]
        self.writes = list(traced.state)
        self.wide = traced.wide
        self._count = len(self.reads)
        self.uses_seed, self.uses_step = traced.asks_for()

    def apply(self, values):
        place = self._count
        seed = step = np.uint32(0)
        if self.uses_seed:
            seed, place = values[place], place + 1
        if self.uses_step:
            step, place = values[place], place + 1
        states = len(self.writes)
        new, outputs = self._traced.compute(
            values[:states], values[states : self._count], seed, step, values[place:]
        )
        return [*jax.tree.leaves(outputs), *new]


# ---- instructions


class Instruction:
    """One call of a kernel: the cells that go in and the cells that come out.

    Attributes:
        way: For a derivative, the list of the instructions that it goes through and the dict of
            their cells' numbers; else None.
    """

    __slots__ = ("__weakref__", "inputs", "kernel", "outputs", "serial", "way")

    _serial = itertools.count()

    def __init__(self, kernel, inputs):
        self.kernel = kernel
        self.inputs = inputs
        self.serial = next(Instruction._serial)
        self.way = None
        self.outputs = [
            Cell(host, shape, dtype, self, index)
            for index, (shape, dtype, host) in enumerate(kernel.specs)
        ]
        first = len(self.outputs)
        self.outputs += [
            Cell(None, tuple(v.shape), v.dtype, self, first + index, variable=v)
            for index, v in enumerate(kernel.writes)
        ]

    @property
    def written(self):
        """Pairs of a variable and the cell of its new value."""
        return list(zip(self.kernel.writes, self.outputs[len(self.kernel.specs) :]))

    def evaluate(self, cells):
        """Computes cells, and all that is waiting before them."""
        evaluate(cells)


def kept_kernel(key, make):
    """Returns the kernel that is kept under a key, made by `make()` at first."""
    kernel = _kernels.get(key)
    if kernel is None:
        kernel = _kernels[key] = make()
    return kernel


def issue(kernel, cells):
    """Calls a kernel on cells now: records it, or computes it where nobody listens.

    Returns:
        Eager tensors in the structure of its outputs.
    """
    trace = listeners.trace
    inputs = [cell_of(read) for read in kernel.reads]
    if kernel.uses_seed:
        inputs.append(Cell(np.uint32(draw_seed())) if trace is None else trace.new_seed())
    if kernel.uses_step:
        inputs.append(Cell(np.uint32(kernel.runs)) if trace is None else trace.step)
        kernel.runs += 1
    instruction = Instruction(kernel, inputs + list(cells))
    count = len(kernel.specs)
    outputs = [tensor_of(cell) for cell in instruction.outputs[:count]]
    for index, kind, static, place in kernel.notes:
        cell = instruction.outputs[index]
        cell.notes = (*cell.notes, (kind, static, instruction.outputs[place]))
    for tape in listeners.tapes:
        tape.note(instruction)
    if trace is not None:
        for variable, cell in instruction.written:
            trace.write(variable, cell)
    elif kernel.writes:
        evaluate(instruction.outputs)
        for variable, cell in instruction.written:
            store(variable, cell)
    elif not listeners.tapes:
        evaluate(instruction.outputs)
    return jax.tree.unflatten(kernel.tree, outputs)


def cell_of(read):
    """Returns the cell of the current value of a variable, or of an eager tensor."""
    if isinstance(read, EagerTensor):
        return read.cell
    if listeners.trace is not None:
        return listeners.trace.read(read)
    program = running.beneath()
    if program is not None:
        value = program.read(read)
    else:
        value = read.on_device()
    cell = lent.get(id(read))
    if cell is None or cell.value is not value or cell.variable is not read:
        cell = Cell(value, tuple(read.shape), read.dtype, variable=read)
        lent[id(read)] = cell
    return cell


def store(variable, cell):
    """Writes the value of a cell into a variable."""
    program = running.beneath()
    if program is not None:
        program.write(variable, cell.known())
        return
    variable.adopt(cell.known())
    if cell.variable is variable:
        lent[id(variable)] = cell


def assign(variable, value):
    """Writes an array or eager tensor into a variable: `variable.assign(value)`.

    Raises:
        ValueError: if the shape is another.
    """
    shape = np.shape(value) if not isinstance(value, Operand) else tuple(value.shape)
    if tuple(shape) != tuple(variable.shape):
        raise ValueError(
            f"Cannot assign a value of shape {tuple(shape)} to the variable {variable.name} of "
            f"shape {tuple(variable.shape)}."
        )
    dtype = variable.dtype

    def body(program, arrays):
        # What is read from here on is the variable, not what it was assigned from.
        return lax.stop_gradient(jnp.asarray(program.resolve(arrays[0]), dtype))

    with wide_scope(variable.wide):
        result = call(("assign", dtype), body, [value], variable.wide, mark=_cut)
    result.cell.variable = variable
    if listeners.trace is not None:
        listeners.trace.write(variable, result.cell)
    else:
        store(variable, result.cell)


def _cut(kernel):
    kernel.cuts = True


# ---- calls


def call(key, body, structure, wide=False, training=False, mark=None, notes=False):
    """Calls `body` on arguments, as one instruction.

    Args:
        key: Hashable, identifies the body; what it knows by identity must live as long as it.
        body: Function `(program, structure) -> outputs`, on arrays.
        structure: Arguments: nested lists, tuples and dicts with eager tensors, arrays, variables.
        wide: Whether 64-bit dtypes take part, whatever the arguments.
        training: Bool, the learning phase.
        mark: None or a function that is called with a new kernel.
        notes: Whether the body returns `(outputs, [(index, kind, static, value), ...])`: masks
            and logits that travel with its outputs.

    Returns:
        Eager tensors in the structure of what the body returns.
    """
    key = (key, wide, training)
    arguments = structure if isinstance(structure, Arguments) else Arguments(structure)
    cells, whole = _narrowed(arguments.cells, wide)
    full = (key, arguments.key, whole)
    if full in _by_value:
        return _call_by_value(key, body, structure, wide, training, mark, notes)
    kernel = _kernels.get(full) if arguments.is_keyed else None
    if kernel is None:
        try:
            kernel = _make(arguments, cells, body, whole, training, mark, notes)
        except _NEEDS_VALUES:
            if isinstance(structure, Arguments) or not arguments.has_whole_numbers:
                raise
            result = _call_by_value(key, body, structure, wide, training, mark, notes)
            _by_value.add(full)
            return result
        if arguments.is_keyed:
            kernel.holds = (arguments.holds, body)
            _kernels[full] = kernel
        else:
            kernel.is_compiled = False
    return issue(kernel, cells)


def _call_by_value(key, body, structure, wide, training, mark, notes):
    arguments = Arguments(structure, by_value=True)
    cells, whole = _narrowed(arguments.cells, wide)
    full = (key, arguments.key, whole)
    kernel = _kernels.get(full) if arguments.is_keyed else None
    if kernel is None:
        kernel = _make(arguments, cells, body, whole, training, mark, notes)
        if arguments.is_keyed:
            kernel.holds = (arguments.holds, body)
            _kernels[full] = kernel
        else:
            kernel.is_compiled = False
    return issue(kernel, cells)


def _make(arguments, cells, body, wide, training, mark, notes):
    noted = []

    def filled(program, arrays):
        outputs = body(program, arguments.fill(program, arrays))
        if not notes:
            return outputs
        outputs, beside = outputs
        first = len(jax.tree.leaves(outputs))
        noted[:] = [
            (index, kind, static, first + place)
            for place, (index, kind, static, _) in enumerate(beside)
        ]
        return outputs, [value for *_, value in beside]

    with wide_scope(wide):
        shapes = [jax.ShapeDtypeStruct(tuple(cell.shape), cell.dtype) for cell in cells]
    kernel = TracedKernel(filled, shapes, training, wide)
    kernel.notes = tuple(noted)
    if mark is not None:
        mark(kernel)
    return kernel


def _narrowed(cells, wide):
    """Gives 64-bit arrays 32 bits, unless all have 64 or `wide` asks for it."""
    if wide or is_wide(cells):
        return cells, True
    if not any(cell.dtype in WIDE_DTYPES for cell in cells):
        return cells, False
    return [_narrow(cell) if cell.dtype in WIDE_DTYPES else cell for cell in cells], False


def _narrow(cell):
    dtype = str(cell.dtype).replace("64", "32").replace("128", "64")
    if isinstance(cell.value, np.ndarray):
        return Cell(cell.value.astype(dtype))
    narrow = lambda program, arrays: arrays[0].astype(dtype)  # noqa: E731
    return call(("narrow", dtype), narrow, [tensor_of(cell)]).cell


# ---- computing


def evaluate(wanted):
    """Computes cells, and all that is waiting before them, in one compiled program."""
    order = _waiting(wanted)
    if not order:
        return
    steps, leaves, kept = connect(order)
    wanted = [cell for cell in wanted if cell.value is None]
    cells = list(
        dict.fromkeys(
            [
                *wanted,
                *(
                    cell
                    for instruction in order
                    for cell in instruction.outputs
                    if cell.value is None and cell.is_awaited
                ),
            ]
        )
    )
    numbers = kept
    outputs = tuple(numbers[cell] for cell in cells)
    values = [cell.value for cell in leaves]
    wide = any(instruction.kernel.wide for instruction in order)
    replay = Replay(steps, tuple(numbers[cell] for cell in leaves), outputs)
    compiles = all(instruction.kernel.is_compiled for instruction in order)
    with wide_scope(wide):
        if compilation.is_nested(values) or not compiles:
            found = replay(values)
        else:
            found = _compiled(replay)(values)
    for cell, value in zip(cells, found):
        cell.value, cell.maker = value, None


def _compiled(replay):
    compiled = _programs.get(replay.key)
    if compiled is None:
        compilation.configure()
        compiled = _programs[replay.key] = compilation.jit(replay)
    return compiled


def _waiting(wanted):
    """Lists the instructions that must run for cells, in the order in which they were issued."""
    found, stack = {}, list(wanted)
    while stack:
        cell = stack.pop()
        if cell.value is not None:
            continue
        if cell.maker is None:
            cell.known()  # tells that it never will be
        if cell.maker.serial in found:
            continue
        found[cell.maker.serial] = cell.maker
        stack.extend(cell.maker.inputs)
    return [found[serial] for serial in sorted(found)]


def connect(instructions, cut=()):
    """Numbers the cells of instructions.

    Args:
        instructions: List, in the order in which they run.
        cut: Cells that are inputs, whatever makes them.

    Returns:
        `steps`, a tuple of `(kernel, numbers of the inputs, number of the first output)`; the list
        of the cells that no step makes; and a dict from cell to number.
    """
    numbers, leaves, steps = {}, [], []
    for instruction in instructions:
        inputs = []
        for cell in instruction.inputs:
            number = numbers.get(cell)
            if number is None:
                number = numbers[cell] = len(numbers)
                leaves.append(cell)
            inputs.append(number)
        first = len(numbers)
        for offset, cell in enumerate(instruction.outputs):
            numbers[cell] = first + offset
        steps.append((instruction.kernel, tuple(inputs), first))
    return tuple(steps), leaves, numbers


class Replay:
    """Instructions as a pure function from the values of leaves to those of outputs.

    Args:
        steps: As `connect` returns them.
        leaves: Tuple of the numbers of the cells that are given.
        outputs: Tuple of the numbers of the cells that are wanted.

    Attributes:
        key: Tuple that identifies the function. It knows kernels by identity.
    """

    def __init__(self, steps, leaves, outputs):
        self.steps, self.leaves, self.outputs = steps, leaves, outputs
        self.key = (
            tuple((id(kernel), inputs, first) for kernel, inputs, first in steps),
            leaves,
            outputs,
        )

    def __call__(self, values, change=None):
        """Computes the outputs.

        Args:
            values: List of the values of the leaves.
            change: None or a dict from number to an array that is added to what a step makes.
        """
        known = dict(zip(self.leaves, values))
        for kernel, inputs, first in self.steps:
            outputs = kernel.apply([known[number] for number in inputs])
            for number, value in enumerate(outputs, first):
                if change and number in change:
                    value = value + change[number]
                known[number] = value
        return [known[number] for number in self.outputs]


__all__ = [
    "Instruction",
    "Kernel",
    "Replay",
    "TracedKernel",
    "TracedValueError",
    "assign",
    "call",
    "cell_of",
    "connect",
    "evaluate",
    "is_heard",
    "issue",
    "kept_kernel",
    "listeners",
    "store",
    "unheard",
]
