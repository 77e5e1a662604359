"""Gradients of recorded instructions: what a tape computes, as one kernel."""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend.recording import Instruction, Kernel, Replay, connect

GRADIENT, JACOBIAN, BATCH_JACOBIAN = "gradient", "jacobian", "batch_jacobian"


class Derivative(Kernel):
    """Derivatives of the targets of a `Replay` with respect to some of its cells.

    Args:
        replay: The `Replay`; its outputs are the targets, then other values that are wanted.
        targets: Integer, how many of the outputs are targets.
        points: Tuple of places among the leaves: sources that no step makes.
        changes: Tuple of `(number, shape, dtype)`: sources that a step makes.
        mode: `'gradient'`, of the sum of all targets; `'jacobian'` or `'batch_jacobian'`, of the
            only target.
        specs: `(shape, dtype, None)` of each result, then of each other wanted value.
        wide: Whether 64-bit dtypes take part.
        weighted: Whether the last inputs are the weights of the targets' elements.
    """

    reads = ()

    def __init__(self, replay, targets, points, changes, mode, specs, wide, weighted):
        super().__init__()
        self.replay, self.targets = replay, targets
        self.points, self.changes = points, changes
        self.mode, self.weighted = mode, weighted
        self.specs, self.wide = specs, wide
        self.is_compiled = all(kernel.is_compiled for kernel, _, _ in replay.steps)
        self.tree = jax.tree.structure([None] * 0)

    def apply(self, values):
        count = len(self.replay.leaves)
        leaves, weights = list(values[:count]), values[count:]

        def forward(points, changes):
            given = list(leaves)
            for place, point in zip(self.points, points):
                given[place] = point
            numbers = [number for number, _, _ in self.changes]
            outputs = self.replay(given, dict(zip(numbers, changes)))
            return outputs[: self.targets], outputs[self.targets :]

        points = [jnp.asarray(leaves[place]) for place in self.points]
        changes = [jnp.zeros(shape, dtype) for _, shape, dtype in self.changes]
        targets, back, others = jax.vjp(forward, points, changes, has_aux=True)
        found = getattr(self, f"_{self.mode}")(targets, back, weights)
        return [*found, *others]

    def _gradient(self, targets, back, weights):
        if not self.weighted:
            weights = [jnp.ones_like(target) for target in targets]
        weights = [
            jnp.broadcast_to(jnp.asarray(w, t.dtype), t.shape) for w, t in zip(weights, targets)
        ]
        points, changes = back(weights)
        return [*points, *changes]

    def _jacobian(self, targets, back, weights):
        (target,) = targets
        basis = jnp.eye(target.size, dtype=target.dtype).reshape(-1, *target.shape)
        points, changes = jax.vmap(lambda row: back([row]))(basis)
        return [rows.reshape(*target.shape, *rows.shape[1:]) for rows in (*points, *changes)]

    def _batch_jacobian(self, targets, back, weights):
        (target,) = targets
        each = target.shape[1:]
        basis = jnp.eye(int(np.prod(each)), dtype=target.dtype).reshape(-1, 1, *each)
        points, changes = jax.vmap(lambda row: back([jnp.broadcast_to(row, target.shape)]))(basis)
        return [
            jnp.moveaxis(rows, 0, 1).reshape(rows.shape[1], *each, *rows.shape[2:])
            for rows in (*points, *changes)
        ]


_kept = {}


def derive(makers, targets, sources, weights=None, mode=GRADIENT, cover=True):
    """Returns the cells of the derivatives of targets with respect to sources.

    Args:
        makers: Dict from cell to the instruction of the tape that makes it.
        targets: List of cells of floats.
        sources: List of different cells of floats.
        weights: None, or a list of cells: what the elements of the targets are multiplied by.
        mode: One of the modes of `Derivative`.
        cover: Whether the values on the way that somebody may ask for are computed along.

    Returns:
        A list of `(cell, instruction)`; None for a source on which no target depends.
    """
    order = _before(makers, targets)
    reached = _connected(order, targets, sources)
    wanted = [source for source in sources if source in reached]
    if not wanted:
        return [None] * len(sources), None
    steps, leaves, numbers = connect(order)
    for cell in targets:
        if cell not in numbers:
            numbers[cell] = len(numbers)
            leaves.append(cell)
    places = {cell: place for place, cell in enumerate(leaves)}
    at_points = [cell for cell in wanted if cell in places]
    at_changes = [cell for cell in wanted if cell not in places]
    covered = []
    if cover:
        covered = [
            cell
            for instruction in order
            for cell in instruction.outputs
            if cell.value is None and cell.is_awaited
        ]
    replay = Replay(
        steps,
        tuple(numbers[cell] for cell in leaves),
        tuple(numbers[cell] for cell in (*targets, *covered)),
    )
    points = tuple(places[cell] for cell in at_points)
    changes = tuple((numbers[c], tuple(c.shape), str(c.dtype)) for c in at_changes)
    key = (replay.key, len(targets), points, changes, mode, weights is not None)
    kernel = _kept.get(key)
    if kernel is None:
        specs = [(_shape(mode, targets, cell), cell.dtype, None) for cell in at_points + at_changes]
        specs += [(tuple(cell.shape), cell.dtype, None) for cell in covered]
        wide = any(instruction.kernel.wide for instruction in order)
        kernel = Derivative(
            replay, len(targets), points, changes, mode, specs, wide, weights is not None
        )
        if kernel.is_compiled:
            while len(_kept) >= 256:
                del _kept[next(iter(_kept))]
            _kept[key] = kernel
    instruction = Instruction(kernel, [*leaves, *(weights or [])])
    if not cover and mode == GRADIENT:
        instruction.way = order, numbers
    for place, cell in enumerate(covered, len(wanted)):
        instruction.outputs[place] = cell
        cell.maker, cell.index = instruction, place
    found = dict(zip(at_points + at_changes, instruction.outputs))
    return [found.get(source) for source in sources], instruction


def _shape(mode, targets, source):
    if mode == GRADIENT:
        return tuple(source.shape)
    if mode == JACOBIAN:
        return (*targets[0].shape, *source.shape)
    return (*targets[0].shape, *tuple(source.shape)[1:])


def _before(makers, targets):
    """Lists the instructions of the tape that make the targets, in order."""
    found, stack = {}, list(targets)
    while stack:
        instruction = makers.get(stack.pop())
        if instruction is not None and instruction.serial not in found:
            found[instruction.serial] = instruction
            stack.extend(instruction.inputs)
    return [found[serial] for serial in sorted(found)]


def _connected(order, targets, sources):
    """The set of the sources on which a target depends through numbers that vary smoothly."""
    reached = {cell for cell in sources}
    for instruction in order:
        if instruction.kernel.cuts:
            continue
        if any(cell in reached for cell in instruction.inputs if cell.dtype.is_floating):
            reached.update(cell for cell in instruction.outputs if cell.dtype.is_floating)
    if not any(target in reached for target in targets):
        return set()
    needed, stack = set(), [target for target in targets if target in reached]
    makers = {cell: instruction for instruction in order for cell in instruction.outputs}
    while stack:
        cell = stack.pop()
        if cell in needed:
            continue
        needed.add(cell)
        instruction = makers.get(cell)
        if instruction is not None and not instruction.kernel.cuts:
            stack.extend(c for c in instruction.inputs if c in reached)
    return needed


def merged(order):
    """Lets derivatives hand out the values on their way, so that these are computed once.

    Args:
        order: List of the instructions of a function, in the order in which they were issued.

    Returns:
        A list of instructions that computes the same, in an order in which they can run.
    """
    makers = {cell: one for one in order for cell in one.outputs}
    for one in order:
        if one.way is None:
            continue
        way, numbers = one.way
        inside = [step for step in way if makers.get(step.outputs[0]) is step]
        if not inside or _reaches(one.inputs, set(inside), makers):
            continue
        both = _with_values(one, inside, numbers)
        makers.update(dict.fromkeys(both.outputs, both))
    return _sorted([makers[cell] for one in order for cell in one.outputs], makers)


def _reaches(cells, wanted, makers):
    """Whether cells depend on one of the instructions."""
    seen, stack = set(), list(cells)
    while stack:
        maker = makers.get(stack.pop())
        if maker in wanted:
            return True
        if maker is not None and maker not in seen:
            seen.add(maker)
            stack.extend(maker.inputs)
    return False


def _with_values(derivative, inside, numbers):
    """The instruction of a derivative that also returns the outputs of what it goes through."""
    kernel = derivative.kernel
    cells = [cell for step in inside for cell in step.outputs]
    replay = kernel.replay
    replay = Replay(
        replay.steps, replay.leaves, (*replay.outputs, *(numbers[cell] for cell in cells))
    )
    both = Instruction(
        Derivative(
            replay,
            kernel.targets,
            kernel.points,
            kernel.changes,
            kernel.mode,
            [*kernel.specs, *((tuple(c.shape), c.dtype, None) for c in cells)],
            kernel.wide,
            kernel.weighted,
        ),
        derivative.inputs,
    )
    both.outputs = [*derivative.outputs, *cells]
    return both


def _sorted(instructions, makers):
    """Sorts instructions so that each comes after those that make its inputs."""
    found, done, stack = [], set(), [(one, False) for one in reversed(instructions)]
    while stack:
        one, ready = stack.pop()
        if one in done:
            continue
        if ready:
            done.add(one)
            found.append(one)
            continue
        stack.append((one, True))
        for cell in one.inputs:
            maker = makers.get(cell)
            if maker is not None and maker not in done:
                stack.append((maker, False))
    return found
