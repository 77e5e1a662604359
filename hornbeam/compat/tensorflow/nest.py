"""`tf.nest`: lists, tuples and dicts of values."""

import jax

from hornbeam.backend.tensors import Operand
from hornbeam.compat.tensorflow.absent import teller

__all__ = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"]


def _is_leaf(x):
    return x is None or isinstance(x, Operand)


def is_nested(structure):
    """Whether `structure` is a list, tuple or dict."""
    return isinstance(structure, (list, tuple, dict))


is_sequence = is_sequence_or_composite = is_nested


def flatten(structure, expand_composites=False):
    """Returns the values in order; of a dict in the order of its keys."""
    return jax.tree.leaves(structure, is_leaf=_is_leaf)


def map_structure(func, *structure, **kwargs):
    """Calls `func` on the values at each place; returns the results in the same structure."""
    kwargs.pop("expand_composites", None)
    kwargs.pop("check_types", None)
    return jax.tree.map(lambda *values: func(*values, **kwargs), *structure, is_leaf=_is_leaf)


def pack_sequence_as(structure, flat_sequence, expand_composites=False):
    """Returns the values of a list in the structure of another."""
    return jax.tree.unflatten(jax.tree.structure(structure, is_leaf=_is_leaf), list(flat_sequence))


def assert_same_structure(nest1, nest2, check_types=True, expand_composites=False):
    """Raises ValueError unless two structures are the same."""
    first, second = (jax.tree.structure(n, is_leaf=_is_leaf) for n in (nest1, nest2))
    if first != second:
        raise ValueError(f"The two structures don't have the same nested structure: {first} and "
                         f"{second}.")


__getattr__ = teller("nest")
