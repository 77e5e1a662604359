"""F-scores and the coefficient of determination, counted over all batches."""

import jax.numpy as jnp

from hornbeam import backend as K
from hornbeam.backend.function import update_add
from hornbeam.backend.ops import op
from hornbeam.metrics.base import Metric

__all__ = ["F1Score", "FBetaScore", "R2Score"]


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall, of each class or averaged.

    `(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`.

    Args:
        average: None: one number for each class; `'micro'`: of all classes counted together;
            `'macro'`: the mean over classes; `'weighted'`: the same, weighted by how often each
            occurs.
        beta: Float above 0, how many times as important recall is as precision.
        threshold: Float from 0 to 1: predictions above it are 1. None: the largest of a row is.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Notes: targets and predictions are `(batch, classes)`, targets zeros and ones.

    Raises:
        ValueError: for an argument out of its range.

    Source: tf.keras.
    """

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                f"{type(self).__name__} got average={average!r}. Expected None, 'micro', 'macro' "
                "or 'weighted'."
            )
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"{type(self).__name__} got beta={beta!r}. Expected a float above 0.")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ValueError(
                f"{type(self).__name__} got threshold={threshold!r}. Expected a float above 0 and "
                "up to 1, or None."
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._counts = None

    def _make_counts(self, classes):
        shape = () if self.average == "micro" else (classes,)
        self._counts = [
            self.add_weight(name, shape=shape, initializer="zeros")
            for name in ("true_positives", "false_positives", "false_negatives", "intermediate")
        ]

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch.

        Args:
            y_true, y_pred: `(batch, classes)`.
            sample_weight: `(batch,)` or None.

        Raises:
            ValueError: for targets and predictions of another rank.
        """
        y_true, y_pred = jnp.asarray(y_true, self.dtype), jnp.asarray(y_pred, self.dtype)
        if y_true.ndim != 2 or y_pred.shape != y_true.shape:
            raise ValueError(
                f"{type(self).__name__} got targets of shape {y_true.shape} and predictions of "
                f"shape {y_pred.shape}. Expected (batch, classes) of both; one-hot targets first."
            )
        if self._counts is None:
            self._make_counts(y_true.shape[1])
        if self.threshold is None:
            largest = jnp.max(y_pred, -1, keepdims=True)
            chosen = (y_pred >= largest) & (jnp.abs(y_pred) > 1e-12)
        else:
            chosen = y_pred > self.threshold
        chosen = chosen.astype(self.dtype)
        weights = 1.0
        if sample_weight is not None:
            weights = jnp.asarray(sample_weight, self.dtype).reshape(-1, 1)
        axis = None if self.average == "micro" else 0
        parts = (
            chosen * y_true, chosen * (1 - y_true), (1 - chosen) * y_true, y_true
        )
        return [
            update_add(count, jnp.sum(part * weights, axis))
            for count, part in zip(self._counts, parts)
        ]

    def result(self):
        if self._counts is None:
            return K.constant(0.0)
        return _fbeta(*self._counts, self.beta, self.average)

    def get_config(self):
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


@op
def _fbeta(tp, fp, fn, actual, beta, average):
    def ratio(a, b):
        return jnp.where(b > 0, a / jnp.where(b > 0, b, 1), 0)

    precision, recall = ratio(tp, tp + fp), ratio(tp, tp + fn)
    score = ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)
    if average == "weighted":
        return jnp.sum(score * ratio(actual, jnp.sum(actual)))
    return jnp.mean(score) if average == "macro" else score


class F1Score(FBetaScore):
    """`FBetaScore` with `beta=1`: `2 * precision * recall / (precision + recall)`.

    Args:
        average, threshold, name, dtype: As for `FBetaScore`.
    """

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self):
        config = super().get_config()
        del config["beta"]
        return config


class R2Score(Metric):
    """The coefficient of determination: one minus squared errors over squared deviations.

    Args:
        class_aggregation: What becomes of several outputs: `'uniform_average'`, their mean;
            `'variance_weighted_average'`, weighted by the targets' variances; None, one each.
        num_regressors: Integer, number of independent variables of the model, for the adjusted
            score; 0 means the plain one.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Notes: targets and predictions are `(batch, outputs)`.

    Raises:
        ValueError: for an argument out of its range.

    Source: tf.keras.
    """

    _AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")

    def __init__(
        self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None
    ):
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in self._AGGREGATIONS:
            raise ValueError(
                f"R2Score got class_aggregation={class_aggregation!r}. Expected one of "
                f"{self._AGGREGATIONS}."
            )
        if num_regressors < 0:
            raise ValueError(f"R2Score got num_regressors={num_regressors}. Expected 0 or more.")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self._sums = None

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch.

        Args:
            y_true, y_pred: `(batch, outputs)`.
            sample_weight: `(batch,)` or `(batch, outputs)`, or None.

        Raises:
            ValueError: for targets and predictions of another rank.
        """
        y_true, y_pred = jnp.asarray(y_true, self.dtype), jnp.asarray(y_pred, self.dtype)
        if y_true.ndim != 2 or y_pred.shape != y_true.shape:
            raise ValueError(
                f"R2Score got targets of shape {y_true.shape} and predictions of shape "
                f"{y_pred.shape}. Expected (batch, outputs) of both."
            )
        if self._sums is None:
            names = ("squared_sum", "sum", "residual", "count")
            self._sums = [
                self.add_weight(name, shape=(y_true.shape[1],), initializer="zeros")
                for name in names
            ]
            self._samples = self.add_weight("num_samples", shape=(), initializer="zeros")
        weights = jnp.asarray(1 if sample_weight is None else sample_weight, self.dtype)
        if weights.ndim == 1:
            weights = weights[:, None]
        weights = jnp.broadcast_to(weights, y_true.shape)
        parts = (y_true**2, y_true, (y_true - y_pred) ** 2, jnp.ones_like(y_true))
        return [
            *(update_add(s, jnp.sum(part * weights, 0)) for s, part in zip(self._sums, parts)),
            update_add(self._samples, jnp.asarray(y_true.size, self.dtype)),
        ]

    def result(self):
        if self._sums is None:
            return K.constant(0.0)
        return _r2(*self._sums, self._samples, self.class_aggregation, self.num_regressors)

    def get_config(self):
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }


@op
def _r2(squares, total, residual, count, samples, aggregation, regressors):
    spread = squares - total * (total / count)
    raw = 1 - residual / spread
    raw = jnp.where(jnp.isinf(raw), 0.0, raw)
    if aggregation == "uniform_average":
        raw = jnp.mean(raw)
    elif aggregation == "variance_weighted_average":
        raw = jnp.sum(raw * spread) / jnp.sum(spread)
    if not regressors:
        return raw
    adjusted = 1 - (1 - raw) * (samples - 1) / (samples - regressors - 1)
    return jnp.where(samples - regressors - 1 > 0, adjusted, raw)
