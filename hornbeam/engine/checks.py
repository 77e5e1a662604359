"""Checks of shapes, ranks and dtypes, with errors that name the layer."""

import contextlib

import jax.numpy as jnp
import numpy as np

from hornbeam.backend.errors import ShapeError
from hornbeam.backend.precision import wide_scope
from hornbeam.backend.tensors import DType


class InputSpec:
    """What a layer expects of an input.

    Args:
        dtype: Name of a dtype, or None for any.
        shape: Tuple with None for any size, or None for any shape.
        ndim: Integer rank, or None for any.
        max_ndim, min_ndim: Integer bounds of the rank.
        axes: Dict from axis to size.
    """

    def __init__(self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None):
        self.dtype = dtype
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = axes or {}

    def __repr__(self):
        wanted = {name: value for name, value in vars(self).items() if value not in (None, {})}
        return "InputSpec(" + ", ".join(f"{k}={v}" for k, v in wanted.items()) + ")"


def input_compatibility(layer, shapes, dtypes):
    """Checks the inputs of a layer against its `input_spec`.

    Raises:
        ShapeError: naming the layer, what it got and what it expects.
    """
    if layer.input_spec is None:
        return
    specs = layer.input_spec
    specs = list(specs) if isinstance(specs, (list, tuple)) else [specs]
    if len(specs) != len(shapes):
        raise ShapeError(
            f"Layer {layer.name} expects {len(specs)} inputs, but it received {len(shapes)} "
            f"input tensors of shapes {shapes}."
        )
    for index, (spec, shape, dtype) in enumerate(zip(specs, shapes, dtypes)):
        if spec is None:
            continue
        problem = _mismatch(spec, shape, dtype)
        if problem:
            raise ShapeError(
                f"Input {index} is incompatible with layer {layer.name} "
                f"({type(layer).__name__}): {problem}, found shape {shape}."
            )


def _mismatch(spec, shape, dtype):
    rank = len(shape)
    if spec.ndim is not None and rank != spec.ndim:
        return f"expected ndim={spec.ndim}, found ndim={rank}"
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={rank}"
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f"expected min_ndim={spec.min_ndim}, found ndim={rank}"
    if spec.dtype is not None and dtype != spec.dtype:
        return f"expected dtype={spec.dtype}, found dtype={dtype}"
    for axis, size in spec.axes.items():
        axis = int(axis)
        if not -rank <= axis < rank:
            return f"expected an axis {axis}"
        if size is not None and shape[axis] not in (size, None):
            return f"expected axis {axis} of input shape to have value {size}"
    for want, got in zip(spec.shape or (), shape):
        if want is not None and got is not None and want != got:
            return f"expected shape {tuple(spec.shape)}"
    return None


def is_shape_list(shape):
    """Whether this is a list of shapes, not one shape."""
    return (
        isinstance(shape, list)
        and bool(shape)
        and all(isinstance(item, (tuple, list)) for item in shape)
    ) or (isinstance(shape, tuple) and bool(shape) and isinstance(shape[0], (tuple, list)))


def shape_tuple(layer, shape):
    """Returns a shape argument as a tuple of ints and None."""
    if isinstance(shape, (int, np.integer)):
        shape = (shape,)
    try:
        dims = tuple(None if dim is None else int(dim) for dim in shape)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"{layer.name} got the shape {shape!r}. Expected a tuple of ints and None."
        ) from error
    if any(dim is not None and dim < 0 for dim in dims):
        raise ShapeError(f"{layer.name} got the shape {dims}, with a negative size.")
    return dims


def weight_shape(layer, name, shape):
    """Returns the shape of a weight.

    Raises:
        ShapeError: if a size is unknown or negative.
    """
    dims = shape_tuple(layer, shape)
    if any(dim is None for dim in dims):
        raise ShapeError(
            f"Weight {name!r} of {layer.name} would have shape {dims}. The sizes of the input "
            "axes that the weights depend on must be known: give `input_shape`."
        )
    return dims


def wider_dtype(a, b):
    """Returns the dtype of a sum of the two, by JAX's rules."""
    if a == b:
        return a
    with wide_scope():
        return DType(jnp.promote_types(a, b).name)


@contextlib.contextmanager
def named_errors(layer):
    """Context that notes the layer on errors from inside it, the innermost layer only."""
    try:
        yield
    except Exception as error:
        if not getattr(error, "_hornbeam_layer", None):
            with contextlib.suppress(AttributeError):
                error._hornbeam_layer = layer.name
            if hasattr(error, "add_note"):
                error.add_note(f"In layer {layer.name!r} ({type(layer).__name__}).")
        raise
