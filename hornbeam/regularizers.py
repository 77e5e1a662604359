"""Regularizers: penalties on weights or outputs that are added to the loss."""

import inspect

import numpy as np

from hornbeam import backend as K
from hornbeam.backend.tensors import Operand
from hornbeam.registry import (
    deserialize_keras_object,
    instance_by_name,
    serialize_keras_object,
)

__all__ = [
    "ActivityRegularizer",
    "EigenvalueRegularizer",
    "L1",
    "L1L2",
    "L1L2Regularizer",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "WeightRegularizer",
    "activity_l1",
    "activity_l1l2",
    "activity_l2",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l1l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]


class Regularizer:
    """Base class: a regularizer is called with a tensor and returns its penalty, a scalar."""

    def __call__(self, x):
        """Returns the penalty of the tensor `x`."""
        return 0.0

    @classmethod
    def from_config(cls, config):
        """Makes a regularizer from what `get_config` returned."""
        return cls(**config)


class L1L2(Regularizer):
    """The penalty `l1 * sum(abs(x)) + l2 * sum(x ** 2)`.

    Args:
        l1: Float, or a scalar variable that may change during training.
        l2: Float, or a scalar variable.

    Raises:
        ValueError: for a factor that is not a number.
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _factor("l1", l1)
        self.l2 = _factor("l2", l2)

    def __call__(self, x):
        penalty = 0.0
        if _counts(self.l1):
            penalty = penalty + self.l1 * K.sum(K.abs(x))
        if _counts(self.l2):
            penalty = penalty + self.l2 * K.sum(K.square(x))
        return penalty

    def get_config(self):
        return {"l1": float(self.l1), "l2": float(self.l2)}


class L1(L1L2):
    """The penalty `l1 * sum(abs(x))`, as a class of tf.keras.

    Args:
        l1: Float, 0.01 by default.
        l: The same under another name.
    """

    def __init__(self, l1=0.01, l=None):
        super().__init__(l1=l1 if l is None else l)

    def get_config(self):
        return {"l1": float(self.l1)}


class L2(L1L2):
    """The penalty `l2 * sum(x ** 2)`, as a class of tf.keras.

    Args:
        l2: Float, 0.01 by default.
        l: The same under another name.
    """

    def __init__(self, l2=0.01, l=None):
        super().__init__(l2=l2 if l is None else l)

    def get_config(self):
        return {"l2": float(self.l2)}


class OrthogonalRegularizer(Regularizer):
    """Penalizes pairs of rows (or columns) of a matrix that are not orthogonal.

    The penalty is `factor` times the mean, over all pairs of different rows, of the absolute value
    of the product of the rows scaled to length one.

    Args:
        factor: Float.
        mode: `'rows'` or `'columns'`.

    Raises:
        ValueError: for another mode, or when called with a tensor that is no matrix.

    Source: tf.keras.
    """

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ValueError(f"mode is {mode!r}. Expected 'rows' or 'columns'.")
        self.factor = factor
        self.mode = mode

    def __call__(self, x):
        if K.ndim(x) != 2:
            raise ValueError(
                "OrthogonalRegularizer expects a matrix, of rank 2; the tensor has shape "
                f"{K.int_shape(x)}."
            )
        rows = x if self.mode == "rows" else K.transpose(x)
        rows = K.l2_normalize(rows, axis=1)
        products = K.abs(K.dot(rows, K.transpose(rows)))  # (rows, rows)
        count = K.int_shape(rows)[0]
        others = K.constant(1.0 - np.eye(count), dtype=K.dtype(x))
        pairs = max(count * (count - 1) / 2, 1)
        return self.factor * 0.5 * K.sum(products * others) / pairs

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


class EigenvalueRegularizer(Regularizer):
    """Keras 1's penalty `k * s`, with the largest singular value `s` of a matrix.

    It is found by nine steps of the power method, beginning with ones.

    Args:
        k: Float.

    Raises:
        ValueError: when called with a tensor of more than two axes.
    """

    _STEPS = 9

    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        if K.ndim(x) > 2:
            raise ValueError(
                "EigenvalueRegularizer is only available for tensors of rank 2; the tensor has "
                f"shape {K.int_shape(x)}."
            )
        square = K.dot(K.transpose(x), x)
        vector = K.constant(np.ones((K.int_shape(x)[1], 1)), dtype=K.dtype(x))
        for _ in range(self._STEPS):
            vector = K.dot(square, vector)
        grown = K.dot(square, vector)
        eigenvalue = K.sum(grown * vector) / K.sum(vector * vector)
        return self.k * K.sqrt(eigenvalue)

    def get_config(self):
        return {"k": self.k}


def _factor(name, value):
    if isinstance(value, Operand):
        return value
    try:
        # As Keras does, rounded to floatx; and a Python float, which leaves dtypes as they are.
        return float(K.cast_to_floatx(0.0 if value is None else value))
    except (TypeError, ValueError) as error:
        raise ValueError(f"The factor {name} must be a number. Got: {value!r}") from error


def _counts(factor):
    return isinstance(factor, Operand) or factor != 0.0


def l1(l=0.01, l1=None):
    """Returns the regularizer `l * sum(abs(x))`; tf.keras names the factor `l1`."""
    return L1L2(l1=l if l1 is None else l1)


def l2(l=0.01, l2=None):
    """Returns the regularizer `l * sum(x ** 2)`; tf.keras names the factor `l2`."""
    return L1L2(l2=l if l2 is None else l2)


def l1_l2(l1=0.01, l2=0.01):
    """Returns the regularizer `l1 * sum(abs(x)) + l2 * sum(x ** 2)`."""
    return L1L2(l1=l1, l2=l2)


# Names of Keras 1.
WeightRegularizer = ActivityRegularizer = L1L2Regularizer = L1L2
l1l2 = activity_l1l2 = l1_l2
activity_l1 = l1
activity_l2 = l2

orthogonal_regularizer = OrthogonalRegularizer

_FUNCTIONS = ("Regularizer", "deserialize", "get", "serialize")
_BY_NAME = {name: globals()[name] for name in __all__ if name not in _FUNCTIONS}


def serialize(regularizer):
    """Returns the config of a regularizer; of a function, its name."""
    return serialize_keras_object(regularizer)


def deserialize(config, custom_objects=None):
    """Makes a regularizer from its config.

    Args:
        config: Dict with `class_name` and `config`, or a name.
        custom_objects: Dict from name to class or function.

    Raises:
        ValueError: for an unknown name; the message lists the nearest right ones.
    """
    return deserialize_keras_object(config, _BY_NAME, custom_objects, "regularizer")


def get(identifier):
    """Returns the regularizer that `identifier` stands for.

    Args:
        identifier: None, which stays None; a regularizer or any function from a tensor to a
            scalar; a class of regularizers; a name; or a config.

    Raises:
        ValueError: for anything else, or an unknown name; the message lists the nearest right ones.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return instance_by_name(identifier, _BY_NAME, "regularizer")
    if inspect.isclass(identifier):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(
        f"Could not interpret regularizer identifier: {identifier!r}. Expected a name such as "
        "'l2', a regularizer such as l2(0.01), or a function of a tensor."
    )
