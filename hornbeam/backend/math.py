"""Arithmetic, comparison, reductions and products of tensors.

At a tie, `maximum`, `minimum` and `clip` give the whole gradient to their first argument, as
TensorFlow does; `jax.numpy` would halve it.
"""

import builtins

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam.backend.config import floatx
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.ops import op
from hornbeam.backend.variables import compute_dtype, int_shape


def weak(x):
    """Returns a host scalar as a Python number, which takes the dtype of what it meets."""
    if isinstance(x, (np.generic, np.ndarray)) and np.ndim(x) == 0 and x.dtype.kind in "fiub":
        return x.item()
    return x


def floating(x):
    """Returns an array of a floating dtype: integers and booleans become `floatx()`."""
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(compute_dtype(floatx()))


def axes_of(axis):
    """Returns an axis, a list of them, or None, as `jax.numpy` wants them."""
    if axis is None:
        return None
    if isinstance(axis, (list, tuple, np.ndarray)) and np.ndim(axis):
        return tuple(int(item) for item in axis)
    return int(axis)


# ---- one tensor, element by element


@op
def abs(x):
    """Absolute value of each element; its gradient at 0 is 0."""
    x = jnp.asarray(x)
    return x * jnp.sign(x) if jnp.issubdtype(x.dtype, jnp.floating) else jnp.abs(x)


@op
def square(x):
    """Square of each element."""
    return jnp.square(x)


@op
def sqrt(x):
    """Square root of each element; negative numbers count as 0."""
    x = floating(x)
    return jnp.sqrt(jnp.where(x < 0, 0, x))


@op
def exp(x):
    """Exponential of each element."""
    return jnp.exp(x)


@op
def log(x):
    """Natural logarithm of each element."""
    return jnp.log(x)


@op
def round(x):
    """Nearest integer of each element, halves to the even one; the dtype stays."""
    return jnp.round(x)


@op
def sign(x):
    """-1, 0 or 1 for each element; the dtype stays."""
    return jnp.sign(x)


@op
def sin(x):
    """Sine of each element."""
    return jnp.sin(x)


@op
def cos(x):
    """Cosine of each element."""
    return jnp.cos(x)


@op
def pow(x, a):
    """Each element to the power `a`, a number or a tensor."""
    return jnp.power(x, weak(a))


@op
def clip(x, min_value, max_value):
    """Limits each element to the range from `min_value` to `max_value`.

    Args:
        x: Tensor or variable.
        min_value: Number, tensor, or None for no limit.
        max_value: Number, tensor, or None for no limit; at least `min_value`.
    """
    x = jnp.asarray(x)
    low, high = weak(min_value), weak(max_value)
    numbers = (int, float)
    if isinstance(low, numbers) and isinstance(high, numbers):
        high = builtins.max(low, high)
    if high is not None and not _is_infinite(high):
        x = jnp.where(x > high, jnp.asarray(high, x.dtype), x)
    if low is not None and not _is_infinite(low):
        x = jnp.where(x < low, jnp.asarray(low, x.dtype), x)
    return x


def _is_infinite(number):
    return isinstance(number, float) and number in (float("inf"), float("-inf"))


# ---- two tensors, element by element


@op
def maximum(x, y):
    """The greater of two elements."""
    x, y = _promoted(x, y)
    return jnp.where((x >= y) | (x != x), x, y)


@op
def minimum(x, y):
    """The smaller of two elements."""
    x, y = _promoted(x, y)
    return jnp.where((x <= y) | (x != x), x, y)


def _promoted(x, y):
    dtype = jnp.result_type(weak(x), weak(y))
    return jnp.asarray(x, dtype), jnp.asarray(y, dtype)


@op
def equal(x, y):
    """Whether two elements are equal: a bool tensor."""
    return jnp.equal(x, y)


@op
def not_equal(x, y):
    """Whether two elements differ: a bool tensor."""
    return jnp.not_equal(x, y)


@op
def greater(x, y):
    """Whether `x > y`: a bool tensor."""
    return jnp.greater(x, y)


@op
def greater_equal(x, y):
    """Whether `x >= y`: a bool tensor."""
    return jnp.greater_equal(x, y)


@op
def less(x, y):
    """Whether `x < y`: a bool tensor."""
    return jnp.less(x, y)


@op
def less_equal(x, y):
    """Whether `x <= y`: a bool tensor."""
    return jnp.less_equal(x, y)


# ---- reductions
#
# `axis` is an integer, a list of integers, or None for all axes; `keepdims` keeps reduced axes
# with size 1.


def _kept_dtype(x):
    """The dtype of a sum: that of `x`, so that integers stay as wide as they are."""
    return x.dtype if x.dtype != np.bool_ else np.dtype("int32")


@op
def max(x, axis=None, keepdims=False):
    """Maximum along `axis`."""
    return jnp.max(jnp.asarray(x), axes_of(axis), keepdims=keepdims)


@op
def min(x, axis=None, keepdims=False):
    """Minimum along `axis`."""
    return jnp.min(jnp.asarray(x), axes_of(axis), keepdims=keepdims)


@op
def sum(x, axis=None, keepdims=False):
    """Sum along `axis`, in the dtype of `x` (bool in int32)."""
    x = _number_array(x)
    return jnp.sum(x, axes_of(axis), dtype=_kept_dtype(x), keepdims=keepdims)


@op
def prod(x, axis=None, keepdims=False):
    """Product along `axis`, in the dtype of `x` (bool in int32)."""
    x = _number_array(x)
    if isinstance(x, np.ndarray):
        return np.prod(x, axes_of(axis), dtype=_kept_dtype(x), keepdims=keepdims)
    return jnp.prod(x, axes_of(axis), dtype=_kept_dtype(x), keepdims=keepdims)


def _number_array(x):
    """Parts of shapes stay NumPy arrays, also in a list (`K.prod(K.shape(x)[1:])`)."""
    if isinstance(x, (list, tuple)) and builtins.all(
        isinstance(item, (int, np.integer, np.ndarray)) for item in x
    ):
        return np.asarray(x, "int32")
    return x if isinstance(x, np.ndarray) and x.dtype.kind in "iu" else jnp.asarray(x)


@op
def cumsum(x, axis=0):
    """Cumulative sum along `axis`."""
    x = jnp.asarray(x)
    return jnp.cumsum(x, axis, dtype=_kept_dtype(x))


@op
def cumprod(x, axis=0):
    """Cumulative product along `axis`."""
    x = jnp.asarray(x)
    return jnp.cumprod(x, axis, dtype=_kept_dtype(x))


@op
def mean(x, axis=None, keepdims=False):
    """Mean along `axis`; of integers and booleans, in `floatx()`."""
    return jnp.mean(floating(x), axes_of(axis), keepdims=keepdims)


@op
def var(x, axis=None, keepdims=False):
    """Variance of the population along `axis`; of integers and booleans, in `floatx()`."""
    return _variance(floating(x), axis, keepdims)


@op
def std(x, axis=None, keepdims=False):
    """Standard deviation of the population along `axis`; see `var`."""
    return jnp.sqrt(_variance(floating(x), axis, keepdims))


def _variance(x, axis, keepdims):
    deviations = x - jnp.mean(x, axes_of(axis), keepdims=True)
    return jnp.mean(jnp.square(deviations), axes_of(axis), keepdims=keepdims)


@op
def any(x, axis=None, keepdims=False):
    """Whether any element along `axis` is true (not 0): a bool tensor."""
    return jnp.any(jnp.asarray(x), axes_of(axis), keepdims=keepdims)


@op
def all(x, axis=None, keepdims=False):
    """Whether all elements along `axis` are true (not 0): a bool tensor."""
    return jnp.all(jnp.asarray(x), axes_of(axis), keepdims=keepdims)


@op
def argmax(x, axis=-1):
    """Index of the greatest element along `axis`, int32."""
    return jnp.argmax(jnp.asarray(x), axis).astype("int32")


@op
def argmin(x, axis=-1):
    """Index of the smallest element along `axis`, int32."""
    return jnp.argmin(jnp.asarray(x), axis).astype("int32")


@op
def logsumexp(x, axis=None, keepdims=False):
    """`log(sum(exp(x)))` along `axis`, without overflow."""
    return jax.nn.logsumexp(floating(x), axes_of(axis), keepdims=keepdims)


# ---- products


@op
def dot(x, y):
    """Product of matrices; of the last axis of `x` with the last but one of `y`.

    Args:
        x: Tensor `(..., n)`.
        y: Tensor `(n, m)` or `(..., n, m)`.

    Returns:
        A tensor `(..., m)`: the axes of `x` without the last, then those of `y` without the last
        but one: shapes (2, 3) and (4, 3, 5) give (2, 4, 5).

    Raises:
        ShapeError: if the two axes have different sizes.
    """
    if hasattr(x, "tocoo"):  # SciPy sparse
        x = x.toarray()
    if hasattr(y, "tocoo"):
        y = y.toarray()
    x, y = jnp.asarray(x), jnp.asarray(y)
    if x.ndim and y.ndim and x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        raise ShapeError(
            f"K.dot got shapes {x.shape} and {y.shape}. The last axis of the first and the last "
            "but one of the second must have the same size."
        )
    return jnp.dot(x, y)


@op
def _batch_dot(x, y, x_axis, y_axis):
    x, y = jnp.asarray(x), jnp.asarray(y)
    dtype = jnp.result_type(x, y)
    result = lax.dot_general(
        x.astype(dtype), y.astype(dtype), (((x_axis,), (y_axis,)), ((0,), (0,)))
    )
    return result[:, None] if result.ndim == 1 else result


def batch_dot(x, y, axes=None):
    """Product of each sample of `x` with the same sample of `y`.

    Args:
        x: Tensor `(batch, ...)` of rank 2 or more.
        y: Tensor `(batch, ...)` of rank 2 or more.
        axes: Integer or pair of integers, the axis of `x` and the axis of `y` to sum over. None
            means the last of `x` and the last but one of `y` (the last, if `y` is of rank 2).

    Returns:
        A tensor with the axes of `x` and then those of `y`, without the batch axis of `y` and the
        axes summed over; `(batch, 1)` where nothing else is left.

    Raises:
        ShapeError: if a rank is below 2, or the sizes of the axes or batches differ.
        ValueError: if `axes` is not as said above.
    """
    x_shape, y_shape = int_shape(x), int_shape(y)
    x_ndim, y_ndim = len(x_shape), len(y_shape)
    if x_ndim < 2 or y_ndim < 2:
        raise ShapeError(
            "Can not do batch_dot on inputs with rank < 2. "
            f"Received inputs with shapes {x_shape} and {y_shape}."
        )
    if axes is None:
        axes = (x_ndim - 1, y_ndim - 1 if y_ndim == 2 else y_ndim - 2)
    elif isinstance(axes, (int, np.integer)):
        axes = (axes, axes)
    axes = tuple(axes)
    if len(axes) != 2 or not builtins.all(isinstance(a, (int, np.integer)) for a in axes):
        raise ValueError(
            f"Multiple target dimensions are not supported. Expected: None, int, (int, int). "
            f"Provided: {axes}"
        )
    for axis, rank in zip(axes, (x_ndim, y_ndim)):
        if not -rank <= axis < rank:
            raise ValueError(
                f"K.batch_dot got axes={axes} for shapes {x_shape} and {y_shape}; "
                f"{axis} is no axis of rank {rank}."
            )
    x_axis, y_axis = int(axes[0]) % x_ndim, int(axes[1]) % y_ndim
    if 0 in (x_axis, y_axis):
        raise ValueError(
            "Can not perform batch_dot over axis 0. If your inputs are not batched, "
            "add a dummy batch dimension to your inputs using K.expand_dims(x, 0)."
        )
    _check_equal(x_shape[0], y_shape[0], x_shape, y_shape, "batch sizes", (0, 0))
    _check_equal(x_shape[x_axis], y_shape[y_axis], x_shape, y_shape, "sizes", (x_axis, y_axis))
    return _batch_dot(x, y, x_axis, y_axis)


def _check_equal(a, b, x_shape, y_shape, what, axes):
    if a is not None and b is not None and a != b:
        raise ShapeError(
            f"Can not do batch_dot on inputs with shapes {x_shape} and {y_shape} with "
            f"axes={list(axes)}: the {what} {a} and {b} differ."
        )


@op
def transpose(x):
    """Reverses the order of the axes."""
    return jnp.transpose(jnp.asarray(x))
