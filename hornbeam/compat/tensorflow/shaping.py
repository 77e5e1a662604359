"""Making, joining, cutting and limiting: `tf.reshape`, `tf.zeros`, `tf.concat`, `tf.pad`, ..."""

import builtins

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam import backend as K
from hornbeam.backend.tensors import Shape
from hornbeam.backend.variables import compute_dtype, host_shape
from hornbeam.compat.tensorflow.dtypes import as_dtype
from hornbeam.compat.tensorflow.wrapping import array, axes, exported, function, statically


def kind_of(dtype):
    """Returns the NumPy dtype that this program computes `dtype` in."""
    return compute_dtype(str(as_dtype(dtype)))


def sizes_of(shape):
    """Returns a shape of numbers, of parts of shapes, or of a small integer tensor, as a tuple."""
    return host_shape(shape if np.ndim(shape) else (shape,))


# ---- shapes


@function
def shape(input, out_type="int32"):
    """The shape as a 1-D tensor; in running code, as numbers on the host."""
    return np.array(np.shape(input), str(as_dtype(out_type)))


@function
def size(input, out_type="int32"):
    """The number of elements."""
    return np.array(np.prod(np.shape(input), dtype="int64"), str(as_dtype(out_type)))


@function
def rank(input):
    """The number of axes."""
    return np.array(np.ndim(input), "int32")


@function
def shape_n(input, out_type="int32"):
    """The shapes of a list of tensors."""
    return [np.array(np.shape(x), str(as_dtype(out_type))) for x in input]


def broadcast_static_shape(shape_x, shape_y):
    """The shape that two shapes broadcast to."""
    return Shape(np.broadcast_shapes(tuple(shape_x), tuple(shape_y)))


@function
def broadcast_dynamic_shape(shape_x, shape_y):
    """The shape that two shapes broadcast to, as a tensor."""
    return np.array(np.broadcast_shapes(sizes_of(shape_x), sizes_of(shape_y)), "int32")


@function
def reshape(tensor, shape):
    """The same elements in another shape, in which one size may be -1."""
    return array(tensor).reshape(sizes_of(shape) if np.size(shape) else ())


@function
def expand_dims(input, axis=0):
    """Adds an axis of size 1 before `axis`."""
    return jnp.expand_dims(array(input), int(statically(axis, "axis")))


@function
def squeeze(input, axis=None):
    """Removes axes of size 1: those of `axis`, or all."""
    if isinstance(axis, (list, tuple)) and not axis:
        axis = None
    return jnp.squeeze(array(input), axes(axis))


@function
def transpose(a, perm=None, conjugate=False):
    """Puts the axes in the order `perm`; None turns it round."""
    a = jnp.transpose(array(a), None if perm is None else sizes_of(perm))
    return jnp.conj(a) if conjugate else a


@function
def broadcast_to(input, shape):
    """Repeats along new axes and those of size 1."""
    return jnp.broadcast_to(array(input), sizes_of(shape))


@function
def ensure_shape(x, shape):
    """Returns `x`; its shape must not contradict `shape`.

    Raises:
        ValueError: if it does.
    """
    found = np.shape(x)
    if len(found) != len(shape) or builtins.any(
        b is not None and a != b for a, b in zip(found, shape)
    ):
        raise ValueError(f"A tensor of shape {found} is not compatible with {tuple(shape)}.")
    return jnp.asarray(x)


# ---- making


@function(source=True)
def fill(dims, value):
    """A tensor of the shape `dims` in which each element is `value`."""
    return jnp.full(sizes_of(dims), value, None if hasattr(value, "dtype") else _natural(value))


def _natural(value):
    return {"f": "float32", "i": "int32", "b": "bool"}[np.asarray(value).dtype.kind]


@function
def zeros(shape, dtype="float32"):
    """Zeros of a shape."""
    return jnp.zeros(sizes_of(shape), kind_of(dtype))


@function
def ones(shape, dtype="float32"):
    """Ones of a shape."""
    return jnp.ones(sizes_of(shape), kind_of(dtype))


@function
def zeros_like(input, dtype=None, optimize=True):
    """Zeros of the shape of `input`, and of its dtype unless `dtype` is given."""
    return jnp.zeros_like(jnp.asarray(input), dtype=None if dtype is None else kind_of(dtype))


@function
def ones_like(input, dtype=None, optimize=True):
    """Ones of the shape of `input`, and of its dtype unless `dtype` is given."""
    return jnp.ones_like(jnp.asarray(input), dtype=None if dtype is None else kind_of(dtype))


@function
def eye(num_rows, num_columns=None, batch_shape=None, dtype="float32"):
    """An identity matrix, or a batch of them."""
    rows, columns = sizes_of((num_rows, num_rows if num_columns is None else num_columns))
    matrix = jnp.eye(rows, columns, dtype=kind_of(dtype))
    return matrix if batch_shape is None else jnp.broadcast_to(
        matrix, (*sizes_of(batch_shape), rows, columns)
    )


@function
def one_hot(indices, depth, on_value=1, off_value=0, axis=-1, dtype=None):
    """A new axis of size `depth` with `on_value` at the place that the index says.

    Args:
        indices: Integer tensor; an index outside of the range gives `off_value` everywhere.
        depth: Integer.
        on_value, off_value: Numbers, 1 and 0.
        axis: Integer, where the new axis is; the last by default.
        dtype: Of the result; float32, or that of the values.
    """
    if dtype is None:
        dtype = getattr(on_value, "dtype", None) or (
            "float32" if (on_value, off_value) == (1, 0) and type(on_value) is int
            else _natural(on_value)
        )
    at = jax.nn.one_hot(jnp.asarray(indices), int(statically(depth, "depth")), dtype="bool",
                        axis=int(axis))
    kind = kind_of(dtype)
    return jnp.where(at, jnp.asarray(on_value, kind), jnp.asarray(off_value, kind))


@function
def range(start, limit=None, delta=1, dtype=None):
    """The numbers `start`, `start + delta`, ... below `limit`; all three must be known."""
    if limit is None:
        start, limit = 0, start
    numbers = [x.item() if hasattr(x, "item") and np.ndim(x) == 0 else x
               for x in (_number(start), _number(limit), _number(delta))]
    values = np.arange(*numbers)
    if dtype is None:
        given = [x.dtype for x in (start, limit, delta) if hasattr(x, "dtype")]
        dtype = given[0] if given else _natural(values)
    values = values.astype(kind_of(dtype))
    return values if values.dtype.kind == "i" else jnp.asarray(values)


def _number(x):
    """Returns a number that must be known when the program is compiled."""
    if isinstance(x, jax.core.Tracer):
        raise TypeError("tf.range needs numbers that are known when the program is compiled.")
    return np.asarray(x)[()]


@function
def linspace(start, stop, num, axis=0):
    """`num` numbers from `start` to `stop`, both of them included."""
    start = jnp.asarray(start)
    if not jnp.issubdtype(start.dtype, jnp.floating):
        start = start.astype("float32")
    return jnp.linspace(start, jnp.asarray(stop, start.dtype), int(num), axis=axis)


@function
def meshgrid(*args, indexing="xy"):
    """Grids of coordinates, one for each tensor of them."""
    return list(jnp.meshgrid(*(jnp.asarray(x) for x in args), indexing=indexing))


@function
def sequence_mask(lengths, maxlen=None, dtype="bool"):
    """True at the places below each length; `maxlen` is the greatest length by default."""
    if maxlen is None:
        maxlen = statically(lengths, "lengths without maxlen").max(initial=0)
    steps = jnp.arange(int(statically(maxlen, "maxlen")))
    return (steps < jnp.asarray(lengths)[..., None]).astype(kind_of(dtype))


# ---- joining and cutting


@function
def concat(values, axis):
    """Joins tensors along an axis."""
    if not isinstance(values, (list, tuple)):
        return jnp.asarray(values)
    return jnp.concatenate([jnp.asarray(x) for x in values], int(statically(axis, "axis")))


@function
def stack(values, axis=0):
    """Joins tensors of one shape along a new axis."""
    values = list(values) if isinstance(values, (list, tuple)) else values
    if isinstance(values, list) and builtins.all(_on_host(x) for x in values):
        return np.stack([np.asarray(x) for x in values], axis)  # a shape again
    return jnp.stack([jnp.asarray(x) for x in values], axis)


def _on_host(x):
    return isinstance(x, (int, np.ndarray, np.integer)) and np.asarray(x).dtype.kind == "i"


parallel_stack = stack


@function
def unstack(value, num=None, axis=0):
    """The list of the parts along an axis, without it."""
    value = array(value)
    return [jnp.squeeze(x, axis) for x in jnp.split(value, value.shape[axis], axis)]


@function
def split(value, num_or_size_splits, axis=0, num=None):
    """Cuts along an axis: into a number of equal parts, or into parts of sizes, one maybe -1."""
    value, axis = array(value), int(statically(axis, "axis"))
    if np.ndim(num_or_size_splits) == 0:
        return list(jnp.split(value, int(num_or_size_splits), axis))
    sizes = list(sizes_of(num_or_size_splits))
    if -1 in sizes:
        sizes[sizes.index(-1)] = value.shape[axis] - sum(sizes) - 1
    return list(jnp.split(value, np.cumsum(sizes)[:-1], axis))


@function
def tile(input, multiples):
    """Repeats the whole tensor `multiples` times along each axis."""
    return jnp.tile(array(input), sizes_of(multiples))


@function
def repeat(input, repeats, axis=None):
    """Repeats each element, along an axis or of the flat tensor."""
    if np.ndim(repeats) == 0:
        return jnp.repeat(array(input), int(repeats), axis)
    repeats = statically(repeats, "repeats")
    return jnp.repeat(array(input), repeats, axis, total_repeat_length=int(repeats.sum()))


@function
def pad(tensor, paddings, mode="CONSTANT", constant_values=0):
    """Adds elements around: `paddings` is a pair (before, after) for each axis.

    Args:
        tensor: Tensor.
        paddings: Pairs of integers.
        mode: 'CONSTANT', 'REFLECT' or 'SYMMETRIC'.
        constant_values: Number.

    Raises:
        ValueError: for another mode.
    """
    modes = {"constant": "constant", "reflect": "reflect", "symmetric": "symmetric"}
    if mode.lower() not in modes:
        raise ValueError(f"tf.pad got mode={mode!r}. Expected one of {list(modes)}.")
    pairs = [tuple(int(n) for n in pair) for pair in paddings]
    options = {"constant_values": constant_values} if mode.lower() == "constant" else {}
    return jnp.pad(array(tensor), pairs, modes[mode.lower()], **options)


@function
def slice(input_, begin, size):
    """The part of `size` from `begin` on; a size of -1 goes to the end."""
    x = array(input_)
    sizes = [x.shape[i] - int(b) if int(n) == -1 else int(n)
             for i, (b, n) in enumerate(zip(begin, size))]
    if not isinstance(x, np.ndarray):
        return lax.dynamic_slice(x, [jnp.asarray(b, "int32") for b in begin], sizes)
    return x[tuple(builtins.slice(int(b), int(b) + n) for b, n in zip(begin, sizes))]


@function
def strided_slice(input_, begin, end, strides=None, begin_mask=0, end_mask=0, ellipsis_mask=0,
                  new_axis_mask=0, shrink_axis_mask=0):
    """Indexes as `x[begin:end:strides]` does; the bits of the masks say what else stands there."""
    items = []
    for i, (b, e) in enumerate(zip(sizes_of(begin), sizes_of(end))):
        step = 1 if strides is None else int(sizes_of(strides)[i])
        if ellipsis_mask >> i & 1:
            items.append(Ellipsis)
        elif new_axis_mask >> i & 1:
            items.append(None)
        elif shrink_axis_mask >> i & 1:
            items.append(int(b))
        else:
            items.append(builtins.slice(None if begin_mask >> i & 1 else int(b),
                                        None if end_mask >> i & 1 else int(e), step))
    return array(input_)[tuple(items)]


@function
def reverse(tensor, axis):
    """Turns round the order along the axes of `axis`."""
    return jnp.flip(array(tensor), axes(axis))


@function
def reverse_sequence(input, seq_lengths, seq_axis=None, batch_axis=None, seq_dim=None,
                     batch_dim=None):
    """Turns round the first `seq_lengths` elements of each row along `seq_axis`."""
    x = jnp.asarray(input)
    seq = seq_axis if seq_axis is not None else seq_dim
    batch = next((b for b in (batch_axis, batch_dim) if b is not None), 0)
    moved = jnp.moveaxis(x, (batch, seq), (0, 1))
    steps = jnp.arange(moved.shape[1])[None]
    lengths = jnp.asarray(seq_lengths)[:, None]
    places = jnp.where(steps < lengths, lengths - 1 - steps, steps)
    places = places.reshape(*places.shape, *(1,) * (moved.ndim - 2))
    return jnp.moveaxis(jnp.take_along_axis(moved, places, 1), (0, 1), (batch, seq))


@function
def roll(input, shift, axis):
    """Moves elements along axes; what leaves at the end comes back at the start."""
    return jnp.roll(jnp.asarray(input), jnp.asarray(shift), axes(axis))


@function
def space_to_batch(input, block_shape, paddings):
    """Moves blocks of the axes after the first into the first, after adding zeros around."""
    x, blocks = jnp.asarray(input), sizes_of(block_shape)
    pairs = [(0, 0), *(tuple(int(n) for n in pair) for pair in paddings)]
    x = jnp.pad(x, pairs + [(0, 0)] * (x.ndim - len(pairs)))
    count, rest = len(blocks), x.shape[1 + len(blocks) :]
    cut = [n for size, b in zip(x.shape[1:], blocks) for n in (size // b, b)]
    x = x.reshape(x.shape[0], *cut, *rest)
    order = [*builtins.range(2, 2 * count + 1, 2), 0, *builtins.range(1, 2 * count, 2)]
    x = x.transpose(*order, *builtins.range(2 * count + 1, x.ndim))
    return x.reshape(-1, *x.shape[count + 1 :])


@function
def batch_to_space(input, block_shape, crops):
    """Undoes `space_to_batch`, and cuts off `crops`."""
    x, blocks = jnp.asarray(input), sizes_of(block_shape)
    count, batch = len(blocks), x.shape[0] // int(np.prod(blocks))
    x = x.reshape(*blocks, batch, *x.shape[1:])
    order = [count, *(n for i in builtins.range(count) for n in (count + 1 + i, i))]
    x = x.transpose(*order, *builtins.range(2 * count + 1, x.ndim))
    sizes = [x.shape[1 + 2 * i] * x.shape[2 + 2 * i] for i in builtins.range(count)]
    x = x.reshape(batch, *sizes, *x.shape[2 * count + 1 :])
    cut = [builtins.slice(int(a), size - int(b)) for (a, b), size in zip(crops, sizes)]
    return x[(builtins.slice(None), *cut)]


# ---- limits


@function
def clip_by_value(t, clip_value_min, clip_value_max):
    """Limits each element to a range; the gradient of an element outside of it is 0."""
    return K.clip.of_arrays(jnp.asarray(t), clip_value_min, clip_value_max)


def _norm(x, axis=None):
    total = jnp.sum(jnp.square(x), axis=axis, keepdims=axis is not None)
    return jnp.sqrt(jnp.where(total > 0, total, 1)) * (total > 0)


@function
def clip_by_norm(t, clip_norm, axes=None):
    """Scales `t` down so that its L2 norm is at most `clip_norm`."""
    t = jnp.asarray(t)
    axis = None if axes is None else tuple(int(a) for a in np.atleast_1d(axes))
    return t * clip_norm / jnp.maximum(_norm(t, axis), clip_norm)


@function
def global_norm(t_list):
    """The L2 norm of all elements of a list of tensors."""
    return jnp.sqrt(sum(jnp.sum(jnp.square(jnp.asarray(t))) for t in t_list if t is not None))


@function
def _by_global_norm(t_list, clip_norm, norm):
    scale = clip_norm / jnp.maximum(norm, clip_norm)
    return [jnp.asarray(t) * scale for t in t_list]


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Scales tensors down together so that the norm of all is at most `clip_norm`.

    Returns:
        The pair of the list of tensors (None stays None) and the norm before.
    """
    there = [t for t in t_list if t is not None]
    norm = global_norm(there) if use_norm is None else use_norm
    clipped = iter(_by_global_norm(there, clip_norm, norm, name=name))
    return [None if t is None else next(clipped) for t in t_list], norm


newaxis = None

__all__ = [name for name in exported(globals()) if name not in ("kind_of", "sizes_of")]
