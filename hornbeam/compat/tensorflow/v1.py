"""`tf.compat.v1`: what only TensorFlow 1 has. Every other name is that of `tensorflow`."""

import contextlib
import importlib

import numpy as np

from hornbeam import backend as K
from hornbeam import initializers, regularizers
from hornbeam.backend import names, running
from hornbeam.backend.tensors import Variable as _Variable
from hornbeam.backend.tensors import dtype_name
from hornbeam.compat.tensorflow import conventions, math, nn, ops, random, sessions
from hornbeam.compat.tensorflow.defaults import VERSION  # noqa: F401  tf.VERSION
from hornbeam.compat.tensorflow.dtypes import cast
from hornbeam.compat.tensorflow.shaping import batch_to_space, space_to_batch

GIT_VERSION = COMPILER_VERSION = "unknown"
AUTO_REUSE = "auto_reuse"

# TensorFlow 1's name -> (module, name in it).
_ELSEWHERE = {
    "InteractiveSession": (sessions, "InteractiveSession"),
    "betainc": (math, "betainc"),
    "ceil": (math, "ceil"),
    "conj": (math, "conj"),
    "count_nonzero": (math, "count_nonzero"),
    "digamma": (math, "digamma"),
    "div_no_nan": (math, "divide_no_nan"),
    "erf": (math, "erf"),
    "erfc": (math, "erfc"),
    "imag": (math, "imag"),
    "is_finite": (math, "is_finite"),
    "is_inf": (math, "is_inf"),
    "is_nan": (math, "is_nan"),
    "lgamma": (math, "lgamma"),
    "log": (math, "log"),
    "log1p": (math, "log1p"),
    "log_sigmoid": (math, "log_sigmoid"),
    "logical_xor": (math, "logical_xor"),
    "multinomial": (random, "categorical"),
    "mod": (math, "mod"),
    "random_crop": ("image", "random_crop"),
    "random_gamma": (random, "gamma"),
    "random_normal": (random, "normal"),
    "random_poisson": (random, "poisson_v1"),
    "random_shuffle": (random, "shuffle"),
    "random_uniform": (random, "uniform"),
    "real": (math, "real"),
    "reciprocal": (math, "reciprocal"),
    "rint": (math, "rint"),
    "rsqrt": (math, "rsqrt"),
    "space_to_depth": (nn, "space_to_depth"),
    "depth_to_space": (nn, "depth_to_space"),
    "truncated_normal": (random, "truncated_normal"),
    "set_random_seed": (random, "set_seed"),
    "zeta": (math, "zeta"),
    "neg": (math, "negative"),
    "mul": (math, "multiply"),
    "sub": (math, "subtract"),
    "div": (math, "div"),
    "floor_div": (math, "floordiv"),
    "cumprod": (math, "cumprod"),
    "bincount": (math, "bincount"),
    "confusion_matrix": (math, "confusion_matrix"),
    "segment_max": (math, "segment_max"),
    "segment_mean": (math, "segment_mean"),
    "segment_min": (math, "segment_min"),
    "segment_prod": (math, "segment_prod"),
    "segment_sum": (math, "segment_sum"),
    "unsorted_segment_max": (math, "unsorted_segment_max"),
    "unsorted_segment_mean": (math, "unsorted_segment_mean"),
    "unsorted_segment_min": (math, "unsorted_segment_min"),
    "unsorted_segment_prod": (math, "unsorted_segment_prod"),
    "unsorted_segment_sqrt_n": (math, "unsorted_segment_sqrt_n"),
    "unsorted_segment_sum": (math, "unsorted_segment_sum"),
    "invert_permutation": (math, "invert_permutation"),
    "squared_difference": (math, "squared_difference"),
    "lbeta": (math, "lbeta"),
    "igamma": (math, "igamma"),
    "igammac": (math, "igammac"),
    "polygamma": (math, "polygamma"),
    "angle": (math, "angle"),
    "matrix_band_part": ("linalg", "band_part"),
    "matrix_determinant": ("linalg", "det"),
    "matrix_diag": ("linalg", "diag"),
    "matrix_diag_part": ("linalg", "diag_part"),
    "matrix_inverse": ("linalg", "inv"),
    "matrix_set_diag": ("linalg", "set_diag"),
    "matrix_solve": ("linalg", "solve"),
    "matrix_solve_ls": ("linalg", "lstsq"),
    "matrix_transpose": ("linalg", "matrix_transpose"),
    "matrix_triangular_solve": ("linalg", "triangular_solve"),
    "cholesky": ("linalg", "cholesky"),
    "cholesky_solve": ("linalg", "cholesky_solve"),
    "cross": ("linalg", "cross"),
    "diag": ("linalg", "tensor_diag"),
    "diag_part": ("linalg", "tensor_diag_part"),
    "logdet": ("linalg", "logdet"),
    "qr": ("linalg", "qr"),
    "self_adjoint_eig": ("linalg", "eigh"),
    "svd": ("linalg", "svd"),
    "trace": ("linalg", "trace"),
    "fft": ("signal", "fft"),
    "ifft": ("signal", "ifft"),
    "fft2d": ("signal", "fft2d"),
    "ifft2d": ("signal", "ifft2d"),
    "read_file": ("io", "read_file"),
    "write_file": ("io", "write_file"),
    "decode_raw": ("io", "decode_raw"),
    "extract_image_patches": ("image", "extract_image_patches"),
    "pack": ("shaping", "stack"),
    "unpack": ("shaping", "unstack"),
    "verify_tensor_all_finite": ("debugging", "assert_all_finite"),
    "check_numerics": ("debugging", "check_numerics"),
    "is_numeric_tensor": ("debugging", "is_numeric_tensor"),
    "is_non_decreasing": ("debugging", "is_non_decreasing"),
    "is_strictly_increasing": ("debugging", "is_strictly_increasing"),
    "assert_equal": ("debugging", "assert_equal"),
    "assert_greater": ("debugging", "assert_greater"),
    "assert_greater_equal": ("debugging", "assert_greater_equal"),
    "assert_less": ("debugging", "assert_less"),
    "assert_less_equal": ("debugging", "assert_less_equal"),
    "assert_none_equal": ("debugging", "assert_none_equal"),
    "assert_non_negative": ("debugging", "assert_non_negative"),
    "assert_non_positive": ("debugging", "assert_non_positive"),
    "assert_positive": ("debugging", "assert_positive"),
    "assert_negative": ("debugging", "assert_negative"),
    "assert_rank": ("debugging", "assert_rank"),
    "assert_rank_at_least": ("debugging", "assert_rank_at_least"),
    "assert_rank_in": ("debugging", "assert_rank_in"),
    "assert_type": ("debugging", "assert_type"),
    "assert_scalar": ("debugging", "assert_scalar"),
    "assert_near": ("debugging", "assert_near"),
    "assert_integer": ("debugging", "assert_integer"),
}
_HOMES = {
    "app": "app", "flags": "flags", "gfile": "gfile", "layers": "layers", "logging": "logging",
    "losses": "losses_v1", "test": "test",
}  # fmt: skip


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(f"module 'tensorflow.compat.v1' has no attribute {name!r}")
    if name in _ELSEWHERE:
        module, own = _ELSEWHERE[name]
        if isinstance(module, str):
            module = importlib.import_module(f"hornbeam.compat.tensorflow.{module}")
        return getattr(module, own)
    for module in (sessions, ops):
        if name in module.__all__:
            return getattr(module, name)
    root = importlib.import_module("hornbeam.compat.tensorflow")
    if name in _HOMES:
        return importlib.import_module(f"hornbeam.compat.tensorflow.{_HOMES[name]}")
    return getattr(root, name)


# ---- modes


def disable_eager_execution():
    """Operations on variables and constants record a graph, as in TensorFlow 1."""
    conventions.eager(False)


def enable_eager_execution(config=None, device_policy=None, execution_mode=None):
    """Operations on variables and constants compute at once. Devices are XLA's to choose."""
    conventions.eager(True)


def disable_v2_behavior():
    """See `disable_eager_execution`."""
    conventions.eager(False)


def enable_v2_behavior():
    """See `enable_eager_execution`."""
    conventions.eager(True)


def _mode(name, what):
    def switch():
        return None

    switch.__name__ = switch.__qualname__ = name
    switch.__doc__ = f"{what} are one thing here, whichever version the program is written for."
    return switch


disable_control_flow_v2 = _mode("disable_control_flow_v2", "Loops")
disable_resource_variables = _mode("disable_resource_variables", "Variables")
disable_tensor_equality = _mode("disable_tensor_equality", "Comparisons")
disable_v2_tensorshape = _mode("disable_v2_tensorshape", "Shapes")
enable_control_flow_v2 = _mode("enable_control_flow_v2", "Loops")
enable_resource_variables = _mode("enable_resource_variables", "Variables")
enable_tensor_equality = _mode("enable_tensor_equality", "Comparisons")
enable_v2_tensorshape = _mode("enable_v2_tensorshape", "Shapes")


# ---- placeholders and variables


def placeholder(dtype, shape=None, name=None):
    """Makes a tensor that `Session.run(..., feed_dict)` feeds.

    Args:
        dtype: Dtype.
        shape: Tuple of ints and None.
        name: String.

    Raises:
        ValueError: without a shape: the number of axes must be known.
    """
    if shape is None:
        raise ValueError(
            "tf.placeholder needs a shape here, in which sizes may be None: the number of axes "
            "must be known when the graph is built."
        )
    return K.placeholder(tuple(shape), dtype=dtype_name(dtype), name=name)


def placeholder_with_default(input, shape, name=None):
    """Makes a tensor that may be fed, and is `input` otherwise."""
    from hornbeam.backend.tensors import Operand, Placeholder
    from hornbeam.backend.variables import tensor_name

    with running.recording():
        default = input if isinstance(input, Operand) else K.constant(
            np.asarray(input), dtype=np.asarray(input).dtype.name.replace("64", "32")
        )
    return Placeholder(tuple(shape), default.dtype, tensor_name(name, "Placeholder"), default)


class _Scope:
    """A variable scope: a prefix of names, and whether variables are shared."""

    def __init__(self, name, reuse, initializer=None, regularizer=None):
        self.name, self.reuse = name, reuse
        self.initializer, self.regularizer = initializer, regularizer
        self.original_name_scope = name + "/" if name else ""

    def reuse_variables(self):
        """From here on variables of this scope are those that there are."""
        self.reuse = True


_scopes = [_Scope("", False)]
_variables = {}  # name -> variable, of `get_variable`


@names.on_reset
def _forget():
    _variables.clear()


@contextlib.contextmanager
def variable_scope(name_or_scope, default_name=None, values=None, initializer=None,
                   regularizer=None, caching_device=None, partitioner=None, custom_getter=None,
                   reuse=None, dtype=None, use_resource=None, constraint=None,
                   auxiliary_name_scope=True):
    """Context that puts a name before variables of `get_variable` and says if they are shared.

    Args:
        name_or_scope: String, or a scope that was made before.
        default_name: String, used with a number where the name is None.
        initializer, regularizer: Of variables that have none of their own.
        reuse: True shares, `tf.AUTO_REUSE` shares what there is, False or None makes new ones.
        values, caching_device, partitioner, dtype, use_resource, auxiliary_name_scope:
            TensorFlow's; nothing here depends on them.
        custom_getter, constraint: Not provided.
    """
    if custom_getter is not None or constraint is not None:
        raise ValueError("tf.variable_scope takes no custom_getter or constraint here.")
    around = _scopes[-1]
    if isinstance(name_or_scope, _Scope):
        scope = _Scope(name_or_scope.name, name_or_scope.reuse if reuse is None else reuse,
                       initializer or name_or_scope.initializer,
                       regularizer or name_or_scope.regularizer)
        part = scope.name
    else:
        part = name_or_scope or names.unique(default_name or "scope")
        scope = _Scope("/".join(filter(None, [around.name, part])),
                       around.reuse if reuse is None else reuse,
                       initializer or around.initializer, regularizer or around.regularizer)
    _scopes.append(scope)
    try:
        with K.name_scope(part):
            yield scope
    finally:
        _scopes.pop()


def get_variable_scope():
    """Returns the scope of the innermost `with`."""
    return _scopes[-1]


def get_variable(name, shape=None, dtype=None, initializer=None, regularizer=None, trainable=None,
                 collections=None, caching_device=None, partitioner=None, validate_shape=True,
                 use_resource=None, custom_getter=None, constraint=None, synchronization=None,
                 aggregation=None):
    """Returns the variable of this name in the scope; makes it, or shares it, as the scope says.

    Args:
        name: String.
        shape: Tuple of ints; not needed for an `initializer` that is an array.
        dtype: Dtype, float32 by default.
        initializer: Name, `Initializer`, function of a shape, or array; Glorot's uniform one by
            default.
        regularizer: Function of the variable to a loss, which joins the collection
            `REGULARIZATION_LOSSES`.
        trainable: Bool, True by default.
        collections: List of names of collections that it joins as well.
        constraint: Function to the projected value after a step.
        caching_device, partitioner, validate_shape, use_resource, synchronization, aggregation:
            TensorFlow's; nothing here depends on them.
        custom_getter: Not provided.

    Raises:
        ValueError: if it is there and the scope shares nothing, or is not there and must be.
    """
    if custom_getter is not None:
        raise ValueError("tf.get_variable takes no custom_getter here.")
    scope = _scopes[-1]
    full = "/".join(filter(None, [scope.name, name]))
    if full in _variables:
        if not scope.reuse:
            raise ValueError(
                f"Variable {full} already exists, disallowed. Did you mean to set reuse=True or "
                "reuse=tf.AUTO_REUSE in VarScope?"
            )
        return _variables[full]
    if scope.reuse is True:
        raise ValueError(
            f"Variable {full} does not exist, or was not created with tf.get_variable(). Did you "
            "mean to set reuse=tf.AUTO_REUSE in VarScope?"
        )
    initializer = initializer if initializer is not None else scope.initializer
    value = _initial(initializer, shape, dtype)
    trainable = True if trainable is None else bool(trainable)
    variable = _Variable(value, dtype_name(dtype or value.dtype), name=f"{full}:0",
                         trainable=trainable, constraint=constraint)
    _variables[full] = variable
    regularizer = regularizer or scope.regularizer
    if regularizer is not None:
        with running.recording():
            loss = regularizers.get(regularizer)(variable)
        ops.add_to_collection(ops.GraphKeys.REGULARIZATION_LOSSES, loss)
    for collection in collections or ():
        ops.add_to_collection(collection, variable)
    return variable


def _initial(initializer, shape, dtype):
    if initializer is None:
        initializer = "glorot_uniform"
    if isinstance(initializer, type):
        initializer = initializer()
    if isinstance(initializer, str) or callable(initializer):
        made = initializers.get(initializer)(tuple(int(size) for size in shape))
        return np.asarray(made, dtype_name(dtype))
    value = np.asarray(initializer)
    return value.astype(dtype_name(dtype)) if dtype else value


def global_variables(scope=None):
    """Returns all variables, in the order in which they were made."""
    return ops.get_collection(ops.GraphKeys.GLOBAL_VARIABLES, scope)


def trainable_variables(scope=None):
    """Returns the variables that training changes, in the order in which they were made."""
    return ops.get_collection(ops.GraphKeys.TRAINABLE_VARIABLES, scope)


all_variables = global_variables
local_variables = lambda scope=None: []  # noqa: E731
local_variables.__doc__ = "Returns an empty list: no variable is local here."
model_variables = global_variables


def assign(ref, value, validate_shape=None, use_locking=None, name=None):
    """Writes `value` into a variable: at once, or when the program runs."""
    return ref.assign(value)


def assign_add(ref, value, use_locking=None, name=None):
    """Adds `value` to a variable. See `assign`."""
    return ref.assign_add(value)


def assign_sub(ref, value, use_locking=None, name=None):
    """Subtracts `value` from a variable. See `assign`."""
    return ref.assign_sub(value)


# ---- casts


def _cast_to(dtype):
    def to(x, name=None):
        return cast(x, dtype, name=name)

    to.__doc__ = f"Returns `x` as {dtype}."
    return to


to_bfloat16 = _cast_to("bfloat16")
to_complex64 = _cast_to("complex64")
to_double = _cast_to("float64")
to_float = _cast_to("float32")
to_int32 = _cast_to("int32")
to_int64 = _cast_to("int64")
batch_to_space_nd = batch_to_space
space_to_batch_nd = space_to_batch

_OWN = (
    "AUTO_REUSE", "COMPILER_VERSION", "GIT_VERSION", "VERSION", "all_variables", "assign",
    "assign_add", "assign_sub", "batch_to_space_nd", "disable_control_flow_v2",
    "disable_eager_execution", "disable_resource_variables", "disable_tensor_equality",
    "disable_v2_behavior", "disable_v2_tensorshape", "enable_control_flow_v2",
    "enable_eager_execution", "enable_resource_variables", "enable_tensor_equality",
    "enable_v2_behavior", "enable_v2_tensorshape", "get_variable", "get_variable_scope",
    "global_variables", "local_variables", "model_variables", "placeholder",
    "placeholder_with_default", "space_to_batch_nd", "to_bfloat16", "to_complex64", "to_double",
    "to_float", "to_int32", "to_int64", "trainable_variables", "variable_scope",
)  # fmt: skip
__all__ = sorted({*_OWN, *_ELSEWHERE, *sessions.__all__, *ops.__all__})
