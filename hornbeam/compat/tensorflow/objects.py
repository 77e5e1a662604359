"""Classes of TensorFlow that programs subclass or ask for: `tf.Module`, `tf.SparseTensor`, ..."""

import functools
import time

import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.backend.tensors import Variable
from hornbeam.compat.tensorflow.constants import constant
from hornbeam.compat.tensorflow.wrapping import function

__all__ = [
    "AggregationMethod", "IndexedSlices", "Module", "RaggedTensor", "SparseTensor", "TypeSpec",
    "realdiv", "timestamp", "unravel_index",
]  # fmt: skip


class Module:
    """A container of variables and other modules, found in its attributes.

    Args:
        name: String; None means the class's name in lower case.
    """

    def __init__(self, name=None):
        self._name = name or type(self).__name__.lower()

    @property
    def name(self):
        return self._name

    def _parts(self):
        """Yields what the attributes hold, in lists, tuples and dicts too, each once."""
        seen, stack = set(), [value for _, value in sorted(vars(self).items(), reverse=True)]
        while stack:
            item = stack.pop()
            if id(item) in seen:
                continue
            seen.add(id(item))
            if isinstance(item, dict):
                stack.extend(reversed(list(item.values())))
            elif isinstance(item, (list, tuple)):
                stack.extend(reversed(item))
            else:
                yield item
                if isinstance(item, Module):
                    stack.extend(value for _, value in sorted(vars(item).items(), reverse=True))

    @property
    def variables(self):
        """Tuple of the variables of this module and those in it."""
        found = []
        for part in self._parts():
            own = [part] if isinstance(part, Variable) else getattr(part, "weights", ())
            found.extend(v for v in own if not any(v is known for known in found))
        return tuple(found)

    @property
    def trainable_variables(self):
        """Tuple of those that training changes."""
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def non_trainable_variables(self):
        """Tuple of the others."""
        return tuple(variable for variable in self.variables if not variable.trainable)

    @property
    def submodules(self):
        """Tuple of the modules in it."""
        return tuple(part for part in self._parts() if isinstance(part, Module))

    @property
    def name_scope(self):
        """Context that puts the name before those of what is made inside."""
        return K.name_scope(self.name)

    @classmethod
    def with_name_scope(cls, method):
        """Decorator of a method that runs in `name_scope`."""

        @functools.wraps(method)
        def scoped(self, *args, **kwargs):
            with self.name_scope:
                return method(self, *args, **kwargs)

        return scoped


class AggregationMethod:
    """How gradients are added up; XLA decides."""

    ADD_N, DEFAULT, EXPERIMENTAL_TREE, EXPERIMENTAL_ACCUMULATE_N = 0, 0, 1, 2


class TypeSpec:
    """For `isinstance`: `tf.TensorSpec` is the only kind here."""


def _dense_only(name, instead):
    def __init__(self, *args, **kwargs):
        raise NotImplementedError(f"tf.{name} is not provided by hornbeam. {instead}")

    return type(name, (), {"__doc__": f"For `isinstance`; making one raises. {instead}",
                           "__init__": __init__, "__module__": __name__})


SparseTensor = _dense_only("SparseTensor", "Tensors are dense here; scipy.sparse matrices are "
                           "taken where Keras takes them.")
RaggedTensor = _dense_only("RaggedTensor", "Pad sequences with "
                           "keras.preprocessing.sequence.pad_sequences and use Masking.")
IndexedSlices = _dense_only("IndexedSlices", "Gradients are dense tensors here.")


def timestamp(name=None):
    """Returns the seconds since 1970, float64."""
    return constant(np.array(time.time(), "float64"))


@function
def unravel_index(indices, dims):
    """The places in a shape of places in the flat tensor, one row for each axis."""
    return jnp.stack(jnp.unravel_index(jnp.asarray(indices), tuple(int(d) for d in dims)))


@function
def realdiv(x, y):
    """`x / y`."""
    return jnp.asarray(x) / jnp.asarray(y)
