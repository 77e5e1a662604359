"""What the elements of a data set are made of: arrays in tuples and dicts, and data sets."""

import jax
import numpy as np

from hornbeam.backend import eagerly, running
from hornbeam.backend.cells import EagerTensor
from hornbeam.backend.specs import TensorSpec
from hornbeam.backend.tensors import Operand

spec_class = TensorSpec  # what `element_spec` is made of; the names of TensorFlow lend theirs


class Values(np.ndarray):
    """An array with the `numpy()` that programs for TensorFlow call."""

    def numpy(self):
        """Returns a plain NumPy array of the same memory; a scalar as a NumPy number."""
        return np.asarray(self) if self.ndim else np.asarray(self)[()]


def nested(function, structure, *others):
    """Calls `function` on each leaf of tuples and dicts, with the leaves of the others beside."""
    if isinstance(structure, dict):
        return {
            key: nested(function, item, *(other[key] for other in others))
            for key, item in structure.items()
        }
    if isinstance(structure, tuple):
        items = [nested(function, *rows) for rows in zip(structure, *others)]
        return type(structure)(*items) if hasattr(structure, "_fields") else tuple(items)
    return function(structure, *others)


def leaves(structure):
    """Lists the leaves of tuples and dicts."""
    found = []
    nested(found.append, structure)
    return found


def plain(structure):
    """Returns what a user's function or generator made, with NumPy arrays as leaves.

    Lists become arrays, Python numbers and strings too, as TensorFlow converts them. An inner
    data set stays one.
    """
    return nested(_array, structure)


def _array(leaf):
    if type(leaf) is np.ndarray or hasattr(leaf, "as_numpy_iterator"):
        return leaf
    if isinstance(leaf, EagerTensor):
        return np.asarray(leaf.cell.known())
    if isinstance(leaf, np.ndarray):
        return np.asarray(leaf)
    if isinstance(leaf, (np.generic, jax.Array, Operand)):
        return np.asarray(leaf)
    if hasattr(leaf, "numpy"):
        return np.asarray(leaf.numpy())
    found = np.asarray(leaf)
    if found.dtype.kind == "U":
        return np.asarray(
            np.char.encode(found, "utf-8").astype(object) if found.ndim else found.item().encode(),
            dtype=object,
        )
    if found.dtype == np.float64:
        return found.astype(np.float32)
    if found.dtype == np.int64 and (
        not found.size or -(2**31) <= found.min() and found.max() < 2**31
    ):
        return found.astype(np.int32)
    return found


def handed_out(structure):
    """Returns an element as users see it: eager tensors where eager execution is on."""
    return nested(_handed_out, structure)


def _handed_out(leaf):
    if not isinstance(leaf, np.ndarray):
        return leaf
    if leaf.dtype.kind in "biufc" and running.eager() is not None:
        return eagerly.from_value(leaf)
    return leaf.view(Values)


def spec_of(leaf, rows=False):
    """The `TensorSpec` of an array; with `rows`, the number of its rows is None."""
    if not isinstance(leaf, np.ndarray):
        return leaf
    shape = (None, *leaf.shape[1:]) if rows and leaf.ndim else leaf.shape
    return spec_class(shape, "string" if leaf.dtype.kind in "OSU" else leaf.dtype)
