"""From the loss of each sample to one number: sample weights and reductions."""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.registry import suggestion

__all__ = [
    "Reduction",
    "as_arrays",
    "as_tensors",
    "broadcast_weights",
    "compute_weighted_loss",
    "reduce_weighted_loss",
    "squeeze_or_expand_dimensions",
]


class Reduction:
    """How the weighted losses of a batch become one.

    `NONE` leaves them as they are, `SUM` adds them up, `SUM_OVER_BATCH_SIZE` divides that by their
    number. `AUTO`, from tf.keras, means `SUM_OVER_BATCH_SIZE`.
    """

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls):
        """Returns all of them."""
        return (cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE)

    @classmethod
    def validate(cls, key):
        """Raises ValueError unless `key` is one of `all()`."""
        if key not in cls.all():
            listed = ", ".join(repr(known) for known in cls.all())
            raise ValueError(
                f"Invalid Reduction Key {key}. Expected one of {listed}."
                + suggestion(key, cls.all())
            )


def as_tensors(*values):
    """Returns numbers, lists and NumPy arrays as constants; tensors and JAX arrays as they are.

    Floats become `floatx()`, whole numbers int32. Beside a JAX array a constant is one too, so that
    a loss can be computed, or traced by JAX, at once.
    """
    at_once = any(isinstance(value, jax.Array) for value in values)
    return tuple(_as_tensor(value, at_once) for value in values)


def _as_tensor(x, at_once):
    if not isinstance(x, (np.ndarray, np.generic, list, tuple, int, float)):
        return x
    dtype = "int32" if np.asarray(x).dtype.kind in "iu" else K.floatx()
    return jnp.asarray(x, dtype) if at_once else K.constant(x, dtype=dtype)


def as_arrays(*values):
    """Returns numbers and lists as NumPy arrays, of `floatx()` or int32; others as they are."""
    return tuple(
        np.asarray(value, "int32" if np.asarray(value).dtype.kind in "iu" else K.floatx())
        if isinstance(value, (np.ndarray, np.generic, list, tuple, int, float))
        else value
        for value in values
    )


def squeeze_or_expand_dimensions(y_pred, y_true=None, sample_weight=None):
    """Gives or takes a last axis of size 1 where ranks differ by one.

    Args:
        y_pred: Tensor.
        y_true: None or tensor; the longer of the two loses a last axis of size 1.
        sample_weight: None or tensor; its rank is made that of `y_pred`. A scalar stays one.

    Returns:
        `(y_pred, y_true)`; with a sample weight, `(y_pred, y_true, sample_weight)`.
    """
    if y_true is not None:
        more = len(y_pred.shape) - len(y_true.shape)
        if more == 1 and y_pred.shape[-1] == 1:
            y_pred = K.squeeze(y_pred, -1)
        elif more == -1 and y_true.shape[-1] == 1:
            y_true = K.squeeze(y_true, -1)
    if sample_weight is None:
        return y_pred, y_true
    rank, weight_rank = len(y_pred.shape), len(sample_weight.shape)
    if weight_rank:
        if rank == 0 and weight_rank == 1:
            y_pred = K.expand_dims(y_pred, -1)
        elif weight_rank - rank == 1 and sample_weight.shape[-1] in (1, None):
            sample_weight = K.squeeze(sample_weight, -1)
        elif rank - weight_rank == 1:
            sample_weight = K.expand_dims(sample_weight, -1)
    return y_pred, y_true, sample_weight


def broadcast_weights(values, sample_weight):
    """Returns `sample_weight` with as many axes as `values`, to which it then broadcasts.

    Args:
        values: Tensor `(d0, ... dN)`.
        sample_weight: Tensor `(d0, ... dM)`, M <= N; each axis as long as that of `values`, or one
            of the two 1.

    Raises:
        ValueError: for other shapes.
    """
    shape, weight_shape = tuple(values.shape), tuple(sample_weight.shape)
    if len(weight_shape) > len(shape) or any(
        weight not in (size, 1, None) and size not in (1, None)
        for size, weight in zip(shape, weight_shape)
    ):
        raise ValueError(
            f"Incompatible shapes: `values` {shape} vs `sample_weight` {weight_shape}. Expected "
            "a weight for each sample, of shape (batch,), or one for each of the values."
        )
    for axis in range(len(weight_shape), len(shape)):
        sample_weight = K.expand_dims(sample_weight, axis)
    return sample_weight


def reduce_weighted_loss(weighted_losses, reduction=Reduction.SUM_OVER_BATCH_SIZE):
    """Reduces losses to a scalar, unless `reduction` is `NONE`. See `Reduction`."""
    if reduction == Reduction.NONE:
        return weighted_losses
    if reduction == Reduction.SUM:
        return K.sum(weighted_losses)
    return K.mean(weighted_losses)


def compute_weighted_loss(
    losses, sample_weight=None, reduction=Reduction.SUM_OVER_BATCH_SIZE, name=None
):
    """Multiplies losses by their weights and reduces them.

    Args:
        losses: Tensor `(batch, d1, ... dN)`.
        sample_weight: None, a scalar, or a tensor that broadcasts to `losses`; `(batch,)` is one
            weight for each sample.
        reduction: One of `Reduction`.
        name: Any; TensorFlow named the operation so, nothing here has a name.

    Returns:
        A scalar; for `NONE`, a tensor of the shape of `losses`. Of the dtype of `losses`; the
        arithmetic is in `floatx()`, or in float64 for float64 losses.

    Raises:
        ValueError: for an unknown reduction, or a weight whose shape does not fit.
    """
    Reduction.validate(reduction)
    losses, sample_weight = as_tensors(losses, sample_weight)
    dtype = K.dtype(losses)
    inner = dtype if dtype == "float64" else K.floatx()
    losses = K.cast(losses, inner)
    if sample_weight is not None:
        sample_weight = K.cast(sample_weight, inner)
        losses, _, sample_weight = squeeze_or_expand_dimensions(losses, None, sample_weight)
        losses = losses * broadcast_weights(losses, sample_weight)
    return K.cast(reduce_weighted_loss(losses, reduction), dtype)
