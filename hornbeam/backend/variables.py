"""Making variables, placeholders and constants, and asking what a tensor is."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import names, running
from hornbeam.backend.config import floatx
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.ops import op
from hornbeam.backend.tensors import (
    DType,
    Operand,
    Placeholder,
    Tensor,
    Variable,
    dtype_name,
    sources_of,
)

_HOST_SIZE = 64  # elements; integers up to this many stay NumPy arrays, so they can be shapes


def tensor_name(name, default):
    """Returns the unique name of a new tensor or variable, `dense/kernel:0`."""
    return names.unique(name if name is not None else default) + ":0"


def named(tensor, name):
    """Gives a symbolic tensor the name that the caller asked for; values have none."""
    if name is not None and isinstance(tensor, Tensor):
        tensor._name = tensor_name(name, None)
    return tensor


def compute_dtype(dtype):
    """Returns `dtype`, in 32 bits where this program works without 64-bit types."""
    return jax.dtypes.canonicalize_dtype(dtype)


# ---- making


def variable(value, dtype=None, name=None, constraint=None):
    """Makes a variable.

    Args:
        value: Initial value: array, nested list, number, or a tensor that needs no input. A SciPy
            sparse matrix is stored densely; `is_sparse` answers True for it.
        dtype: Name of the dtype; None means `floatx()`.
        name: String; made unique.
        constraint: None, or a function that projects the value after each optimizer step.

    Returns:
        A `Variable`.
    """
    sparse = hasattr(value, "tocoo")
    if sparse:
        value = value.toarray()
    elif isinstance(value, Operand):
        value = value.eval()
    made = Variable(value, dtype, tensor_name(name, "Variable"), constraint=constraint)
    if sparse:
        made.sparse = True
    program = running.program()
    if program is not None:  # made in the middle of a computation: its value is known here
        with jax.ensure_compile_time_eval():
            program.bind(made, made.on_device())
    return made


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """Makes a tensor that whoever runs the graph feeds.

    Args:
        shape: Tuple of ints and None.
        ndim: Number of axes, where `shape` is not given; every size is then unknown.
        dtype: Name of the dtype; None means `floatx()`.
        sparse: Bool, whether SciPy sparse matrices will be fed. They are computed with densely.
        name: String; made unique.

    Raises:
        ValueError: if neither `shape` nor `ndim` is given.
    """
    if shape is None:
        if ndim is None:
            raise ValueError(
                "K.placeholder got neither `shape` nor `ndim`. The number of axes must be known: "
                "pass for instance shape=(None, 10) or ndim=2."
            )
        shape = (None,) * ndim
    shape = tuple(None if size is None else int(size) for size in shape)
    return Placeholder(shape, dtype_name(dtype), tensor_name(name, "Placeholder"), sparse=sparse)


@op(source=True)
def _constant(value, dtype, shape):
    value = np.asarray(value)
    if shape is not None:
        shape = host_shape(shape)
        if value.size not in (1, math.prod(shape)):
            raise ShapeError(
                f"K.constant got a value of shape {value.shape} for shape={shape}. Expected one "
                "number, or as many as the shape holds."
            )
        value = np.broadcast_to(value, shape) if value.size == 1 else value.reshape(shape)
    dtype = compute_dtype(dtype)
    if np.issubdtype(dtype, np.integer) and value.size <= _HOST_SIZE:
        return value.astype(dtype)
    return jnp.asarray(value.astype(dtype))


_constant.of_arrays.depends_on_nothing = True  # known at once, also where a function is traced


def constant(value, dtype=None, shape=None, name=None):
    """Makes a constant tensor.

    Args:
        value: Number, nested list or array.
        dtype: Name of the dtype; None means `floatx()`.
        shape: Tuple of ints; a single number fills it.
        name: String; made unique.

    Raises:
        ShapeError: if `value` has another number of elements.
    """
    if isinstance(value, Operand) or isinstance(value, jax.core.Tracer):
        return named(cast(value, dtype_name(dtype)), name)
    return named(_constant(np.asarray(value), dtype_name(dtype), shape), name)


def _filled(fill, shape, dtype, name):
    """A variable for a fixed shape; a tensor for one that depends on tensors, or in a program."""
    dtype = dtype_name(dtype)
    if isinstance(shape, (int, np.integer)):
        shape = (shape,)
    if running.program() is None:
        known = _known(shape)
        if not sources_of(known if isinstance(known, tuple) else [known]):
            known = tuple(int(size) for size in known)
            return variable(np.full(known, fill, dtype), dtype, name)
    return named(_full(shape, fill, dtype), name)


def _known(shape):
    """Returns a shape with numbers in the place of tensors that are the same for every batch."""
    if isinstance(shape, (tuple, list)):
        return tuple(_known(size) for size in shape)
    static = getattr(shape, "static", None)
    if static is None or not np.array_equal(*static):
        return shape
    return tuple(static[0].tolist()) if np.ndim(static[0]) else int(static[0])


@op
def _full(shape, fill, dtype):
    return jnp.full(host_shape(shape), fill, compute_dtype(dtype))


def host_shape(shape, what="shape"):
    """Returns a shape as a tuple of Python ints.

    Raises:
        TypeError: if a size depends on the data.
    """
    try:
        return tuple(int(size) for size in shape)
    except (jax.errors.TracerIntegerConversionError, jax.errors.ConcretizationTypeError) as error:
        raise TypeError(
            f"The {what} {shape!r} depends on the values of a tensor. It must be known when the "
            "program is compiled: make it of numbers and of K.shape(x)."
        ) from error


def zeros(shape, dtype=None, name=None):
    """Makes an all-zeros variable (a tensor where `shape` holds tensors, or in running code).

    Args:
        shape: Tuple of ints.
        dtype: Name of the dtype; None means `floatx()`.
        name: String; made unique.
    """
    return _filled(0, shape, dtype, name)


def ones(shape, dtype=None, name=None):
    """Makes an all-ones variable (a tensor where `shape` holds tensors, or in running code).

    Args:
        shape: Tuple of ints.
        dtype: Name of the dtype; None means `floatx()`.
        name: String; made unique.
    """
    return _filled(1, shape, dtype, name)


def eye(size, dtype=None, name=None):
    """Makes an identity matrix: a variable (an array in running code).

    Args:
        size: Number of rows and columns, or a tuple (rows, columns).
        dtype: Name of the dtype; None means `floatx()`.
        name: String; made unique.
    """
    rows, columns = size if isinstance(size, (tuple, list)) else (size, size)
    dtype = dtype_name(dtype)
    if running.program() is None and not sources_of([rows, columns]):
        return variable(np.eye(int(rows), int(columns), dtype=dtype), dtype, name)
    return named(_eye(rows, columns, dtype), name)


@op
def _eye(rows, columns, dtype):
    return jnp.eye(*host_shape((rows, columns)), dtype=compute_dtype(dtype))


@op
def _full_like(x, fill, dtype):
    return jnp.full(np.shape(x), fill, compute_dtype(dtype or x.dtype))


def zeros_like(x, dtype=None, name=None):
    """Returns zeros of the shape of `x`, and of its dtype unless `dtype` names another."""
    return named(_full_like(_as_array(x), 0, dtype and dtype_name(dtype)), name)


def ones_like(x, dtype=None, name=None):
    """Returns ones of the shape of `x`, and of its dtype unless `dtype` names another."""
    return named(_full_like(_as_array(x), 1, dtype and dtype_name(dtype)), name)


def _as_array(x):
    """Lists and numbers become arrays of `floatx()`, or keep their integers."""
    if hasattr(x, "dtype"):
        return x
    array = np.asarray(x)
    return array.astype(floatx()) if array.dtype == np.float64 else array


@op(source=True)
def _arange(start, stop, step, dtype):
    if _integral(start, stop, step):
        start, stop = host_shape((start, stop), "range")
    values = np.arange(start, stop, step)
    if dtype != "int32":
        values = values.astype(compute_dtype(dtype))
    elif values.dtype.kind == "f":  # floats stay floats unless a dtype is asked for
        values = values.astype(floatx())
    else:
        values = values.astype("int32")
    return values


def _integral(*numbers):
    return all(np.issubdtype(np.result_type(number), np.integer) for number in numbers)


def arange(start, stop=None, step=1, dtype="int32"):
    """Returns the numbers `start`, `start + step`, ... below `stop`, as a 1-D tensor.

    Args:
        start: Number; where `stop` is None, the end, and 0 is the start.
        stop: Number, or None.
        step: Number.
        dtype: Name of the dtype.
    """
    if stop is None:
        start, stop = 0, start
    return _arange(start, stop, step, dtype_name(dtype))


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """Makes a variable of uniform random numbers in [low, high), drawn on the host.

    Args:
        shape: Tuple of ints.
        low: Float, lower end.
        high: Float, upper end.
        dtype: Name of the dtype; None means `floatx()`.
        name: String; made unique.
        seed: Integer; None draws from NumPy's global generator.
    """
    values = _generator(seed).uniform(low, high, shape)
    return variable(values, dtype, name)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """Makes a variable of normal random numbers, drawn on the host.

    Args:
        shape: Tuple of ints.
        mean: Float.
        scale: Float, standard deviation.
        dtype: Name of the dtype; None means `floatx()`.
        name: String; made unique.
        seed: Integer; None draws from NumPy's global generator.
    """
    values = _generator(seed).normal(mean, scale, shape)
    return variable(values, dtype, name)


def _generator(seed):
    return np.random.RandomState(np.random.randint(10**8) if seed is None else seed)


# ---- asking


def is_variable(x):
    """Whether `x` is a variable."""
    return isinstance(x, Variable)


def is_tensor(x):
    """Whether `x` is a tensor or variable, or the value of one in running code."""
    return isinstance(x, (Operand, jax.Array))


def is_keras_tensor(x):
    """Whether `x` was made by a Keras layer or `Input`.

    Raises:
        ValueError: if `x` is not a tensor.
    """
    if not is_tensor(x):
        raise ValueError(
            f"Unexpectedly found an instance of type `{type(x)}`. "
            "Expected a symbolic tensor instance."
        )
    return hasattr(x, "_keras_history")


def is_placeholder(x):
    """Whether `x` is a placeholder."""
    return isinstance(x, Placeholder)


def is_sparse(tensor):
    """Whether `tensor` was made for, or from, sparse matrices. They are stored densely."""
    return bool(getattr(tensor, "sparse", False))


def to_dense(tensor):
    """Returns `tensor` as a dense tensor. Sparse ones are stored densely, so nothing is computed.

    Args:
        tensor: Tensor, or a SciPy sparse matrix, which becomes an array.
    """
    if hasattr(tensor, "tocoo"):
        return jnp.asarray(tensor.toarray())
    return identity(tensor) if is_sparse(tensor) else tensor


def int_shape(x):
    """Returns the shape as a tuple of ints, None where a size is unknown; None without a shape."""
    try:
        return tuple(np.shape(x) if not hasattr(x, "shape") else x.shape)
    except (TypeError, ValueError):
        return None


def get_variable_shape(x):
    """Returns the shape of a variable as a tuple of ints; Keras 2.0's name for `int_shape`."""
    return int_shape(x)


def ndim(x):
    """Returns the number of axes."""
    return len(x.shape) if hasattr(x, "shape") else np.ndim(x)


def dtype(x):
    """Returns the dtype's name, such as `'float32'`.

    A weight has, inside a layer of a mixed policy, the dtype in which the layer reads it.
    """
    if isinstance(x, Variable) and x.autocast:
        program = running.program()
        cast_to = running.autocast() if program is None else program.autocast
        if cast_to is not None:
            return DType(cast_to)
    return DType(x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype)


@op
def shape(x):
    """Returns the shape as a 1-D int32 tensor; in running code, as a NumPy array."""
    return np.array(np.shape(x), "int32")


@op
def _size(x):
    return np.array(np.prod(np.shape(x), dtype="int64"), "int32")


def size(x, name=None):
    """Returns the number of elements as an int32 scalar; in running code, on the host.

    Args:
        x: Tensor, variable or array.
        name: String; made unique.
    """
    return named(_size(x), name)


def count_params(x):
    """Returns the number of elements of a tensor of known shape, as a Python int."""
    return int(np.prod(int_shape(x), dtype="int64"))


@op
def _identity(x):
    return x if isinstance(x, np.ndarray) else jnp.asarray(x)


def identity(x, name=None):
    """Returns a tensor with the same content as `x`.

    Args:
        x: Tensor, variable or array.
        name: String; made unique.
    """
    return named(_identity(x), name)


@op
def _cast(x, dtype):
    if isinstance(x, (np.ndarray, np.generic)):
        return np.asarray(x).astype(compute_dtype(dtype))
    return jnp.asarray(x).astype(compute_dtype(dtype))


def cast(x, dtype):
    """Returns `x` with another dtype.

    Args:
        x: Tensor, variable, array or number.
        dtype: Name of the dtype.
    """
    return _cast(x, dtype_name(dtype))
