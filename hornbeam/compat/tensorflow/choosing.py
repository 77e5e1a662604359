"""Choosing and sorting: `tf.gather`, `tf.where`, `tf.boolean_mask`, `tf.unique`, `tf.sort`, ..."""

import builtins

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend.variables import compute_dtype
from hornbeam.compat.tensorflow.shaping import kind_of, sizes_of
from hornbeam.compat.tensorflow.wrapping import array, exported, function, statically

# ---- choosing


@function
def gather(params, indices, validate_indices=None, axis=None, batch_dims=0):
    """The parts of `params` at `indices` along `axis` (by default the first after the batch).

    Args:
        params: Tensor.
        indices: Integer tensor.
        validate_indices: Not needed; TensorFlow ignores it too.
        axis: Integer.
        batch_dims: Integer, how many first axes the two have in common.
    """
    params, indices = array(params), array(indices)
    batch = int(batch_dims) % (indices.ndim + 1) if batch_dims < 0 else int(batch_dims)
    axis = batch if axis is None else int(statically(axis, "axis")) % params.ndim

    if isinstance(params, np.ndarray) and isinstance(indices, np.ndarray) and not batch:
        return np.take(params, indices, axis)

    def take(params, indices):
        return jnp.take(params, indices, axis - batch, mode="clip")

    for _ in builtins.range(batch):
        take = jax.vmap(take)
    return take(jnp.asarray(params), jnp.asarray(indices))


@function
def gather_nd(params, indices, batch_dims=0):
    """The parts of `params` at the places that the last axis of `indices` says."""

    def take(params, indices):
        return params[tuple(jnp.moveaxis(indices, -1, 0))]

    for _ in builtins.range(int(batch_dims)):
        take = jax.vmap(take)
    return take(jnp.asarray(params), jnp.asarray(indices))


def _at(tensor, indices):
    return jnp.asarray(tensor).at[tuple(jnp.moveaxis(jnp.asarray(indices), -1, 0))]


@function
def scatter_nd(indices, updates, shape):
    """Zeros of `shape` with `updates` added at the places that `indices` says."""
    updates = jnp.asarray(updates)
    return _at(jnp.zeros(sizes_of(shape), updates.dtype), indices).add(updates)


@function
def tensor_scatter_nd_update(tensor, indices, updates):
    """`tensor` with `updates` at the places that `indices` says."""
    return _at(tensor, indices).set(jnp.asarray(updates))


@function
def tensor_scatter_nd_add(tensor, indices, updates):
    """`tensor` with `updates` added at the places that `indices` says."""
    return _at(tensor, indices).add(jnp.asarray(updates))


@function
def tensor_scatter_nd_sub(tensor, indices, updates):
    """`tensor` with `updates` taken away at the places that `indices` says."""
    return _at(tensor, indices).add(-jnp.asarray(updates))


@function
def tensor_scatter_nd_max(tensor, indices, updates):
    """`tensor` with the greater of the two at the places that `indices` says."""
    return _at(tensor, indices).max(jnp.asarray(updates))


@function
def tensor_scatter_nd_min(tensor, indices, updates):
    """`tensor` with the smaller of the two at the places that `indices` says."""
    return _at(tensor, indices).min(jnp.asarray(updates))


@function
def boolean_mask(tensor, mask, axis=None):
    """The parts of `tensor` where `mask` is true. In compiled code `mask` must be known."""
    mask = _known(mask, "tf.boolean_mask", "its mask", "Multiply by the mask, or use tf.where.")
    first = int(axis or 0)
    x = array(tensor)
    flat = x.reshape(*x.shape[:first], -1, *x.shape[first + mask.ndim :])
    return jnp.take(flat, np.flatnonzero(mask), first)


def _known(x, who, what, instead):
    if isinstance(x, jax.core.Tracer):
        raise TypeError(
            f"{who} makes a tensor whose size depends on {what}, which is not known when the "
            f"program is compiled. {instead}"
        )
    return np.asarray(x)


@function
def where(condition, x=None, y=None):
    """`x` where the condition is true, else `y`; without them, the places where it is true.

    Raises:
        TypeError: if the places are asked for in compiled code, where their number is not known.
    """
    if x is None:
        condition = _known(condition, "tf.where with one argument", "its condition",
                           "Give it x and y.")
        return jnp.asarray(np.argwhere(condition), compute_dtype("int64"))
    x, y = (v if np.ndim(v) == 0 else jnp.asarray(v) for v in (x, y))
    condition, rank = jnp.asarray(condition), builtins.max(np.ndim(x), np.ndim(y))
    if condition.ndim == 1 and rank > 1 and np.shape(x) == np.shape(y) and (
        np.shape(x)[0] == condition.shape[0] != np.shape(x)[-1]
    ):
        condition = condition.reshape(-1, *(1,) * (rank - 1))  # TensorFlow 1 chose rows
    return jnp.where(condition, x, y)


@function
def unique(x, out_idx="int32"):
    """The different elements in order of appearance, and for each element which of them it is."""
    x = _known(x, "tf.unique", "its input", "Use tf.math.bincount or tf.sort.")
    values, first, inverse = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    places = np.argsort(order)[inverse]
    return [jnp.asarray(values[order]), jnp.asarray(places, kind_of(out_idx))]


@function
def unique_with_counts(x, out_idx="int32"):
    """Like `unique`, and how often each occurs."""
    x = _known(x, "tf.unique_with_counts", "its input", "Use tf.math.bincount.")
    values, first, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    kind = kind_of(out_idx)
    return [jnp.asarray(values[order]), jnp.asarray(np.argsort(order)[inverse], kind),
            jnp.asarray(counts[order], kind)]


@function
def dynamic_partition(data, partitions, num_partitions):
    """A list of the parts of `data` with each number in `partitions`, which must be known."""
    partitions = _known(partitions, "tf.dynamic_partition", "its partitions", "Use tf.where.")
    return [jnp.asarray(data)[partitions == i] for i in builtins.range(int(num_partitions))]


@function
def dynamic_stitch(indices, data):
    """Puts the parts of `data` at `indices`; of two at one place, the later stays."""
    places = np.concatenate([statically(i, "indices").reshape(-1) for i in indices])
    rest = np.shape(data[0])[np.ndim(indices[0]) :]
    parts = jnp.concatenate([jnp.asarray(d).reshape(-1, *rest) for d in data])
    last = {int(place): i for i, place in enumerate(places)}
    result = jnp.zeros((int(places.max()) + 1, *rest), parts.dtype)
    return result.at[np.array(list(last))].set(parts[np.array(list(last.values()))])


# ---- sorting


@function
def sort(values, axis=-1, direction="ASCENDING"):
    """Sorts along an axis, 'ASCENDING' or 'DESCENDING'."""
    values = jnp.sort(jnp.asarray(values), int(axis))
    return jnp.flip(values, int(axis)) if _descends(direction) else values


@function
def argsort(values, axis=-1, direction="ASCENDING", stable=False):
    """The places of the elements in sorted order, int32; equal ones stay in their order."""
    values = jnp.asarray(values)
    return jnp.argsort(values, int(axis), descending=_descends(direction)).astype("int32")


def _descends(direction):
    if direction.upper() not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction must be 'ASCENDING' or 'DESCENDING'; got {direction!r}.")
    return direction.upper() == "DESCENDING"


@function
def searchsorted(sorted_sequence, values, side="left", out_type="int32"):
    """Where values would have to stand in sorted rows."""

    def find(row, wanted):
        return jnp.searchsorted(row, wanted, side)

    rows, values = jnp.asarray(sorted_sequence), jnp.asarray(values)
    for _ in builtins.range(rows.ndim - 1):
        find = jax.vmap(find)
    return find(rows, values).astype(kind_of(out_type))


__all__ = exported(globals())
