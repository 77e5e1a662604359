"""Counting for `tf.math`: `bincount`, `confusion_matrix`, histograms."""

import builtins

import jax
import jax.numpy as jnp

from hornbeam.backend.variables import compute_dtype
from hornbeam.compat.tensorflow.wrapping import exported, function, statically


@function
def bincount(arr, weights=None, minlength=None, maxlength=None, dtype="int32", axis=None,
             binary_output=False):
    """How often each number from 0 occurs.

    Args:
        arr: Integer tensor.
        weights: Tensor of its shape, what each occurrence counts; None for 1.
        minlength, maxlength: The least and the greatest length of the result. In compiled code
            they must be given and equal, or `arr` known.
        dtype: Of the result without weights.
        axis: None counts all; -1 each row by itself.
        binary_output: Bool, 1 for every number that occurs.
    """
    x = jnp.asarray(arr)
    if minlength is not None and minlength == maxlength:
        length = int(minlength)
    else:
        length = int(statically(arr, "arr").max(initial=-1)) + 1
        length = builtins.max(length, int(minlength or 0))
        length = length if maxlength is None else builtins.min(length, int(maxlength))

    def count(row, weight):
        inside = (row >= 0) & (row < length)
        weight = jnp.where(inside, weight, 0)
        return jnp.zeros(length, weight.dtype).at[jnp.where(inside, row, 0)].add(weight)

    kind = compute_dtype(dtype)
    weight = jnp.ones(x.shape, kind) if weights is None else jnp.asarray(weights)
    if axis is None:
        result = count(x.reshape(-1), weight.reshape(-1))
    else:
        result = jax.vmap(count)(x, weight) if x.ndim > 1 else count(x, weight)
    return (result != 0).astype(kind) if binary_output else result


@function
def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype="int32"):
    """How often each label (row) was predicted as each class (column)."""
    if num_classes is None:
        both = [statically(labels, "labels"), statically(predictions, "predictions")]
        num_classes = int(builtins.max(x.max(initial=-1) for x in both)) + 1
    labels, predictions = jnp.asarray(labels).reshape(-1), jnp.asarray(predictions).reshape(-1)
    weights = jnp.ones(labels.shape) if weights is None else jnp.asarray(weights).reshape(-1)
    kind = compute_dtype(dtype)
    start = jnp.zeros((int(num_classes),) * 2, kind)
    return start.at[labels, predictions].add(weights.astype(kind))


@function
def histogram_fixed_width(values, value_range, nbins=100, dtype="int32"):
    """Counts values in `nbins` bins of one width; what lies outside is in the first or last."""
    places = _bins(values, value_range, nbins)
    return jnp.zeros(int(nbins), compute_dtype(dtype)).at[places.reshape(-1)].add(1)


@function
def histogram_fixed_width_bins(values, value_range, nbins=100, dtype="int32"):
    """The number of the bin of each value. See `histogram_fixed_width`."""
    return _bins(values, value_range, nbins).astype(compute_dtype(dtype))


def _bins(values, value_range, nbins):
    values = jnp.asarray(values)
    low, high = value_range[0], value_range[1]
    places = jnp.floor((values - low) / (high - low) * nbins).astype("int32")
    return jnp.clip(places, 0, int(nbins) - 1)


__all__ = exported(globals())
