"""Constraints: functions that project weights back where they belong after each update.

`axis` is where the norms are taken: 0 for the kernel `(inputs, outputs)` of a dense layer, so that
each unit's incoming weights are one vector; `[0, 1, 2]` for the kernel `(rows, columns, inputs,
outputs)` of a convolution, so that each filter is.
"""

import inspect

import numpy as np

from hornbeam import backend as K
from hornbeam.registry import (
    deserialize_keras_object,
    instance_by_name,
    serialize_keras_object,
)
from hornbeam.renames import takes_old_names

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "RadialConstraint",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "maxnorm",
    "min_max_norm",
    "non_neg",
    "nonneg",
    "radial_constraint",
    "serialize",
    "unit_norm",
    "unitnorm",
]


class Constraint:
    """Base class: a constraint is called with a weight and returns its new value."""

    def __call__(self, w):
        """Returns the projection of `w`, of the same shape and dtype."""
        return w

    def get_config(self):
        """Returns the constructor's arguments as a dict."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Makes a constraint from what `get_config` returned."""
        return cls(**config)


class MaxNorm(Constraint):
    """Scales down vectors that are longer than `max_value`.

    Args:
        max_value: Float, the largest norm allowed.
        axis: Integer or list of integers, see the module's description.

    Source: Srivastava et al. 2014, "Dropout".
    """

    @takes_old_names(m="max_value")
    def __init__(self, max_value=2, axis=0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w):
        norms = _norms(w, self.axis)
        return w * (K.clip(norms, 0, self.max_value) / (K.epsilon() + norms))

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Sets negative weights to zero."""

    def __call__(self, w):
        return w * K.cast(K.greater_equal(w, 0.0), K.dtype(w))


class UnitNorm(Constraint):
    """Scales vectors to length one.

    Args:
        axis: Integer or list of integers, see the module's description.
    """

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        return w / (K.epsilon() + _norms(w, self.axis))

    def get_config(self):
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Scales vectors so that their lengths move into `[min_value, max_value]`.

    Args:
        min_value: Float, the smallest norm allowed.
        max_value: Float, the largest norm allowed.
        rate: Float. 1 puts the norm inside at once; less moves it by this part of the way at
            each update.
        axis: Integer or list of integers, see the module's description.
    """

    @takes_old_names(low="min_value", high="max_value")
    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w):
        norms = _norms(w, self.axis)
        inside = K.clip(norms, self.min_value, self.max_value)
        wanted = self.rate * inside + (1 - self.rate) * norms
        return w * (wanted / (K.epsilon() + norms))

    def get_config(self):
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


class RadialConstraint(Constraint):
    """Makes square kernels of a convolution the same all around: each ring has one value.

    The value of a ring is read on the diagonal, below the centre.

    Raises:
        ValueError: when called with a weight that is not `(n, n, inputs, outputs)`.

    Source: tf.keras, the places on the diagonal included.
    """

    def __call__(self, w):
        shape = K.int_shape(w)
        if len(shape) != 4 or shape[0] != shape[1]:
            raise ValueError(
                "RadialConstraint expects a weight of shape (n, n, inputs, outputs); the weight "
                f"has shape {shape}."
            )
        size, half = shape[0], shape[0] // 2
        odd = size % 2
        distance = np.abs(np.arange(size) - (size - 1) / 2)  # from the centre
        distance = np.floor(distance).astype(int)
        ring = np.maximum(distance[:, None], distance[None, :])  # (n, n)
        if size > 1:
            place = np.where(ring == 0, half - 1, half + ring - odd)
        else:
            place = ring
        return K.reshape(K.gather(_diagonal(w, shape), K.constant(place, dtype="int32")), shape)


def _diagonal(w, shape):
    """Elements `(i, i)` of the first two axes: `(n, inputs, outputs)`."""
    flat = K.reshape(w, (shape[0] ** 2, *shape[2:]))
    return K.gather(flat, K.constant(np.arange(shape[0]) * (shape[0] + 1), dtype="int32"))


def _norms(w, axis):
    return K.sqrt(K.sum(K.square(w), axis=axis, keepdims=True))


max_norm = maxnorm = MaxNorm
non_neg = nonneg = NonNeg
unit_norm = unitnorm = UnitNorm
min_max_norm = MinMaxNorm
radial_constraint = RadialConstraint

_FUNCTIONS = ("Constraint", "deserialize", "get", "serialize")
_BY_NAME = {name: globals()[name] for name in __all__ if name not in _FUNCTIONS}


def serialize(constraint):
    """Returns the config of a constraint; of a function, its name."""
    return serialize_keras_object(constraint)


def deserialize(config, custom_objects=None):
    """Makes a constraint from its config.

    Args:
        config: Dict with `class_name` and `config`, or a name.
        custom_objects: Dict from name to class or function.

    Raises:
        ValueError: for an unknown name; the message lists the nearest right ones.
    """
    return deserialize_keras_object(config, _BY_NAME, custom_objects, "constraint")


def get(identifier):
    """Returns the constraint that `identifier` stands for.

    Args:
        identifier: None, which stays None; a constraint or any function from a weight to its new
            value; a class of constraints; a name; or a config.

    Raises:
        ValueError: for anything else, or an unknown name; the message lists the nearest right ones.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return instance_by_name(identifier, _BY_NAME, "constraint")
    if inspect.isclass(identifier):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(
        f"Could not interpret constraint identifier: {identifier!r}. Expected a name such as "
        "'max_norm', a constraint such as MaxNorm(3), or a function of a weight."
    )
