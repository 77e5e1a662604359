"""`tf.debugging`: checks that raise where a value is known, and within the run where it is not."""

import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.dtypes import as_dtype
from hornbeam.compat.tensorflow.effects import Assert
from hornbeam.compat.tensorflow.wrapping import function

__all__ = [
    "Assert", "assert_all_finite", "assert_equal", "assert_greater", "assert_greater_equal",
    "assert_integer", "assert_less", "assert_less_equal", "assert_near", "assert_negative",
    "assert_non_negative", "assert_non_positive", "assert_none_equal", "assert_positive",
    "assert_rank", "assert_rank_at_least", "assert_rank_in", "assert_same_float_dtype",
    "assert_scalar", "assert_shapes", "assert_type", "check_numerics", "disable_check_numerics",
    "disable_traceback_filtering", "enable_check_numerics", "enable_traceback_filtering",
    "experimental", "is_non_decreasing", "is_numeric_tensor", "is_strictly_increasing",
    "set_log_device_placement",
]  # fmt: skip


def _two(name, holds, words):
    @function
    def test(x, y):
        return holds(jnp.asarray(x), jnp.asarray(y))

    def check(x, y, message=None, summarize=None, name=None):
        return Assert(test(x, y), [f"{message or ''} Condition x {words} y did not hold.", x, y])

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Raises InvalidArgumentError unless `x {words} y` holds for all elements."
    return check


assert_equal = _two("assert_equal", jnp.equal, "==")
assert_none_equal = _two("assert_none_equal", jnp.not_equal, "!=")
assert_less = _two("assert_less", jnp.less, "<")
assert_less_equal = _two("assert_less_equal", jnp.less_equal, "<=")
assert_greater = _two("assert_greater", jnp.greater, ">")
assert_greater_equal = _two("assert_greater_equal", jnp.greater_equal, ">=")


def _one(name, check, words):
    def single(x, message=None, summarize=None, name=None):
        return check(x, 0, message)

    single.__name__ = single.__qualname__ = name
    single.__doc__ = f"Raises InvalidArgumentError unless all elements are {words}."
    return single


assert_positive = _one("assert_positive", assert_greater, "above 0")
assert_negative = _one("assert_negative", assert_less, "below 0")
assert_non_negative = _one("assert_non_negative", assert_greater_equal, "0 or above")
assert_non_positive = _one("assert_non_positive", assert_less_equal, "0 or below")


@function
def _near(x, y, rtol, atol):
    x, y = jnp.asarray(x), jnp.asarray(y)
    return jnp.abs(x - y) <= atol + rtol * jnp.abs(y)


def assert_near(x, y, rtol=None, atol=None, message=None, summarize=None, name=None):
    """Raises InvalidArgumentError unless `|x - y| <= atol + rtol * |y|`; by default 10 epsilon."""
    eps = 10 * float(np.finfo("float32").eps)
    close = _near(x, y, eps if rtol is None else rtol, eps if atol is None else atol)
    return Assert(close, [f"{message or ''} x and y not equal to tolerance.", x, y])


@function
def _finite(x):
    return jnp.isfinite(jnp.asarray(x))


def assert_all_finite(x=None, message="", name=None, t=None, msg=None):
    """Returns `x`; raises InvalidArgumentError if an element is infinite or no number."""
    x = t if x is None else x
    check = Assert(_finite(x), [f"{message or msg or ''} : Tensor had Inf or NaN values"])
    with K.control_dependencies([check]):
        return K.identity(x)


def check_numerics(tensor, message, name=None):
    """Returns `tensor`; raises InvalidArgumentError if an element is infinite or no number."""
    return assert_all_finite(tensor, message)


# ---- what is known when the graph is built


def _rank_error(message, x, wanted):
    return ValueError(f"{message or ''} Tensor of shape {K.int_shape(x)} must have rank {wanted}.")


def assert_rank(x, rank, message=None, summarize=None, name=None):
    """Raises ValueError unless `x` has `rank` axes."""
    if K.ndim(x) != int(rank):
        raise _rank_error(message, x, rank)


def assert_rank_at_least(x, rank, message=None, summarize=None, name=None):
    """Raises ValueError unless `x` has `rank` axes or more."""
    if K.ndim(x) < int(rank):
        raise _rank_error(message, x, f"at least {rank}")


def assert_rank_in(x, ranks, message=None, summarize=None, name=None):
    """Raises ValueError unless the number of axes is one of `ranks`."""
    if K.ndim(x) not in [int(rank) for rank in ranks]:
        raise _rank_error(message, x, f"in {ranks}")


def assert_scalar(tensor, name=None, message=None):
    """Returns `tensor`; raises ValueError unless it has no axes."""
    assert_rank(tensor, 0, message)
    return tensor


def assert_type(tensor, tf_type, message=None, name=None):
    """Raises TypeError unless `tensor` has this dtype."""
    if as_dtype(tensor.dtype) != as_dtype(tf_type):
        raise TypeError(f"{message or ''} tensor must be of type {tf_type!r}; it is "
                        f"{tensor.dtype}.")


def assert_integer(x, message=None, name=None):
    """Raises TypeError unless `x` holds integers."""
    if not as_dtype(x.dtype).is_integer:
        raise TypeError(f"{message or ''} Expected integers; got {x.dtype}.")


def assert_same_float_dtype(tensors=None, dtype=None):
    """Returns the float dtype that all have; raises ValueError if they have not one."""
    kinds = {as_dtype(x.dtype) for x in tensors or ()} | ({as_dtype(dtype)} if dtype else set())
    kinds = kinds or {as_dtype("float32")}
    if len(kinds) > 1 or not next(iter(kinds)).is_floating:
        raise ValueError(f"Expected one floating point dtype; got {sorted(kinds)}.")
    return kinds.pop()


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None):
    """Raises ValueError unless sizes of one name are one: `[(x, ('N', 3)), (y, ('N',))]`."""
    sizes = {}
    for x, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        found = K.int_shape(x)
        wanted = tuple(wanted) if isinstance(wanted, (list, tuple)) else (wanted,)
        if len(found) != len(wanted):
            raise _rank_error(message, x, len(wanted))
        for size, symbol in zip(found, wanted):
            known = sizes.setdefault(symbol, size) if isinstance(symbol, str) else symbol
            if None not in (size, known) and known not in (".", size):
                raise ValueError(f"{message or ''} Size {symbol} is {known} and {size}.")


def is_numeric_tensor(tensor):
    """Whether `tensor` is a tensor of numbers."""
    return hasattr(tensor, "dtype") and as_dtype(tensor.dtype) not in ("bool", "string")


@function
def is_non_decreasing(x):
    """Whether no element is smaller than the one before."""
    x = jnp.asarray(x).reshape(-1)
    return jnp.all(x[1:] >= x[:-1])


@function
def is_strictly_increasing(x):
    """Whether every element is greater than the one before."""
    x = jnp.asarray(x).reshape(-1)
    return jnp.all(x[1:] > x[:-1])


# ---- modes


def enable_check_numerics(stack_height_limit=30, path_length_limit=50):
    """Makes JAX look for NaN after every program, and say where."""
    import jax

    jax.config.update("jax_debug_nans", True)


def disable_check_numerics():
    """Undoes `enable_check_numerics`."""
    import jax

    jax.config.update("jax_debug_nans", False)


def enable_traceback_filtering():
    """Folds JAX's own frames away in tracebacks, as is usual."""
    import jax

    jax.config.update("jax_traceback_filtering", "auto")


def disable_traceback_filtering():
    """Shows JAX's own frames in tracebacks."""
    import jax

    jax.config.update("jax_traceback_filtering", "off")


def set_log_device_placement(enabled):
    """Raises NotImplementedError for True: XLA places whole programs, not operations."""
    if enabled:
        raise NotImplementedError("XLA places whole programs; there is nothing to log.")


class experimental:  # noqa: N801  TensorFlow's name
    """Older places of the same names."""

    disable_dump_debug_info = staticmethod(disable_check_numerics)


__getattr__ = teller("debugging")
