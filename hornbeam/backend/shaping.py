"""Changing the shape of tensors, and taking, joining and repeating their parts."""

import jax.numpy as jnp
import numpy as np

from hornbeam.backend.config import floatx, normalize_data_format
from hornbeam.backend.errors import ShapeError
from hornbeam.backend.math import floating
from hornbeam.backend.ops import op
from hornbeam.backend.variables import compute_dtype, host_shape, int_shape, ndim


def _array(x):
    """Parts of shapes stay NumPy arrays; all else becomes a JAX array."""
    return x if isinstance(x, np.ndarray) else jnp.asarray(x)


def _is_part_of_shape(x):
    return isinstance(x, np.ndarray) and x.dtype.kind in "iu" and x.ndim == 1


def _checked_axis(name, axis, rank, shape):
    if not -rank <= axis < rank:
        raise ShapeError(
            f"{name} got axis={axis} for a tensor of shape {shape}; "
            f"expected an axis from {-rank} to {rank - 1}."
        )
    return axis


@op
def reshape(x, shape):
    """Gives `x` another shape.

    Args:
        x: Tensor or variable.
        shape: Tuple of ints or a tensor of them; one -1 stands for what is left over.

    Raises:
        ShapeError: if the number of elements does not fit.
    """
    if np.ndim(shape) == 0 and not isinstance(shape, (list, tuple)):
        shape = (shape,)
    x, shape = _array(x), host_shape(shape)
    try:
        return x.reshape(shape)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"Cannot reshape a tensor of shape {x.shape} to {shape}: it has {x.size} elements."
        ) from error


@op
def permute_dimensions(x, pattern):
    """Reorders the axes.

    Args:
        x: Tensor or variable.
        pattern: Tuple of axes, such as (0, 2, 1).

    Raises:
        ShapeError: if `pattern` does not name each axis once.
    """
    x, pattern = _array(x), host_shape(pattern, "pattern")
    if sorted(axis % max(x.ndim, 1) for axis in pattern) != list(range(x.ndim)):
        raise ShapeError(
            f"K.permute_dimensions got the pattern {pattern} for a tensor of shape {x.shape}. "
            f"Expected each of the axes 0 to {x.ndim - 1} once."
        )
    return x.transpose(pattern)


@op
def flatten(x):
    """Returns all elements in one axis."""
    return _array(x).reshape(-1)


@op
def batch_flatten(x):
    """Returns a tensor of rank 2: the first axis, and all others in one."""
    x = _array(x)
    return x.reshape(x.shape[0], int(np.prod(x.shape[1:], dtype="int64")))


@op
def expand_dims(x, axis=-1):
    """Adds an axis of size 1 at the place `axis` of the result."""
    x = _array(x)
    _checked_axis("K.expand_dims", axis, x.ndim + 1, x.shape)
    if isinstance(x, np.ndarray):
        return np.expand_dims(x, axis)
    return jnp.expand_dims(x, axis)


@op
def squeeze(x, axis):
    """Removes an axis of size 1.

    Args:
        x: Tensor or variable.
        axis: Integer, or a tuple of them.

    Raises:
        ShapeError: if the size is not 1.
    """
    x = _array(x)
    axes = tuple(axis) if isinstance(axis, (list, tuple)) else (int(axis),)
    for each in axes:
        _checked_axis("K.squeeze", each, x.ndim, x.shape)
        if x.shape[each] != 1:
            raise ShapeError(
                f"K.squeeze got axis={each} for a tensor of shape {x.shape}; "
                f"that axis has size {x.shape[each]}, not 1."
            )
    return x.squeeze(axes)


@op
def _concatenate(tensors, axis):
    arrays = [_array(x) for x in tensors]
    first = arrays[0]
    _checked_axis("K.concatenate", axis, first.ndim, first.shape)
    axis = axis % first.ndim
    for x in arrays[1:]:
        if x.ndim != first.ndim or any(
            a != b for i, (a, b) in enumerate(zip(x.shape, first.shape)) if i != axis
        ):
            raise ShapeError(
                f"K.concatenate got shapes {[a.shape for a in arrays]} along axis {axis}; "
                "all other axes must have the same size."
            )
    if all(isinstance(x, np.ndarray) and x.dtype.kind in "iu" for x in arrays):
        return np.concatenate(arrays, axis)
    return jnp.concatenate(arrays, axis)


def concatenate(tensors, axis=-1):
    """Joins tensors along an axis that they have.

    Args:
        tensors: List of tensors.
        axis: Integer.

    Raises:
        ShapeError: if the other axes have different sizes.
    """
    tensors = list(tensors)
    if not tensors:
        raise ValueError("K.concatenate got an empty list. Expected at least one tensor.")
    return _concatenate(tensors, axis)


@op
def _stack(tensors, axis):
    if all(isinstance(x, (int, np.integer, np.ndarray)) for x in tensors) and all(
        np.asarray(x).dtype.kind in "iu" for x in tensors
    ):
        return np.stack([np.asarray(x, "int32") for x in tensors], axis)
    try:
        return jnp.stack([jnp.asarray(x) for x in tensors], axis)
    except ValueError as error:
        raise ShapeError(
            f"K.stack got shapes {[np.shape(x) for x in tensors]} and axis={axis}; the shapes must "
            "be equal."
        ) from error


def stack(x, axis=0):
    """Joins tensors of one shape along a new axis.

    Args:
        x: List of tensors.
        axis: Integer, place of the new axis in the result.
    """
    return _stack(list(x), axis)


@op
def tile(x, n):
    """Repeats the whole of `x` along each axis.

    Args:
        x: Tensor or variable.
        n: Integer or list of integers, how often; for the last axes, where there are fewer.
    """
    x = _array(x)
    n = host_shape(n if np.ndim(n) else (n,), "number of repetitions")
    if len(n) > x.ndim:
        raise ShapeError(f"K.tile got n={n} for a tensor of shape {x.shape}: too many numbers.")
    return jnp.tile(x, (1,) * (x.ndim - len(n)) + n)


@op
def repeat(x, n):
    """Repeats a matrix along a new axis: `(batch, dim)` becomes `(batch, n, dim)`."""
    x = jnp.asarray(x)
    if x.ndim != 2:
        raise ShapeError(
            f"K.repeat got a tensor of shape {x.shape}, rank {x.ndim}. "
            "It expects rank 2: (batch, dim)."
        )
    return jnp.broadcast_to(x[:, None], (x.shape[0], int(n), x.shape[1]))


@op
def repeat_elements(x, rep, axis):
    """Repeats each element along `axis`, as `np.repeat` does.

    Args:
        x: Tensor or variable.
        rep: Integer, how often.
        axis: Integer.
    """
    x = jnp.asarray(x)
    _checked_axis("K.repeat_elements", axis, x.ndim, x.shape)
    return jnp.repeat(x, int(rep), axis)


@op
def slice(x, start, size):
    """Cuts out `size[i]` elements from `start[i]` on, along each axis `i`.

    Args:
        x: Tensor or variable.
        start: List of ints or tensor, one for each axis.
        size: List of ints, one for each axis; -1 means all that follow.

    Raises:
        ShapeError: if the lists are not as long as `x` has axes, or reach beyond `x`.
    """
    x = _array(x)
    if not x.ndim == len(start) == len(size):
        raise ShapeError(
            "The dimension and the size of indices should match: K.slice got a tensor of shape "
            f"{x.shape}, start={start} and size={size}."
        )
    sizes = list(host_shape(size, "size of a slice"))
    try:
        starts = host_shape(start)
    except TypeError:  # known only when it runs
        if -1 in sizes:
            raise
        return _dynamic_slice(x, start, sizes)
    for axis, (begin, count) in enumerate(zip(starts, sizes)):
        if count == -1:
            sizes[axis] = count = x.shape[axis] - begin
        if begin < 0 or count < 0 or begin + count > x.shape[axis]:
            raise ShapeError(
                f"K.slice got start={starts} and size={tuple(sizes)}, which reaches beyond the "
                f"shape {x.shape}."
            )
    return x[tuple(np.s_[b : b + n] for b, n in zip(starts, sizes))]


def _dynamic_slice(x, start, sizes):
    from_ = [jnp.asarray(begin) for begin in start]
    return jnp.asarray(x)[
        jnp.ix_(*[b + jnp.arange(n, dtype=b.dtype) for b, n in zip(from_, sizes)])
    ]


@op
def reverse(x, axes):
    """Reverses the order along an axis or a list of axes."""
    x = _array(x)
    axes = (axes,) if isinstance(axes, (int, np.integer)) else tuple(int(axis) for axis in axes)
    for axis in axes:
        _checked_axis("K.reverse", axis, x.ndim, x.shape)
    if isinstance(x, np.ndarray):
        return np.flip(x, axes)
    return jnp.flip(x, axes)


@op
def gather(reference, indices):
    """Takes the rows `indices` of `reference`: the shape of `indices`, then that of a row.

    Args:
        reference: Tensor or variable.
        indices: Integer tensor.

    Returns:
        A tensor. A row that does not exist is NaN where the dtype can say so.
    """
    if _is_part_of_shape(reference) and isinstance(indices, (int, np.integer)):
        return reference[indices]
    indices = jnp.asarray(indices)
    if not jnp.issubdtype(indices.dtype, jnp.integer):
        indices = indices.astype("int32")
    return jnp.asarray(reference).at[indices].get(mode="fill", wrap_negative_indices=False)


@op
def one_hot(indices, num_classes):
    """Vectors with a single 1, in `floatx()`: shape of `indices`, then `num_classes`.

    An index outside of 0 to `num_classes - 1` gives zeros.
    """
    indices = jnp.asarray(indices)
    classes = jnp.arange(int(num_classes), dtype=indices.dtype)
    return (indices[..., None] == classes).astype(compute_dtype(floatx()))


# ---- padding and resizing


def _padded(x, pairs):
    """Pads with zeros; `pairs` has (before, after) for each axis."""
    pairs = [host_shape(pair, "padding") for pair in pairs]
    return jnp.pad(jnp.asarray(x), pairs)


def _checked_padding(name, padding, count):
    # Keras 1: one number for both sides.
    padding = tuple((side, side) if isinstance(side, int) else tuple(side) for side in padding)
    if len(padding) != count or any(len(pair) != 2 for pair in padding):
        raise ValueError(
            f"{name} got padding={padding}. Expected {count} pairs (before, after), for instance "
            f"{((1, 1),) * count}."
        )
    return padding


def _checked_rank(name, x, rank, axes):
    if ndim(x) != rank:
        raise ShapeError(
            f"{name} got a tensor of shape {int_shape(x)}, rank {ndim(x)}. "
            f"It expects rank {rank}: {axes}."
        )


@op
def _temporal_padding(x, padding):
    return _padded(x, ((0, 0), padding, (0, 0)))


def temporal_padding(x, padding=(1, 1)):
    """Adds zeros before and after the steps of a `(batch, steps, features)` tensor.

    Args:
        x: Tensor of rank 3.
        padding: Pair of ints, how many zeros before and after; or one for both.
    """
    _checked_rank("K.temporal_padding", x, 3, "(batch, steps, features)")
    return _temporal_padding(x, _checked_padding("K.temporal_padding", (padding,), 1)[0])


@op
def _spatial_padding(x, padding, data_format):
    last = data_format == "channels_last"
    return _padded(x, ((0, 0), *padding, (0, 0)) if last else ((0, 0), (0, 0), *padding))


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Adds zeros around images.

    Args:
        x: Tensor of rank 4, as `data_format` says.
        padding: Pairs of ints: above and below, left and right; or one int each for both.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
    """
    data_format = normalize_data_format(data_format)
    _checked_rank("K.spatial_2d_padding", x, 4, "(batch, rows, cols, channels) or channels first")
    return _spatial_padding(x, _checked_padding("K.spatial_2d_padding", padding, 2), data_format)


def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Adds zeros around volumes.

    Args:
        x: Tensor of rank 5, as `data_format` says.
        padding: Three pairs of ints, (before, after) for each of the three dimensions;
            or one int each for both.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
    """
    data_format = normalize_data_format(data_format)
    _checked_rank("K.spatial_3d_padding", x, 5, "(batch, d1, d2, d3, channels) or channels first")
    return _spatial_padding(x, _checked_padding("K.spatial_3d_padding", padding, 3), data_format)


def _spatial_axes(data_format, count):
    first = 2 if data_format == "channels_first" else 1
    return range(first, first + count)


def _repeated(x, axes, factors):
    for axis, factor in zip(axes, factors):
        if factor != 1:
            x = jnp.repeat(x, factor, axis)
    return x


def _scaled_linearly(x, axis, factor, from_centers):
    """Linear interpolation as TensorFlow's `resize_bilinear`: output `i` lies at `i / factor`.

    TensorFlow 2 counts from the centers of the pixels: there it is `(i + 0.5) / factor - 0.5`.
    """
    size = x.shape[axis]
    places = np.arange(size * factor) / factor
    if from_centers:
        places = np.clip(places + (0.5 / factor - 0.5), 0, size - 1)
    low = places.astype("int32")
    high = np.minimum(low + 1, size - 1)
    shape = [1] * x.ndim
    shape[axis] = -1
    weight = jnp.asarray((places - low).reshape(shape).astype(x.dtype))
    below = jnp.take(x, low, axis, mode="clip")
    return below + (jnp.take(x, high, axis, mode="clip") - below) * weight


@op
def _resize_images(x, factors, data_format, interpolation):
    axes = _spatial_axes(data_format, 2)
    if interpolation == "nearest":
        return _repeated(jnp.asarray(x), axes, factors)
    x = floating(x)
    for axis, factor in zip(axes, factors):
        x = _scaled_linearly(x, axis, factor, interpolation == "bilinear_half_pixel")
    return x


def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    """Enlarges images by whole factors.

    Args:
        x: Tensor of rank 4, as `data_format` says.
        height_factor: Positive integer.
        width_factor: Positive integer.
        data_format: `'channels_last'` or `'channels_first'`.
        interpolation: `'nearest'`; `'bilinear'` (as Keras 2.3.1 on TensorFlow 1: the corner of the
            image stays where it is, not its centre); or `'bilinear_half_pixel'`, what tf.keras 2
            and Keras 3 call bilinear.

    Raises:
        ValueError: for another data format or interpolation.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            f"Invalid data_format: {data_format!r}. Expected 'channels_last' or 'channels_first'."
        )
    if interpolation not in ("nearest", "bilinear", "bilinear_half_pixel"):
        raise ValueError(
            'interpolation should be one of "nearest" or "bilinear", or "bilinear_half_pixel"; '
            f"got {interpolation!r}."
        )
    _checked_rank("K.resize_images", x, 4, "(batch, rows, cols, channels) or channels first")
    factors = _checked_factors("K.resize_images", height_factor, width_factor)
    return _resize_images(x, factors, data_format, interpolation)


@op
def _resize_volumes(x, factors, data_format):
    return _repeated(jnp.asarray(x), _spatial_axes(data_format, 3), factors)


def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Enlarges volumes by whole factors, repeating elements.

    Args:
        x: Tensor of rank 5, as `data_format` says.
        depth_factor: Positive integer.
        height_factor: Positive integer.
        width_factor: Positive integer.
        data_format: `'channels_last'` or `'channels_first'`.

    Raises:
        ValueError: for another data format.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            f"Invalid data_format: {data_format!r}. Expected 'channels_last' or 'channels_first'."
        )
    _checked_rank("K.resize_volumes", x, 5, "(batch, d1, d2, d3, channels) or channels first")
    factors = _checked_factors("K.resize_volumes", depth_factor, height_factor, width_factor)
    return _resize_volumes(x, factors, data_format)


def _checked_factors(name, *factors):
    if any(int(factor) != factor or factor < 1 for factor in factors):
        raise ValueError(f"{name} got the factors {factors}. Expected positive integers.")
    return tuple(int(factor) for factor in factors)
