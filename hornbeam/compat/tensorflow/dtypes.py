"""`tf.dtypes`, and the types of tensors: dtypes, shapes, `tf.Tensor`."""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend.tensors import DType as Name
from hornbeam.backend.tensors import Operand, Shape, Variable, dtype_name
from hornbeam.backend.variables import compute_dtype
from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.wrapping import array, function

_NUMBERS = {
    "float16": 19, "float32": 1, "float64": 2, "bfloat16": 14, "int8": 6, "int16": 5, "int32": 3,
    "int64": 9, "uint8": 4, "uint16": 17, "uint32": 22, "uint64": 23, "bool": 10, "complex64": 8,
    "complex128": 18, "string": 7, "variant": 21, "resource": 20,
}  # fmt: skip


class DType(Name):
    """A dtype: equal to its name, and taken wherever hornbeam takes one."""

    __slots__ = ()

    def __eq__(self, other):
        if isinstance(other, str) or other is None:
            return str.__eq__(self, other)
        try:
            return str.__eq__(self, as_dtype(other))
        except (TypeError, ValueError):
            return NotImplemented

    def __ne__(self, other):
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    __hash__ = str.__hash__

    def __repr__(self):
        return f"tf.{self.name}"

    @property
    def base_dtype(self):
        return self

    @property
    def real_dtype(self):
        """The dtype of real and imaginary part."""
        return as_dtype({"complex64": "float32", "complex128": "float64"}.get(self.name, self))

    @property
    def as_numpy_dtype(self):
        return np.object_ if self.name == "string" else jnp.dtype(self.name).type

    @property
    def as_datatype_enum(self):
        return _NUMBERS[self.name]

    @property
    def is_complex(self):
        return self.startswith("complex")

    @property
    def is_numpy_compatible(self):
        return self.name not in ("variant", "resource")

    @property
    def is_unsigned(self):
        return self.startswith("uint")

    @property
    def size(self):
        """Bytes of an element."""
        return 1 if self.name == "string" else jnp.dtype(self.name).itemsize

    def _info(self):
        if self.is_bool:
            return np.iinfo("uint8")
        return jnp.finfo(self.name) if self.is_floating else jnp.iinfo(self.name)

    @property
    def min(self):
        """The smallest number."""
        return False if self.is_bool else self._info().min

    @property
    def max(self):
        """The greatest number."""
        return True if self.is_bool else self._info().max

    @property
    def limits(self):
        """The range of values that images of this dtype have."""
        return (0, 1) if self.is_floating or self.is_bool else (self.min, self.max)

    def is_compatible_with(self, other):
        """Whether `other` is the same."""
        return self == as_dtype(other)


_dtypes = {name: DType(name) for name in _NUMBERS}
globals().update(_dtypes)
half, double = _dtypes["float16"], _dtypes["float64"]


def as_dtype(type_value):
    """Returns the dtype that a name, a NumPy dtype or type, or a Python type stands for.

    Raises:
        ValueError: if it stands for none.
    """
    if isinstance(type_value, int) and not isinstance(type_value, bool):
        names = {number: name for name, number in _NUMBERS.items()}
        return _dtypes[names[type_value]]
    python = {float: "float32", int: "int32", bool: "bool", str: "string", bytes: "string"}
    try:
        name = python.get(type_value, type_value)
    except TypeError:
        name = type_value
    if isinstance(name, str) and str(name) in _dtypes:
        return _dtypes[str(name)]
    if getattr(name, "kind", None) in ("S", "U", "O") or name in (np.object_, np.str_, np.bytes_):
        return _dtypes["string"]
    return _dtypes[str(dtype_name(name))]


@function
def cast(x, dtype):
    """Returns `x` with another dtype. Floats become integers towards 0, complex ones real."""
    x, dtype = array(x), compute_dtype(str(as_dtype(dtype)))
    if jnp.issubdtype(x.dtype, jnp.complexfloating) and not jnp.issubdtype(
        dtype, jnp.complexfloating
    ):
        x = x.real
    return x.astype(dtype)


@function
def saturate_cast(value, dtype):
    """Like `cast`; what `dtype` cannot hold becomes the nearest number that it can."""
    value, dtype = array(value), as_dtype(dtype)
    if not dtype.is_floating and not dtype.is_bool:
        value = jnp.clip(value, dtype.min, dtype.max)
    return value.astype(compute_dtype(str(dtype)))


@function
def complex(real, imag):
    """Returns complex numbers of two real tensors."""
    return jnp.asarray(real) + 1j * jnp.asarray(imag)


class TensorShape(Shape):
    """A shape: a tuple of ints and None, with TensorFlow's methods."""

    __slots__ = ()

    def __new__(cls, dims=()):
        if dims is None:
            raise ValueError("A shape of unknown rank is not provided by hornbeam: give its sizes.")
        dims = (dims,) if isinstance(dims, (int, np.integer)) else dims
        return super().__new__(cls, (None if d in (None, -1) else int(d) for d in dims))

    def __repr__(self):
        return f"TensorShape({list(self)})"

    def __add__(self, other):
        return TensorShape((*self, *other))

    concatenate = __add__

    def __getitem__(self, item):
        found = tuple.__getitem__(self, item)
        return TensorShape(found) if isinstance(item, slice) else found

    def is_compatible_with(self, other):
        """Whether no size contradicts that of `other`."""
        other = TensorShape(other)
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other)
        )

    assert_same_rank = with_rank = with_rank_at_least = None

    def merge_with(self, other):
        """Returns the shape that knows what both know.

        Raises:
            ValueError: if they contradict each other.
        """
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are not compatible.")
        return TensorShape(b if a is None else a for a, b in zip(self, other))

    def assert_is_compatible_with(self, other):
        """Raises ValueError if a size contradicts that of `other`."""
        self.merge_with(other)

    def assert_has_rank(self, rank):
        """Raises ValueError if there are not `rank` axes."""
        if len(self) != rank:
            raise ValueError(f"Shape {self} must have rank {rank}.")

    def assert_is_fully_defined(self):
        """Raises ValueError if a size is unknown."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined.")


def _with_rank(self, rank):
    self.assert_has_rank(rank)
    return self


def _with_rank_at_least(self, rank):
    if len(self) < rank:
        raise ValueError(f"Shape {self} must have rank at least {rank}.")
    return self


TensorShape.with_rank = _with_rank
TensorShape.with_rank_at_least = _with_rank_at_least
TensorShape.assert_same_rank = lambda self, other: self.assert_has_rank(len(other))


def Dimension(value):
    """A size: TensorFlow 1 had objects for them, here it is the number itself."""
    return value


def dimension_value(dimension):
    """Returns a size as an int, or None."""
    return getattr(dimension, "value", dimension)


class TensorSpec:
    """What a tensor must be like: `shape`, `dtype` and a name.

    Args:
        shape: Tuple of ints and None.
        dtype: Dtype, float32 by default.
        name: String or None.
    """

    def __init__(self, shape, dtype="float32", name=None):
        self.shape = TensorShape(shape)
        self.dtype = as_dtype(dtype)
        self.name = name

    @classmethod
    def from_tensor(cls, tensor, name=None):
        """Returns the spec of a tensor."""
        return cls(tensor.shape, tensor.dtype, name or getattr(tensor, "name", None))

    from_spec = from_tensor

    def is_compatible_with(self, other):
        """Whether a tensor or another spec is like this one."""
        return self.dtype == as_dtype(other.dtype) and self.shape.is_compatible_with(other.shape)

    def __eq__(self, other):
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (
            other.shape, other.dtype,
        )

    def __hash__(self):
        return hash((self.shape, self.dtype))

    def __repr__(self):
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"


class _Tensors(type):
    """`isinstance(x, tf.Tensor)`: symbolic tensors and values, not variables."""

    def __instancecheck__(cls, x):
        return isinstance(x, (Operand, jax.Array)) and not isinstance(x, Variable)

    def __subclasscheck__(cls, other):
        return issubclass(other, (Operand, jax.Array)) and not issubclass(other, Variable)


class Tensor(metaclass=_Tensors):
    """For `isinstance(x, tf.Tensor)`; tensors are made by `tf.constant` and by functions."""

    def __new__(cls, *args, **kwargs):
        raise TypeError("tf.Tensor is not made directly; use tf.constant(value).")


def is_tensor(x):
    """Whether `x` is a tensor, a variable or a value that a function of `tf` returned."""
    return isinstance(x, (Operand, jax.Array))


is_tf_type = is_tensor

__all__ = sorted([
    *_NUMBERS, "DType", "Dimension", "Tensor", "TensorShape", "TensorSpec", "as_dtype", "cast",
    "complex", "dimension_value", "double", "half", "is_tensor", "is_tf_type", "saturate_cast",
])  # fmt: skip


__getattr__ = teller("dtypes")
