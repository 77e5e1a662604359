"""Losses as metrics: their mean over all samples."""

import jax.numpy as jnp

from hornbeam import losses
from hornbeam.backend.ops import op
from hornbeam.losses.reduction import squeeze_or_expand_dimensions
from hornbeam.metrics.base import Mean, MeanMetricWrapper


@op
def cosine_proximity(y_true, y_pred, axis=-1):
    """Returns the cosine of the angle between targets and predictions, 1 for the same direction.

    Args:
        y_true: Targets.
        y_pred: Predictions, of the same shape.
        axis: Integer, default -1: the axis of the vectors.

    Notes: the loss of the same name is its negative.
    """
    return jnp.sum(_of_unit_length(y_true, axis) * _of_unit_length(y_pred, axis), axis=axis)


def _of_unit_length(x, axis):
    x = jnp.asarray(x)
    squared = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    return x / jnp.sqrt(jnp.maximum(squared, 1e-12))  # as K.l2_normalize


class MeanSquaredError(MeanMetricWrapper):
    """The mean of the squared differences.

    Args:
        name: String, default `'mean_squared_error'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(losses.mean_squared_error, name, dtype=dtype)


_root = op(jnp.sqrt)


class RootMeanSquaredError(Mean):
    """The root of the mean of the squared differences.

    Args:
        name: String, default `'root_mean_squared_error'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch. See `MeanMetricWrapper.update_state`."""
        y_true = jnp.asarray(y_true, self.dtype)
        y_pred = jnp.asarray(y_pred, self.dtype)
        y_pred, y_true = squeeze_or_expand_dimensions(y_pred, y_true)
        return super().update_state(jnp.square(y_pred - y_true), sample_weight=sample_weight)

    def result(self):
        return _root(self.total / self.count)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of the absolute differences.

    Args:
        name: String, default `'mean_absolute_error'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(losses.mean_absolute_error, name, dtype=dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of the absolute differences, in percent of the targets.

    Args:
        name: String, default `'mean_absolute_percentage_error'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(losses.mean_absolute_percentage_error, name, dtype=dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of the squared differences of logarithms.

    Args:
        name: String, default `'mean_squared_logarithmic_error'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype=dtype)


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between targets and predictions.

    Args:
        name: String, default `'cosine_similarity'`.
        dtype: Name of the dtype; None means `floatx()`.
        axis: Integer, default -1: the axis of the vectors.
    """

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(cosine_proximity, name, dtype=dtype, axis=axis)


class LogCoshError(MeanMetricWrapper):
    """The mean of `log(cosh(y_pred - y_true))`.

    Args:
        name: String, default `'logcosh'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(losses.logcosh, name, dtype=dtype)


class Poisson(MeanMetricWrapper):
    """The mean of `y_pred - y_true * log(y_pred)`.

    Args:
        name: String, default `'poisson'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="poisson", dtype=None):
        super().__init__(losses.poisson, name, dtype=dtype)


class KLDivergence(MeanMetricWrapper):
    """The mean Kullback-Leibler divergence of the predictions from the targets.

    Args:
        name: String, default `'kullback_leibler_divergence'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="kullback_leibler_divergence", dtype=None):
        super().__init__(losses.kullback_leibler_divergence, name, dtype=dtype)


class Hinge(MeanMetricWrapper):
    """The mean of `max(1 - y_true * y_pred, 0)`; targets are -1 or 1, or 0 or 1.

    Args:
        name: String, default `'hinge'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="hinge", dtype=None):
        super().__init__(losses.hinge, name, dtype=dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean of `max(1 - y_true * y_pred, 0) ** 2`; targets are -1 or 1, or 0 or 1.

    Args:
        name: String, default `'squared_hinge'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(losses.squared_hinge, name, dtype=dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean of how far the largest wrong prediction comes within 1 of the right one.

    Args:
        name: String, default `'categorical_hinge'`.
        dtype: Name of the dtype; None means `floatx()`.
    """

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(losses.categorical_hinge, name, dtype=dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of targets 0 or 1.

    Args:
        name: String, default `'binary_crossentropy'`.
        dtype: Name of the dtype; None means `floatx()`.
        from_logits: Bool, default False: predictions are probabilities.
        label_smoothing: Float in [0, 1], default 0: how far targets are moved towards 0.5.
    """

    def __init__(
        self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0
    ):
        super().__init__(
            losses.binary_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of one-hot targets.

    Args:
        name: String, default `'categorical_crossentropy'`.
        dtype: Name of the dtype; None means `floatx()`.
        from_logits: Bool, default False: predictions are probabilities.
        label_smoothing: Float in [0, 1], default 0: how far targets are moved towards uniform.
    """

    def __init__(
        self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0
    ):
        super().__init__(
            losses.categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of targets that are numbers of classes.

    Args:
        name: String, default `'sparse_categorical_crossentropy'`.
        dtype: Name of the dtype; None means `floatx()`.
        from_logits: Bool, default False: predictions are probabilities.
        axis: Integer, default -1: the axis of the classes.
    """

    def __init__(
        self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, axis=-1
    ):
        super().__init__(
            losses.sparse_categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            axis=axis,
        )
