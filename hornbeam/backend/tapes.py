"""`Tape`: listens to what is computed and differentiates it: the inside of `tf.GradientTape`."""

import contextlib
import warnings

import numpy as np

from hornbeam.backend import derivatives, recording, running
from hornbeam.backend.cells import Cell, EagerTensor, listeners, tensor_of
from hornbeam.backend.derivatives import BATCH_JACOBIAN, GRADIENT, JACOBIAN
from hornbeam.backend.tensors import Operand, Variable


class Tape:
    """Records what is computed in its context, for gradients.

    Args:
        persistent: Bool. Whether gradients may be asked for more than once.
        watch_accessed_variables: Bool. Whether trainable variables are watched as they are read.

    Source: `tf.GradientTape` of TensorFlow 2.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watches_variables = watch_accessed_variables
        self._makers = {}  # cell -> the instruction that makes it
        self._read = {}  # variable -> the cells of the values that were read, in order
        self._watched = set()  # cells, and variables
        self._used = False
        self._context = None

    def __enter__(self):
        if self._context is not None:
            raise ValueError("Tape is still recording. This can happen if you try to re-enter it.")
        self._used = False
        self._context = contextlib.ExitStack()
        self._context.enter_context(running.computing())
        self._start()
        return self

    def __exit__(self, *error):
        self._stop()
        self._context.close()
        self._context = None

    def _start(self):
        listeners.tapes = (*listeners.tapes, self)

    def _stop(self):
        listeners.tapes = tuple(tape for tape in listeners.tapes if tape is not self)

    @property
    def _is_recording(self):
        return self in listeners.tapes

    def note(self, instruction):
        """Takes an instruction that was issued."""
        for cell in instruction.inputs:
            maker = self._makers.get(cell)
            if cell.variable is not None and (maker is None or maker.kernel.cuts):
                self._note_variable(cell.variable, cell)
        for variable, cell in instruction.written:
            self._note_variable(variable, cell)
        self._makers.update(dict.fromkeys(instruction.outputs, instruction))

    def _note_variable(self, variable, cell):
        cells = self._read.setdefault(variable, [])
        if not any(cell is other for other in cells):
            cells.append(cell)

    def watch(self, tensor):
        """Makes gradients with respect to tensors or variables possible.

        Args:
            tensor: Eager tensor or variable of floats, or nested lists of them.

        Raises:
            TypeError: for what is no tensor, such as a NumPy array: `tf.convert_to_tensor` it.
        """
        for item in _flat(tensor):
            if isinstance(item, Variable):
                self._watched.add(item)
            elif isinstance(item, EagerTensor):
                if not item.dtype.is_floating:
                    warnings.warn(
                        f"The dtype of the watched tensor must be floating (e.g. float32), got "
                        f"{item.dtype}.",
                        UserWarning,
                        stacklevel=2,
                    )
                self._watched.add(item.cell)
            else:
                raise TypeError(
                    f"tape.watch expects a tensor or a variable; got {type(item).__name__}. Make "
                    "a tensor of it with tf.convert_to_tensor first."
                )

    def watched_variables(self):
        """Returns the trainable variables that were read, in order, as a tuple."""
        if not self._watches_variables:
            return tuple(item for item in self._watched if isinstance(item, Variable))
        return tuple(v for v in self._read if v.trainable or v in self._watched)

    @contextlib.contextmanager
    def stop_recording(self):
        """Context in which nothing is recorded."""
        if not self._is_recording:
            raise ValueError("stop_recording needs a tape that is recording.")
        self._stop()
        try:
            yield
        finally:
            self._start()

    def reset(self):
        """Forgets what was recorded."""
        self._makers, self._read, self._watched = {}, {}, set()
        self._used = False

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        """Returns the gradients of targets with respect to sources.

        Args:
            target: Tensor of floats, or a list of them; the gradient is of the sum of all their
                elements.
            sources: Tensor, variable, or nested lists, tuples and dicts of them.
            output_gradients: None, or weights of the targets' elements, for each target.
            unconnected_gradients: `'none'` or `'zero'`: what is returned for a source on which no
                target depends.

        Returns:
            Tensors in the structure of `sources`.

        Raises:
            RuntimeError: at the second call, if the tape is not `persistent`.
            ValueError: for another `unconnected_gradients`.
        """
        unconnected = _choice(unconnected_gradients)
        if self._used:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients "
                "(or jacobians). Pass persistent=True for more."
            )
        targets = [_cell(item) for item in _flat(target)]
        weights = None
        if output_gradients is not None:
            given = _flat(output_gradients)
            weights = [
                Cell(np.ones(t.shape, t.dtype)) if g is None else _cell(g)
                for t, g in zip(targets, given, strict=True)
            ]
        return self._differentiate(targets, sources, weights, GRADIENT, unconnected)

    def jacobian(
        self,
        target,
        sources,
        unconnected_gradients="none",
        parallel_iterations=None,
        experimental_use_pfor=True,
    ):
        """Returns the derivative of each element of a target with respect to each of the sources.

        Args:
            target: Tensor.
            sources: As for `gradient`.
            unconnected_gradients: As for `gradient`.
            parallel_iterations, experimental_use_pfor: Of TensorFlow's way to compute it; the
                result does not depend on them.

        Returns:
            Tensors of shape `target.shape + source.shape`, in the structure of `sources`.
        """
        unconnected = _choice(unconnected_gradients)
        return self._differentiate([_cell(target)], sources, None, JACOBIAN, unconnected)

    def batch_jacobian(
        self,
        target,
        source,
        unconnected_gradients="none",
        parallel_iterations=None,
        experimental_use_pfor=True,
    ):
        """Returns the jacobian of each sample of a target with respect to that of a source.

        Args:
            target: Tensor `(batch, ...)`; each sample depends on that of the source alone.
            source: Tensor `(batch, ...)`.
            unconnected_gradients, parallel_iterations, experimental_use_pfor: As for `jacobian`.

        Returns:
            Tensor of shape `(batch, *target.shape[1:], *source.shape[1:])`.

        Raises:
            ValueError: if the batches differ.
        """
        if tuple(target.shape[:1]) != tuple(source.shape[:1]):
            raise ValueError(
                f"batch_jacobian needs one number of samples; target has shape "
                f"{tuple(target.shape)}, source {tuple(source.shape)}."
            )
        unconnected = _choice(unconnected_gradients)
        return self._differentiate([_cell(target)], source, None, BATCH_JACOBIAN, unconnected)

    # ---- how

    def _differentiate(self, targets, sources, weights, mode, unconnected):
        with contextlib.ExitStack() as stack:
            if running.program() is not None:
                stack.enter_context(running.computing())
            return self._derivatives(targets, sources, weights, mode, unconnected)

    def _derivatives(self, targets, sources, weights, mode, unconnected):
        was_recording = self._is_recording
        if was_recording and not self._persistent:
            self._stop()
        floats = [cell for cell in targets if cell.dtype.is_floating]
        if weights is not None:
            weights = [w for cell, w in zip(targets, weights) if cell.dtype.is_floating]
        of_source = {id(source): self._cells_of(source) for source in _flat(sources)}
        cells = dict.fromkeys(cell for group in of_source.values() for cell in group)
        found = dict.fromkeys(cells)
        if cells and floats:
            others = [tape for tape in listeners.tapes if tape is not self or self._persistent]
            lazy = bool(others) or listeners.trace is not None
            results, instruction = derivatives.derive(
                self._makers, floats, list(cells), weights, mode, cover=not lazy
            )
            found = dict(zip(cells, results))
            if instruction is not None:
                held = [tensor_of(cell) for cell in results if cell is not None]
                for tape in others:
                    tape.note(instruction)
                if not lazy:
                    recording.evaluate([tensor.cell for tensor in held])
        if not self._persistent:
            self._used = True
            self._makers, self._read = {}, {}
        return _mapped(
            sources,
            lambda source: _total([found[c] for c in of_source[id(source)]], source, unconnected),
        )

    def _cells_of(self, source):
        """The cells by which the gradient with respect to a source is known."""
        if isinstance(source, Variable):
            if source in self._watched or (self._watches_variables and source.trainable):
                return [c for c in self._read.get(source, ()) if c.dtype.is_floating]
            return []
        if not isinstance(source, EagerTensor):
            raise ValueError(
                f"A source of a gradient must be a tensor or a variable; got {source!r}."
            )
        cell = source.cell
        if cell not in self._watched and cell not in self._makers:
            return []
        return [cell] if cell.dtype.is_floating else []


def _total(parts, source, unconnected):
    """The gradient of a source: the sum over the values that it had, as a tensor."""
    parts = [tensor_of(cell) for cell in parts if cell is not None]
    if not parts:
        if unconnected == "none":
            return None
        return tensor_of(Cell(np.zeros(tuple(source.shape), source.dtype)))
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _choice(unconnected):
    name = getattr(unconnected, "value", unconnected)
    if name not in ("none", "zero"):
        raise ValueError(
            f"Unknown value for unconnected_gradients: {unconnected!r}. Expected 'none' or 'zero'."
        )
    return name


def _cell(item):
    if isinstance(item, Variable):
        return recording.cell_of(item)
    if isinstance(item, EagerTensor):
        return item.cell
    if isinstance(item, Operand):
        raise TypeError(
            f"A tape differentiates tensors that have a value; {item!r} depends on a placeholder. "
            "Use K.gradients on it, or call the model on data inside the tape."
        )
    return Cell(np.asarray(item))


def _flat(structure):
    if isinstance(structure, dict):
        return [leaf for key in structure for leaf in _flat(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in _flat(item)]
    return [structure]


def _mapped(structure, function):
    if isinstance(structure, dict):
        return {key: _mapped(item, function) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        items = [_mapped(item, function) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return function(structure)
