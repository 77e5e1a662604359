"""`Trace`: what a function does, recorded as instructions, and the kernel that is made of it."""

import jax
import numpy as np

from hornbeam.backend.cells import Cell, is_host, listeners, tensor_of
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.program import draw_seed
from hornbeam.backend.recording import (
    Instruction,
    Kernel,
    Replay,
    TracedKernel,
    connect,
    kept_kernel,
)
from hornbeam.backend.tensors import Variable


class Trace:
    """What a function does with its arguments and with variables, recorded as instructions.

    Attributes:
        arguments: Dict from the cell of an argument to that of the call that is traced.
        seed, step: Cells of numbers that each run is given.
        reads: Dict from variable to the cell of its value when the function begins.
        written: Dict from variable to the cell of its value when the function ends.
    """

    def __init__(self, arguments=()):
        self.arguments = dict(arguments)
        self.seed = Cell(None, (), "uint32")
        self.step = Cell(None, (), "uint32")
        self.reads, self.written = {}, {}
        self.start = next(Instruction._serial)  # what was issued before is not of this function
        self._seeds = 0

    def read(self, variable):
        """Returns the cell of a variable's value here."""
        cell = self.written.get(variable) or self.reads.get(variable)
        if cell is None:
            cell = Cell(None, tuple(variable.shape), variable.dtype, variable=variable)
            self.reads[variable] = cell
        return cell

    def value_now(self, cell):
        """Returns what a cell that no instruction makes is in the call that is traced."""
        if cell is self.seed:
            return np.uint32(draw_seed())
        if cell is self.step:
            return np.uint32(0)
        if cell.variable is not None and self.reads.get(cell.variable) is cell:
            return cell.variable.on_device()
        return self.arguments.get(cell, cell).known()

    def write(self, variable, cell):
        """Makes a cell the value of a variable from here on."""
        self.written[variable] = cell

    def new_seed(self):
        """Returns the cell of another seed, made of the run's."""
        self._seeds += 1
        number = self._seeds
        key = ("seed", number)

        def body(program, arrays):
            return arrays[0] * np.uint32(1664525) + np.uint32(number * 0x9E3779B9 % 2**32)

        instruction = Instruction(_seed_kernel(key, body), [self.seed])
        return instruction.outputs[0]


def _seed_kernel(key, body):
    shapes = [jax.ShapeDtypeStruct((), "uint32")]
    return kept_kernel(key, lambda: TracedKernel(body, shapes, False, False))


class FunctionKernel(Kernel):
    """A whole traced function as one kernel.

    Args:
        trace: The `Trace` of its body.
        arguments: List of the cells of its array arguments.
        outputs: List of the cells of its results.
        tree: The structure of its results.
        arrange: Function from the list of its instructions to the one that is computed.

    Attributes:
        assigns: Whether it assigns to variables, which a tape must see one by one.
    """

    def __init__(self, trace, arguments, outputs, tree, arrange=list):
        super().__init__()
        self.tree = tree
        written = {v: cell for v, cell in trace.written.items() if trace.reads.get(v) is not cell}
        self.writes = list(written)
        ends = [*outputs, *written.values()]
        order = _issued_in(trace, ends)
        self.wide = any(instruction.kernel.wide for instruction in order)
        self.is_compiled = True
        self.specs = [
            (tuple(cell.shape), cell.dtype, cell.value if is_host(cell.value) else None)
            for cell in outputs
        ]
        self.assigns = any(instruction.kernel.cuts for instruction in order)
        order = arrange(order)
        steps, leaves, numbers = connect(order)
        for cell in [*ends, *arguments, trace.seed, trace.step]:
            if cell not in numbers:
                numbers[cell] = len(numbers)
                leaves.append(cell)
        variables = {cell: variable for variable, cell in trace.reads.items()}
        given = {*arguments, trace.seed, trace.step}
        self.uses_seed = any(numbers[trace.seed] in inputs for _, inputs, _ in steps)
        self.uses_step = any(numbers[trace.step] in inputs for _, inputs, _ in steps)
        read = [variables[cell] for cell in leaves if cell in variables]
        own, changed = set(read), set(self.writes)  # a list would compare the values
        first = [v for v in self.writes if v in own]
        self.given_away = len(first)
        self.compiled = None
        captured = [cell for cell in leaves if cell not in variables and cell not in given]
        captured = [tensor_of(cell) for cell in captured]
        self.reads = [*first, *(v for v in read if v not in changed), *captured]
        inputs = [trace.reads[r] if isinstance(r, Variable) else r.cell for r in self.reads]
        inputs += [trace.seed] if self.uses_seed else []
        inputs += [trace.step] if self.uses_step else []
        inputs += arguments
        self._replay = Replay(
            steps,
            tuple(numbers[cell] for cell in inputs),
            tuple(numbers[cell] for cell in ends),
        )

    def apply(self, values):
        return self._replay(values)


def _issued_in(trace, wanted):
    """Lists the instructions of a traced function that make cells, in order."""
    found, stack = {}, list(wanted)
    while stack:
        cell = stack.pop()
        maker = cell.maker
        if cell.value is None and maker is not None and maker.serial > trace.start:
            if maker.serial not in found:
                found[maker.serial] = maker
                stack.extend(maker.inputs)
    return [found[serial] for serial in sorted(found)]


def initial(cell):
    """Returns the value of a cell for a new variable, also where a function is being traced.

    Then it is what the arguments of the call that is traced make of it.
    """
    trace = listeners.trace
    if trace is None or cell.value is not None:
        return cell.known()
    order = _issued_in(trace, [cell])
    steps, leaves, numbers = connect(order)
    replay = Replay(steps, tuple(numbers[leaf] for leaf in leaves), (numbers[cell],))
    with wide_scope(any(instruction.kernel.wide for instruction in order)):
        return replay([trace.value_now(leaf) for leaf in leaves])[0]
