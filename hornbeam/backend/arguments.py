"""`Arguments`: the arguments of a call, taken apart into inputs and what is part of the code."""

import jax
import numpy as np

from hornbeam.backend.cells import Cell, EagerTensor
from hornbeam.backend.tensors import Operand, Shape, Variable

_SMALL = 64  # elements; whole numbers up to this many may be a shape


class _Leaf:
    """The place of an array among the arguments of a call."""

    __slots__ = ("index",)

    def __init__(self, index):
        self.index = index


class Arguments:
    """The arguments of a call, taken apart: arrays are inputs, the rest is part of the code.

    Args:
        structure: Nested lists, tuples and dicts of arguments.
        by_value: Whether small integer arrays are part of the code as well.
        by_identity: Whether functions are known by their identity, whatever they hold on to.

    Attributes:
        cells: List of the cells of the arrays.
        key: Tuple that identifies the rest.
        is_keyed: Whether it does: False with functions that may be new each time.
    """

    def __init__(self, structure, by_value=False, by_identity=False):
        self._by_identity = by_identity
        self.cells, self._key, self.is_keyed = [], [], True
        self._by_value = by_value
        self._notes = []
        self.holds = []  # what the key knows by identity
        self._template = self._take(structure)
        for index, (cell, place) in enumerate(self._notes):
            for kind, static, noted in cell.notes:
                self._key.append(("note", place, kind, static))
                self._notes[index] = (place, kind, static, len(self.cells))
                self.cells.append(noted)
        self._notes = [note for note in self._notes if len(note) == 4]

    @property
    def key(self):
        return (*self._key, tuple((cell.shape, cell.dtype) for cell in self.cells))

    @property
    def has_whole_numbers(self):
        """Whether there are small integer arrays, which might have to be part of the code."""
        return any(
            cell.dtype.is_integer and int(np.prod(cell.shape)) <= _SMALL for cell in self.cells
        )

    def _take(self, item):
        key = self._key
        if isinstance(item, EagerTensor):
            return self._take_cell(item.cell)
        if isinstance(item, Variable):
            key.append(("variable", id(item)))
            self.holds.append(item)
            return item
        if isinstance(item, Operand):
            raise TypeError(f"{item!r} has no value here.")
        if isinstance(item, (np.ndarray, jax.Array)) or (
            isinstance(item, np.floating) and not isinstance(item, float)
        ):
            return self._take_cell(Cell(np.array(item) if isinstance(item, np.ndarray) else item))
        if isinstance(item, dict):
            key.append(("dict", len(item)))
            return {k: (key.append(k), self._take(v))[1] for k, v in item.items()}
        if isinstance(item, (list, tuple)) and not isinstance(item, Shape):
            key.append((type(item), len(item)))
            items = [self._take(part) for part in item]
            if isinstance(item, list):
                return items
            return type(item)(*items) if hasattr(item, "_fields") else tuple(items)
        if isinstance(item, slice):
            key.append(slice)
            return slice(self._take(item.start), self._take(item.stop), self._take(item.step))
        self._take_static(item)
        return item

    def _take_static(self, item):
        if callable(item) and not self._by_identity:
            module = getattr(item, "__module__", None) or ""
            if not module.startswith(("hornbeam.", "jax.", "numpy")) or (
                getattr(item, "__closure__", None) is not None
            ):
                self.is_keyed = False
        try:
            hash(item)
        except TypeError:
            self.is_keyed = False
            if self._by_identity:
                self.holds.append(item)
                self._key.append(("object", id(item)))
            return
        self._key.append((type(item), item))

    def _take_cell(self, cell):
        if self._by_value and cell.dtype.is_integer and int(np.prod(cell.shape)) <= _SMALL:
            value = np.asarray(cell.known())
            self._key.append(("array", value.shape, str(value.dtype), value.tobytes()))
            return value
        if cell.notes:
            self._notes.append((cell, len(self.cells)))
        self._key.append("leaf")
        self.cells.append(cell)
        return _Leaf(len(self.cells) - 1)

    def filled_with(self, tensors):
        """Returns the structure with other tensors in the places of its arrays."""
        return _filled(self._template, tensors)

    def fill(self, program, arrays):
        """Returns the structure with arrays in it, and lets the program know their masks."""
        for place, kind, static, noted in self._notes:
            if kind == "mask":
                program.set_mask(arrays[place], arrays[noted])
            else:
                activation, axis = static
                program.note_logits(arrays[place], activation, arrays[noted], axis)
        return _filled(self._template, arrays)


def _filled(item, arrays):
    if isinstance(item, _Leaf):
        return arrays[item.index]
    if isinstance(item, dict):
        return {key: _filled(value, arrays) for key, value in item.items()}
    if isinstance(item, list):
        return [_filled(part, arrays) for part in item]
    if isinstance(item, tuple) and not isinstance(item, Shape):
        items = [_filled(part, arrays) for part in item]
        return type(item)(*items) if hasattr(item, "_fields") else tuple(items)
    if isinstance(item, slice):
        return slice(
            _filled(item.start, arrays), _filled(item.stop, arrays), _filled(item.step, arrays)
        )
    return item
