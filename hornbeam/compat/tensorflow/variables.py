"""`tf.Variable`."""

import enum

import numpy as np

from hornbeam.backend import names, traces
from hornbeam.backend.cells import EagerTensor
from hornbeam.backend.tensors import Operand, dtype_name
from hornbeam.backend.tensors import Variable as _Variable

__all__ = ["Variable", "VariableAggregation", "VariableSynchronization"]


class VariableSynchronization(enum.Enum):
    """When copies of a variable on several devices are made equal. There is one copy here."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How copies of a variable on several devices become one. There is one copy here."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


class _Kind(type):
    """All variables are instances of `tf.Variable`: those of layers too."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, _Variable)

    def __subclasscheck__(cls, other):
        return issubclass(other, _Variable)


class Variable(_Variable, metaclass=_Kind):
    """A variable with a value from the start.

    Args:
        initial_value: Array, number, nested list, tensor, or a function that returns one.
        trainable: Bool, default True.
        validate_shape: Bool; the shape is known in any case.
        name: String; made unique.
        dtype: Dtype; None takes that of the value: float32 for Python's floats, int32 for ints.
        constraint: None or a function from the new value to the projected value.
        shape: None, or the shape that the value must have, with None for any size.
        caching_device, variable_def, import_scope, synchronization, aggregation, collections,
            expected_shape, use_resource: Of TensorFlow's graphs and devices.

    Raises:
        ValueError: without `initial_value`, or if its shape is not `shape`.
    """

    def __init__(
        self,
        initial_value=None,
        trainable=None,
        validate_shape=True,
        caching_device=None,
        name=None,
        variable_def=None,
        dtype=None,
        import_scope=None,
        constraint=None,
        synchronization=VariableSynchronization.AUTO,
        aggregation=VariableAggregation.NONE,
        shape=None,
        collections=None,
        expected_shape=None,
        use_resource=None,
    ):
        if callable(initial_value) and not isinstance(initial_value, Operand):
            initial_value = initial_value()
        if initial_value is None:
            raise ValueError("A tf.Variable needs an `initial_value`.")
        value = _initial_value(initial_value)
        if dtype is None:
            dtype = getattr(initial_value, "dtype", None) or _usual_dtype(value)
        if shape is not None:
            _check_shape(value.shape, shape)
        label = names.unique(names.scoped(name) if name else "Variable")
        super().__init__(
            value,
            dtype_name(getattr(dtype, "name", dtype)),
            name=f"{label}:0",
            trainable=trainable is None or bool(trainable),
            constraint=constraint,
        )


def _initial_value(given):
    if isinstance(given, EagerTensor):
        return np.asarray(traces.initial(given.cell))
    return np.asarray(given.eval() if isinstance(given, Operand) else given)


def _usual_dtype(value):
    return {"f": "float32", "i": "int32", "u": "int32", "b": "bool"}.get(
        value.dtype.kind, value.dtype.name
    )


def _check_shape(shape, wanted):
    wanted = tuple(wanted) if hasattr(wanted, "__iter__") else None
    if wanted is not None and (
        len(wanted) != len(shape)
        or any(want is not None and want != size for want, size in zip(wanted, shape))
    ):
        raise ValueError(f"The initial value has shape {shape}; `shape` says {wanted}.")
