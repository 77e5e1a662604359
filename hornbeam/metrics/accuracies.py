"""How often predictions are right."""

import jax.numpy as jnp

from hornbeam.backend.config import floatx
from hornbeam.backend.ops import op
from hornbeam.metrics.base import MeanMetricWrapper


@op
def accuracy(y_true, y_pred):
    """Returns 1 where targets and predictions are equal, else 0.

    Args:
        y_true: Targets, of any shape.
        y_pred: Predictions, of the same shape.
    """
    y_pred = jnp.asarray(y_pred)
    return jnp.equal(jnp.asarray(y_true, y_pred.dtype), y_pred).astype(floatx())


@op
def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Returns the share of a sample's predictions that are on the right side of a threshold.

    Args:
        y_true: Targets, 0 or 1, `(batch, ..., d)`.
        y_pred: Predictions, of the same shape.
        threshold: Float, default 0.5. A prediction above it is 1.

    Returns:
        `(batch, ...)`, of dtype `floatx()`.
    """
    y_pred = jnp.asarray(y_pred)
    labels = jnp.round(y_pred) if threshold == 0.5 else (y_pred > threshold).astype(y_pred.dtype)
    return jnp.mean(jnp.equal(jnp.asarray(y_true), labels), axis=-1, dtype=floatx())


@op
def categorical_accuracy(y_true, y_pred):
    """Returns 1 where the largest prediction is at the place of the largest target, else 0.

    Args:
        y_true: Targets, one-hot, `(batch, ..., classes)`.
        y_pred: Predictions, of the same shape.

    Returns:
        `(batch, ...)`, of dtype `floatx()`.
    """
    return jnp.equal(_places(y_true), _places(y_pred)).astype(floatx())


@op
def sparse_categorical_accuracy(y_true, y_pred):
    """Returns 1 where the largest prediction is that of the target class, else 0.

    Args:
        y_true: Targets, numbers of classes, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: Predictions, `(batch, ..., classes)`.

    Returns:
        `(batch, ...)`, of dtype `floatx()`.
    """
    y_true, y_pred = _labels(y_true, y_pred)
    return jnp.equal(y_true, _places(y_pred).astype(y_true.dtype)).astype(floatx())


@op
def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """Returns 1 where the target class is among the `k` largest predictions, else 0.

    Args:
        y_true: Targets, one-hot, `(batch, ..., classes)`.
        y_pred: Predictions, of the same shape.
        k: Integer, default 5.

    Returns:
        `(batch, ...)`, of dtype `floatx()`. Predictions equal to the k-th count as among them.
    """
    return _among_largest(_places(y_true), jnp.asarray(y_pred), k)


@op
def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5):
    """Returns 1 where the target class is among the `k` largest predictions, else 0.

    Args:
        y_true: Targets, numbers of classes, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: Predictions, `(batch, ..., classes)`.
        k: Integer, default 5.

    Returns:
        `(batch, ...)`, of dtype `floatx()`. Predictions equal to the k-th count as among them.
    """
    y_true, y_pred = _labels(y_true, y_pred)
    return _among_largest(y_true.astype("int32"), y_pred, k)


def _places(x):
    return jnp.argmax(jnp.asarray(x), axis=-1)


def _labels(y_true, y_pred):
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    return (jnp.squeeze(y_true, -1) if y_true.ndim == y_pred.ndim else y_true), y_pred


def _among_largest(labels, y_pred, k):
    """Counts the predictions that are larger than the target's: no sorting."""
    chosen = jnp.take_along_axis(y_pred, labels[..., None], axis=-1, mode="fill")
    larger = jnp.sum(y_pred > chosen, axis=-1, dtype="int32")
    return ((larger < k) & jnp.isfinite(chosen[..., 0])).astype(floatx())


class Accuracy(MeanMetricWrapper):
    """How often predictions equal targets: the mean of `accuracy`.

    Args:
        name: String, default `'accuracy'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions are on the right side of a threshold: the mean of `binary_accuracy`.

    Args:
        name: String, default `'binary_accuracy'`.
        dtype: Name of the dtype; None means `floatx()`.
        threshold: Float, default 0.5. A prediction above it is 1.
    """

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(binary_accuracy, name, dtype=dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is right: the mean of `categorical_accuracy`.

    Args:
        name: String, default `'categorical_accuracy'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is right: the mean of `sparse_categorical_accuracy`.

    Args:
        name: String, default `'sparse_categorical_accuracy'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype=dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the target is among the `k` largest predictions; targets are one-hot.

    Args:
        k: Integer, default 5.
        name: String, default `'top_k_categorical_accuracy'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name, dtype=dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the target is among the `k` largest predictions; targets are class numbers.

    Args:
        k: Integer, default 5.
        name: String, default `'sparse_top_k_categorical_accuracy'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None):
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype=dtype, k=k)
