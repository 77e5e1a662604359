"""Utilities for NumPy arrays: one-hot labels and normalized rows."""

import numpy as np

__all__ = ["normalize", "to_categorical"]


def to_categorical(y, num_classes=None, dtype="float32"):
    """Makes one-hot vectors of labels, as `categorical_crossentropy` expects them.

    Args:
        y: Labels, whole numbers from 0 to `num_classes - 1`: array or list of shape `(n,)`,
            `(n, 1)` or any other.
        num_classes: Integer; None means the largest label plus one.
        dtype: Name of the dtype of the result.

    Returns:
        An array with one more axis, of `num_classes`; a last axis of size 1 is replaced.

    Raises:
        IndexError: for a label that is not below `num_classes`.
        ValueError: for NaN or infinity, or for no labels where `num_classes` is None.

    Example:
        >>> to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    y = np.asarray(y)
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ValueError("to_categorical got labels that are NaN or infinite. Expected integers.")
    y = y.astype("int64")
    shape = y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape
    y = y.ravel()
    if not num_classes:
        if not y.size:
            raise ValueError(
                "to_categorical got no labels, so that it cannot tell how many classes there are. "
                "Pass num_classes."
            )
        num_classes = int(y.max()) + 1
    if y.size and (y.max() >= num_classes or y.min() < -num_classes):
        raise IndexError(
            f"to_categorical got labels from {y.min()} to {y.max()} for num_classes={num_classes}. "
            f"Expected labels from 0 to {num_classes - 1}; labels that start at 1 must be lowered "
            "by 1."
        )
    one_hot = np.zeros((y.size, num_classes), dtype)
    one_hot[np.arange(y.size), y] = 1
    return one_hot.reshape(*shape, num_classes)


def normalize(x, axis=-1, order=2):
    """Divides vectors by their norm; vectors of zeros stay.

    Args:
        x: Array.
        axis: Integer, the axis that holds the vectors' components.
        order: Order of the norm, 2 for the Euclidean one.

    Returns:
        A new array of the same shape; a vector becomes a matrix of one row.
    """
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, axis)
