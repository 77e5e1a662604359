"""Metrics of Keras 1, which are computed batch by batch: `metrics=['precision', 'recall']`.

Targets and predictions are clipped to `[0, 1]` and rounded; all their elements are counted.
Keras 2 removed them, because the mean of batches is not the value of the whole. `Precision()` and
`Recall()` count over all batches.

Source: Keras 1.2.2.
"""

import jax.numpy as jnp

from hornbeam.backend.config import epsilon
from hornbeam.backend.ops import op

__all__ = ["fbeta_score", "fmeasure", "matthews_correlation", "precision", "recall"]


@op
def matthews_correlation(y_true, y_pred):
    """Returns the correlation of targets and predictions, from -1 to 1, of a batch."""
    true, pred = _rounded(y_true), _rounded(y_pred)
    tp, tn = jnp.sum(true * pred), jnp.sum((1 - true) * (1 - pred))
    fp, fn = jnp.sum((1 - true) * pred), jnp.sum(true * (1 - pred))
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / (jnp.sqrt(product) + epsilon())


@op
def precision(y_true, y_pred):
    """Returns the share of the elements predicted as 1 that are 1, of a batch."""
    true, pred = _rounded(y_true), _rounded(y_pred)
    return jnp.sum(true * pred) / (jnp.sum(pred) + epsilon())


@op
def recall(y_true, y_pred):
    """Returns the share of the elements that are 1 that are predicted as 1, of a batch."""
    true, pred = _rounded(y_true), _rounded(y_pred)
    return jnp.sum(true * pred) / (jnp.sum(true) + epsilon())


@op
def _fbeta(y_true, y_pred, beta):
    p, r = precision(y_true, y_pred), recall(y_true, y_pred)
    score = (1 + beta**2) * (p * r) / (beta**2 * p + r + epsilon())
    return jnp.where(jnp.any(_rounded(y_true) > 0), score, jnp.zeros_like(score))


def fbeta_score(y_true, y_pred, beta=1):
    """Returns the weighted harmonic mean of precision and recall of a batch; 0 without any 1.

    Args:
        y_true, y_pred: Tensors of one shape, with numbers from 0 to 1.
        beta: Float of at least 0; how many times as important recall is as precision.

    Raises:
        ValueError: for a negative `beta`.
    """
    if beta < 0:
        raise ValueError(
            f"beta is {beta!r}. The lowest choosable beta is zero (only precision)."
        )
    return _fbeta(y_true, y_pred, beta)


def fmeasure(y_true, y_pred):
    """Returns the harmonic mean of precision and recall of a batch."""
    return fbeta_score(y_true, y_pred)


def _rounded(x):
    x = jnp.asarray(x)
    return jnp.round(jnp.clip(x if jnp.issubdtype(x.dtype, jnp.floating) else x * 1.0, 0, 1))
