"""Values: `tf.constant`, `tf.convert_to_tensor`, `tf.identity`, and `tf.TensorArray`."""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.backend import running
from hornbeam.backend.tensors import Operand, sources_of
from hornbeam.backend.variables import compute_dtype
from hornbeam.compat.tensorflow.choosing import gather as _gather
from hornbeam.compat.tensorflow.dtypes import as_dtype, cast
from hornbeam.compat.tensorflow.shaping import concat as _concat
from hornbeam.compat.tensorflow.shaping import reshape as _reshape
from hornbeam.compat.tensorflow.shaping import stack as _stack
from hornbeam.compat.tensorflow.shaping import unstack as _unstack

__all__ = [
    "TensorArray", "constant", "convert_n_to_tensor", "convert_to_tensor", "get_static_value",
    "identity", "identity_n",
]  # fmt: skip


def _host(value, dtype):
    """A NumPy array of the dtype that TensorFlow gives: Python's numbers are float32 and int32."""
    if dtype is not None:
        dtype = as_dtype(dtype)
        return np.asarray(value) if dtype == "string" else np.asarray(value, dtype.as_numpy_dtype)
    found = np.asarray(value)
    if hasattr(value, "dtype") or _has_arrays(value):
        return found
    return found.astype({"float64": "float32", "int64": "int32"}.get(found.dtype.name, found.dtype))


def _has_arrays(value):
    return isinstance(value, (list, tuple)) and any(
        isinstance(item, (np.ndarray, np.generic)) or _has_arrays(item) for item in value
    )


def constant(value, dtype=None, shape=None, name="Const", verify_shape=False):
    """Makes a tensor of numbers: a value, or a symbolic constant where graphs are built.

    Args:
        value: Number, nested list or array.
        dtype: Dtype; None means float32 for Python's floats, int32 for its integers, and that of
            an array.
        shape: Tuple of ints; a single number fills it.
        name: String, of a symbolic constant.
        verify_shape: TensorFlow 1's bool: `value` must have this shape already.

    Raises:
        ValueError: if `value` has another number of elements than `shape`.
    """
    if isinstance(value, (Operand, jax.core.Tracer)) or sources_of([value]):
        value = convert_to_tensor(value, dtype)
        return value if shape is None else _reshape(value, shape)
    found = _host(value, dtype)
    if shape is not None:
        shape = tuple(int(size) for size in shape)
        if verify_shape and found.shape != shape:
            raise ValueError(f"tf.constant: the shape {found.shape} is not {shape}.")
        if found.size != 1 and found.size != np.prod(shape):
            raise ValueError(f"tf.constant: {found.size} elements do not fill the shape {shape}.")
        found = np.full(shape, found) if found.size == 1 else found.reshape(shape)
    if found.dtype.kind not in "biufc" and found.dtype.name != "bfloat16":
        return found  # text has no tensors here
    if running.program() is not None:
        kind = compute_dtype(found.dtype)
        return found.astype(kind) if kind.kind in "iub" else jnp.asarray(found, kind)
    eager = running.eager()
    if eager is not None:
        return eager.tensor(found)
    return K.constant(found, dtype=found.dtype.name, name=None if name == "Const" else name)


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None, preferred_dtype=None):
    """Returns tensors as they are, anything else as `constant` makes it.

    Args:
        value: Tensor, variable, array, number, or nested list of them.
        dtype: Dtype of the result; a tensor of another one is converted.
        dtype_hint: Dtype for what has none; `preferred_dtype` is its older name.
        name: String, of a symbolic constant.
    """
    if isinstance(value, (Operand, jax.Array)):
        if dtype is not None and as_dtype(value.dtype) != as_dtype(dtype):
            return cast(value, dtype)
        eager = running.eager()
        if eager is not None and running.program() is None:
            return eager.tensor(value)
        return value
    if isinstance(value, (list, tuple)) and (sources_of(value) or _traced(value)):
        value = _stack([convert_to_tensor(item) for item in value])
        return value if dtype is None else cast(value, dtype)
    hint = dtype_hint or preferred_dtype
    return constant(value, dtype or (None if hasattr(value, "dtype") else hint), name=name)


def _traced(value):
    return any(isinstance(x, jax.Array) for x in jax.tree.leaves(value))


def convert_n_to_tensor(values, dtype=None, name=None):
    """Returns `convert_to_tensor` of each."""
    return [convert_to_tensor(value, dtype, name=name) for value in values]


def identity(input, name=None):
    """Returns a tensor of the same content; of a variable, its value."""
    return K.identity(convert_to_tensor(input), name=name)


def identity_n(input, name=None):
    """Returns `identity` of each."""
    return [identity(x, name=name) for x in input]


def get_static_value(tensor, partial=False):
    """Returns the value as a NumPy array where it is known without running anything, else None."""
    if isinstance(tensor, jax.core.Tracer):
        return None
    if isinstance(tensor, Operand):
        static = getattr(tensor, "static", None)
        if static is not None and np.array_equal(static[0], static[1]):
            return np.asarray(static[0])
        eager = running.eager()
        known = eager is not None and isinstance(tensor, eager.EagerTensor)
        return np.asarray(tensor) if known else None
    return np.asarray(tensor)


class TensorArray:
    """A list of tensors that a loop writes, one by one.

    Each `write` returns the array to go on with, as in TensorFlow.

    Args:
        dtype: Dtype of the elements.
        size: Integer, how many there are; more may be written.
        dynamic_size, clear_after_read, tensor_array_name, handle, flow, infer_shape, name,
            colocate_with_first_write_call: TensorFlow's; a list needs none of them.
        element_shape: Shape of the elements, for those that were not written: zeros.

    Raises:
        TypeError: by `write` and `read`, if the index is not known when the program is compiled.
            In a loop that is compiled as a loop use `tf.map_fn` or `tf.scan`, which collect.
    """

    def __init__(self, dtype="float32", size=0, dynamic_size=None, clear_after_read=None,
                 tensor_array_name=None, handle=None, flow=None, infer_shape=True,
                 element_shape=None, colocate_with_first_write_call=True, name=None):
        self.dtype = as_dtype(dtype)
        self.element_shape = element_shape
        self._size = int(size)
        self._items = {}

    def _index(self, index):
        try:
            return int(index)
        except TypeError as error:
            raise TypeError(
                "tf.TensorArray needs an index that is known when the program is compiled. In a "
                "loop over data use tf.map_fn or tf.scan, which collect their results."
            ) from error

    def _copy(self, items):
        made = TensorArray(self.dtype, element_shape=self.element_shape)
        made._size, made._items = max(self._size, *(i + 1 for i in items), 0), items
        return made

    def write(self, index, value, name=None):
        """Returns the array with `value` at `index`."""
        items = {**self._items, self._index(index): convert_to_tensor(value)}
        self._size = max(self._size, *(i + 1 for i in items))
        self._items = items  # in eager code programs may leave the result aside
        return self._copy(items)

    def read(self, index, name=None):
        """Returns the element at `index`."""
        index = self._index(index)
        if index in self._items:
            return self._items[index]
        if index >= self._size or self.element_shape is None:
            raise IndexError(f"Nothing was written at {index} of a TensorArray.")
        return constant(np.zeros(self.element_shape, self.dtype.as_numpy_dtype))

    def size(self, name=None):
        """Returns the number of elements."""
        return constant(self._size)

    def stack(self, name=None):
        """Returns all elements, joined along a new first axis."""
        return _stack([self.read(i) for i in range(self._size)], name=name)

    def concat(self, name=None):
        """Returns all elements, joined along their first axis."""
        return _concat([self.read(i) for i in range(self._size)], 0, name=name)

    def gather(self, indices, name=None):
        """Returns the elements at `indices`, joined along a new first axis."""
        return _gather(self.stack(), indices, name=name)

    def unstack(self, value, name=None):
        """Returns the array whose elements are the parts of `value` along its first axis."""
        return self._copy(dict(enumerate(_unstack(value))))

    def split(self, value, lengths, name=None):
        """Returns the array whose elements are parts of `value` of these lengths."""
        from hornbeam.compat.tensorflow.shaping import split

        return self._copy(dict(enumerate(split(value, list(lengths)))))

    def scatter(self, indices, value, name=None):
        """Returns the array with the parts of `value` at `indices`."""
        parts = _unstack(value)
        return self._copy({**self._items, **{self._index(i): p for i, p in zip(indices, parts)}})

    def identity(self):
        """Returns this array."""
        return self
