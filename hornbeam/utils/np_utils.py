"""Utilities for NumPy arrays: one-hot labels, normalized rows, and the helpers of Keras 1."""

import numpy as np

from hornbeam.renames import takes_old_names

__all__ = [
    "accuracy",
    "binary_logloss",
    "categorical_probas_to_classes",
    "conv_input_length",
    "conv_output_length",
    "convert_kernel",
    "multiclass_logloss",
    "normalize",
    "probas_to_classes",
    "to_categorical",
    "to_ordinal",
]


@takes_old_names(nb_classes="num_classes")
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


@takes_old_names(a="x")
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


def to_ordinal(y, num_classes=None, dtype="float32"):
    """Makes vectors for ordinal regression: label `k` becomes `k` ones, then zeros.

    Args:
        y: Labels, whole numbers from 0 to `num_classes - 1`: of shape `(n,)`, `(n, 1)` or other.
        num_classes: Integer; None means the largest label plus one.
        dtype: Name of the dtype of the result.

    Returns:
        An array with one more axis, of `num_classes - 1`; a last axis of size 1 is replaced.

    Source: Cheng 2007, arXiv:0704.1028; tf.keras.
    """
    y = np.asarray(y, "int64")
    shape = y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape
    num_classes = num_classes or int(y.max()) + 1
    ones = np.arange(num_classes - 1) < y.reshape(-1, 1)
    return ones.astype(dtype).reshape(*shape, num_classes - 1)


# ---- Keras 1


def accuracy(p, y):
    """Returns the share of predicted labels `p` that equal the labels `y`."""
    return np.mean(np.equal(p, y))


def probas_to_classes(y_pred):
    """Returns labels for probabilities: of `(n, classes)`, the likeliest; of `(n, 1)`, 0 or 1."""
    y_pred = np.asarray(y_pred)
    if y_pred.ndim > 1 and y_pred.shape[1] > 1:
        return categorical_probas_to_classes(y_pred)
    return np.array([1 if p > 0.5 else 0 for p in y_pred])


def categorical_probas_to_classes(p):
    """Returns the likeliest label of each row of `(n, classes)`."""
    return np.argmax(p, axis=1)


def binary_logloss(p, y):
    """Returns the mean logarithmic loss of probabilities `p` for labels `y`, 0 or 1."""
    p, y = np.clip(p, 1e-15, 1 - 1e-15), np.asarray(y)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def multiclass_logloss(p, y):
    """Returns the mean logarithmic loss of probabilities `(n, classes)` for labels from 1 on."""
    return -np.mean(np.log([row[label - 1] for row, label in zip(p, y)]))


def convert_kernel(kernel, dim_ordering=None):
    """Turns a convolution's kernel from Theano's order into TensorFlow's, or back.

    Args:
        kernel: Array of rank 3, 4 or 5.
        dim_ordering: `'th'`, whose window is in the last axes, or `'tf'`; None means the default.

    Raises:
        ValueError: for another order.
    """
    from hornbeam.backend import image_dim_ordering  # it loads JAX, which the rest does not need
    from hornbeam.utils import conv_utils

    order = image_dim_ordering() if dim_ordering in (None, "default") else dim_ordering
    if order not in ("th", "tf"):
        raise ValueError(f"Invalid dim_ordering: {dim_ordering!r}. Expected 'th' or 'tf'.")
    if order == "tf":
        return conv_utils.convert_kernel(kernel)
    kernel = np.asarray(kernel)
    return np.flip(kernel, tuple(range(2, kernel.ndim))).copy()


def conv_output_length(input_length, filter_size, border_mode, stride, dilation=1):
    """`conv_utils.conv_output_length` with Keras 1's name of the padding."""
    from hornbeam.utils import conv_utils

    return conv_utils.conv_output_length(input_length, filter_size, border_mode, stride, dilation)


def conv_input_length(output_length, filter_size, border_mode, stride):
    """`conv_utils.conv_input_length` with Keras 1's name of the padding."""
    from hornbeam.utils import conv_utils

    return conv_utils.conv_input_length(output_length, filter_size, border_mode, stride)
