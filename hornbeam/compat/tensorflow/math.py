"""`tf.math`: arithmetic, comparison and reductions, element by element and along axes."""

import builtins
import collections

import jax
import jax.numpy as jnp
import jax.scipy.special as special
import numpy as np
from jax import lax

from hornbeam import backend as K
from hornbeam.backend.variables import compute_dtype
from hornbeam.compat.tensorflow import counting
from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.wrapping import axes, exported, function, statically

# ---- one tensor, element by element: name -> function of an array

_UNARY = {
    "acos": jnp.arccos,
    "acosh": jnp.arccosh,
    "angle": jnp.angle,
    "asin": jnp.arcsin,
    "asinh": jnp.arcsinh,
    "atan": jnp.arctan,
    "atanh": jnp.arctanh,
    "ceil": jnp.ceil,
    "bessel_i0": special.i0,
    "bessel_i0e": special.i0e,
    "bessel_i1": special.i1,
    "bessel_i1e": special.i1e,
    "conj": jnp.conj,
    "cos": jnp.cos,
    "cosh": jnp.cosh,
    "digamma": special.digamma,
    "erf": special.erf,
    "erfc": special.erfc,
    "erfinv": special.erfinv,
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "floor": jnp.floor,
    "imag": jnp.imag,
    "is_finite": jnp.isfinite,
    "is_inf": jnp.isinf,
    "is_nan": jnp.isnan,
    "lbeta": lambda x: jnp.sum(special.gammaln(x), -1) - special.gammaln(jnp.sum(x, -1)),
    "lgamma": special.gammaln,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "log_sigmoid": jax.nn.log_sigmoid,
    "logical_not": jnp.logical_not,
    "ndtri": special.ndtri,
    "negative": jnp.negative,
    "real": jnp.real,
    "reciprocal": lambda x: 1 / x,
    "reciprocal_no_nan": lambda x: jnp.where(x == 0, 0, 1 / jnp.where(x == 0, 1, x)),
    "rint": jnp.round,
    "round": jnp.round,
    "rsqrt": lax.rsqrt,
    "sigmoid": jax.nn.sigmoid,
    "sign": jnp.sign,
    "sin": jnp.sin,
    "sinh": jnp.sinh,
    "softplus": jax.nn.softplus,
    "softsign": jax.nn.soft_sign,
    "sqrt": jnp.sqrt,
    "square": jnp.square,
    "tan": jnp.tan,
    "tanh": jnp.tanh,
}


def _unary(name, compute):
    def body(x):
        return compute(jnp.asarray(x))

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"`{name}` of each element."
    return function(body)


globals().update({name: _unary(name, compute) for name, compute in _UNARY.items()})


@function
def abs(x):
    """Absolute value of each element; its gradient at 0 is 0."""
    return K.abs.of_arrays(jnp.asarray(x))


@function
def zero_fraction(value):
    """The part of the elements that is 0, a float32 scalar."""
    return jnp.mean(jnp.asarray(value) == 0, dtype="float32")


# ---- two tensors, element by element


def _divide_no_nan(x, y):
    return jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y))


def _alike(x, y):
    """Two arrays in one shape and dtype."""
    dtype = jnp.result_type(x, y)
    return jnp.broadcast_arrays(x.astype(dtype), y.astype(dtype))


def _truncate_divide(x, y):
    if jnp.issubdtype(jnp.result_type(x, y), jnp.integer):
        return lax.div(*_alike(x, y))
    return x / y


def _floored(x, y):
    """TensorFlow 1's division, that of Python 2: whole numbers stay whole."""
    whole = jnp.issubdtype(jnp.result_type(x, y), jnp.integer)
    return jnp.floor_divide(x, y) if whole else x / y


def _true_divide(x, y):
    return jnp.divide(x, y)


def _xlogy(x, y):
    return jnp.where(x == 0, 0, x * jnp.log(jnp.where(x == 0, 1, y)))


def _xlog1py(x, y):
    return jnp.where(x == 0, 0, x * jnp.log1p(jnp.where(x == 0, 0, y)))


def _xdivy(x, y):
    return jnp.where(x == 0, 0, x / jnp.where(x == 0, 1, y))


_BINARY = {
    "add": jnp.add,
    "atan2": jnp.arctan2,
    "div": _floored,
    "divide": _true_divide,
    "divide_no_nan": _divide_no_nan,
    "equal": jnp.equal,
    "floordiv": jnp.floor_divide,
    "floormod": jnp.mod,
    "greater": jnp.greater,
    "greater_equal": jnp.greater_equal,
    "igamma": special.gammainc,
    "igammac": special.gammaincc,
    "less": jnp.less,
    "less_equal": jnp.less_equal,
    "logical_and": jnp.logical_and,
    "logical_or": jnp.logical_or,
    "logical_xor": jnp.logical_xor,
    "maximum": lambda x, y: K.maximum.of_arrays(x, y),
    "minimum": lambda x, y: K.minimum.of_arrays(x, y),
    "mod": jnp.mod,
    "multiply": jnp.multiply,
    "multiply_no_nan": lambda x, y: jnp.where(y == 0, 0, x * jnp.where(y == 0, 0, y)),
    "nextafter": jnp.nextafter,
    "not_equal": jnp.not_equal,
    "polygamma": lambda a, x: special.polygamma(a.astype("int32"), x),
    "pow": jnp.power,
    "squared_difference": lambda x, y: jnp.square(x - y),
    "subtract": jnp.subtract,
    "truediv": _true_divide,
    "truncatediv": _truncate_divide,
    "truncatemod": lambda x, y: lax.rem(*_alike(x, y)),
    "xdivy": _xdivy,
    "xlog1py": _xlog1py,
    "xlogy": _xlogy,
    "zeta": special.zeta,
}


def _binary(name, compute):
    def body(x, y):
        return compute(*_pair(x, y))

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"`{name}` of two tensors, element by element; they broadcast."
    return function(body)


def _pair(x, y):
    """Two arrays; a number beside an array takes its dtype, as TensorFlow converts it."""
    if hasattr(x, "dtype") and not hasattr(y, "dtype"):
        return jnp.asarray(x), _like(y, x.dtype)
    if hasattr(y, "dtype") and not hasattr(x, "dtype"):
        return _like(x, y.dtype), jnp.asarray(y)
    return jnp.asarray(x), jnp.asarray(y)


def _like(x, dtype):
    x = np.asarray(x) if not _holds_arrays(x) else jnp.asarray(x)
    if x.dtype.kind == "f" and np.dtype(dtype).kind in "iub" or x.dtype.kind == "b":
        return jnp.asarray(x)
    return jnp.asarray(x, dtype)


def _holds_arrays(x):
    return isinstance(x, (list, tuple)) and builtins.any(
        isinstance(item, jax.Array) or _holds_arrays(item) for item in x
    )


globals().update({name: _binary(name, compute) for name, compute in _BINARY.items()})


@function
def betainc(a, b, x):
    """The regularized incomplete beta function."""
    return special.betainc(jnp.asarray(a), jnp.asarray(b), jnp.asarray(x))


@function
def add_n(inputs):
    """The sum of a list of tensors of one shape."""
    return sum((jnp.asarray(x) for x in inputs[1:]), jnp.asarray(inputs[0]))


accumulate_n = add_n


@function
def scalar_mul(scalar, x):
    """A number times a tensor."""
    return jnp.asarray(scalar) * jnp.asarray(x)


@function
def approximate_equal(x, y, tolerance=1e-5):
    """Whether elements differ by less than `tolerance`."""
    return jnp.abs(jnp.asarray(x) - jnp.asarray(y)) < tolerance


# ---- reductions

_REDUCTIONS = {
    "reduce_all": jnp.all,
    "reduce_any": jnp.any,
    "reduce_max": jnp.max,
    "reduce_min": jnp.min,
    "reduce_prod": jnp.prod,
    "reduce_sum": jnp.sum,
    "reduce_logsumexp": special.logsumexp,
    "reduce_std": lambda x, **options: jnp.std(_inexact(x), **options),
    "reduce_variance": lambda x, **options: jnp.var(_inexact(x), **options),
    "reduce_euclidean_norm": lambda x, axis, keepdims: jnp.sqrt(
        jnp.sum(jnp.square(x), axis=axis, keepdims=keepdims)
    ),
}


def _inexact(x):
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise TypeError(f"Input must be either real or complex; it is {x.dtype}. tf.cast it.")
    return x


def _mean(x, axis, keepdims):
    if jnp.issubdtype(x.dtype, jnp.integer):  # TensorFlow divides integers as integers
        counted = x.size // builtins.max(jnp.sum(x, axis=axis).size, 1)
        return lax.div(jnp.sum(x, axis=axis, keepdims=keepdims), jnp.asarray(counted, x.dtype))
    return jnp.mean(x, axis=axis, keepdims=keepdims)


def _reduction(name, compute):
    def body(input_tensor, axis=None, keepdims=False):
        return compute(jnp.asarray(input_tensor), axis=axes(axis), keepdims=bool(keepdims))

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"`{name}` over `axis` (one, several, or None for all), of a tensor."
    return function(body)


_REDUCTIONS["reduce_mean"] = _mean
globals().update({name: _reduction(name, compute) for name, compute in _REDUCTIONS.items()})


@function
def argmax(input, axis=None, output_type="int64"):
    """The place of the greatest element along `axis` (0 by default)."""
    return jnp.argmax(jnp.asarray(input), axes(axis) or 0).astype(compute_dtype(output_type))


@function
def argmin(input, axis=None, output_type="int64"):
    """The place of the smallest element along `axis` (0 by default)."""
    return jnp.argmin(jnp.asarray(input), axes(axis) or 0).astype(compute_dtype(output_type))


@function
def count_nonzero(input, axis=None, keepdims=None, dtype="int64"):
    """The number of elements that are not 0."""
    counted = jnp.asarray(input) != 0
    return jnp.sum(counted, axes(axis), keepdims=bool(keepdims), dtype=compute_dtype(dtype))


def _cumulative(name, compute, start):
    def body(x, axis=0, exclusive=False, reverse=False):
        x, axis = jnp.asarray(x), int(statically(axis, "axis"))
        x = jnp.flip(x, axis) if reverse else x
        result = compute(x, axis)
        if exclusive:
            first = jnp.full_like(lax.slice_in_dim(x, 0, 1, axis=axis), start)
            result = jnp.concatenate(
                [first, lax.slice_in_dim(result, 0, x.shape[axis] - 1, axis=axis)], axis
            )
        return jnp.flip(result, axis) if reverse else result

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"`{name}` along `axis`; `exclusive` leaves each element out of its own."
    return function(body)


cumsum = _cumulative("cumsum", lambda x, axis: jnp.cumsum(x, axis), 0)
cumprod = _cumulative("cumprod", lambda x, axis: jnp.cumprod(x, axis), 1)
cumulative_logsumexp = _cumulative(
    "cumulative_logsumexp", lambda x, axis: lax.cumlogsumexp(x, axis % x.ndim), -np.inf
)


# ---- segments


def _segments(name, compute, mean=False):
    def body(data, segment_ids, num_segments=None):
        data, ids = jnp.asarray(data), jnp.asarray(segment_ids)
        if num_segments is None:
            num_segments = int(statically(segment_ids, "segment_ids").max(initial=-1)) + 1
        count = int(statically(num_segments, "num_segments"))
        result = compute(data.reshape(ids.size, *data.shape[ids.ndim :]), ids.reshape(-1), count)
        if mean:
            sizes = jax.ops.segment_sum(jnp.ones(ids.size, data.dtype), ids.reshape(-1), count)
            sizes = jnp.maximum(sizes, 1).reshape(-1, *(1,) * (result.ndim - 1))
            result = jnp.sqrt(sizes) * result / sizes if mean == "root" else result / sizes
        return result

    body.__name__ = body.__qualname__ = name
    body.__doc__ = (
        f"`{name}`: elements of `data` with the same number in `segment_ids` together. Without "
        "`num_segments` the ids must be known when the program is compiled."
    )
    return function(body)


def _filled(compute, empty):
    """Segments without elements hold what TensorFlow puts there."""

    def body(data, ids, count):
        sizes = jax.ops.segment_sum(jnp.ones(ids.size, "int32"), ids, count)
        fill = empty(data.dtype) if callable(empty) else empty
        shape = (-1, *(1,) * (data.ndim - 1))
        return jnp.where(sizes.reshape(shape) > 0, compute(data, ids, count), fill)

    return body


def _limit(kind):
    def of(dtype):
        info = jnp.finfo(dtype) if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype)
        return getattr(info, kind)

    return of


segment_sum = _segments("segment_sum", jax.ops.segment_sum)
segment_mean = _segments("segment_mean", jax.ops.segment_sum, mean=True)
segment_max = _segments("segment_max", _filled(jax.ops.segment_max, 0))
segment_min = _segments("segment_min", _filled(jax.ops.segment_min, 0))
segment_prod = _segments("segment_prod", jax.ops.segment_prod)
unsorted_segment_sum = _segments("unsorted_segment_sum", jax.ops.segment_sum)
unsorted_segment_mean = _segments("unsorted_segment_mean", jax.ops.segment_sum, mean=True)
unsorted_segment_sqrt_n = _segments("unsorted_segment_sqrt_n", jax.ops.segment_sum, mean="root")
unsorted_segment_max = _segments(
    "unsorted_segment_max", _filled(jax.ops.segment_max, _limit("min"))
)
unsorted_segment_min = _segments(
    "unsorted_segment_min", _filled(jax.ops.segment_min, _limit("max"))
)
unsorted_segment_prod = _segments("unsorted_segment_prod", jax.ops.segment_prod)


# ---- along an axis


TopKV2 = collections.namedtuple("TopKV2", ["values", "indices"])


@function
def _top_k(input, k):
    return list(lax.top_k(jnp.asarray(input), int(statically(k, "k"))))


def top_k(input, k=1, sorted=True, name=None):
    """The `k` greatest elements of each row, from the greatest on.

    Args:
        input: Tensor `(..., n)`.
        k: Integer, at most `n`.
        sorted: Bool; they are in order in any case.
        name: String, of the results.

    Returns:
        The pair `(values, indices)`, each `(..., k)`; `indices` are int32.
    """
    return TopKV2(*_top_k(input, k, name=name))


@function
def in_top_k(targets, predictions, k):
    """Whether the target of each row is among its `k` greatest predictions."""
    return K.in_top_k.of_arrays(jnp.asarray(predictions), jnp.asarray(targets), int(k))


@function
def l2_normalize(x, axis=None, epsilon=1e-12):
    """Divides by the L2 norm over `axis`, the square of which counts as `epsilon` at least."""
    x = jnp.asarray(x)
    total = jnp.sum(jnp.square(x), axis=axes(axis), keepdims=True)
    return x * lax.rsqrt(jnp.maximum(total, epsilon))


@function
def softmax(logits, axis=-1):
    """The exponentials of `logits`, divided by their sum over `axis`."""
    return jax.nn.softmax(jnp.asarray(logits), -1 if axis is None else int(axis))


@function
def log_softmax(logits, axis=-1):
    """The logarithm of `softmax`."""
    return jax.nn.log_softmax(jnp.asarray(logits), -1 if axis is None else int(axis))


@function
def invert_permutation(x):
    """The permutation that undoes `x`."""
    return jnp.argsort(jnp.asarray(x)).astype(jnp.asarray(x).dtype)


globals().update({name: getattr(counting, name) for name in counting.__all__})

__all__ = sorted({*exported(globals()), *counting.__all__})


__getattr__ = teller("math")
