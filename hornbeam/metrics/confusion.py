"""Counts of true and false positives and negatives, and the ratios that are made of them."""

import jax.numpy as jnp

from hornbeam import allowance
from hornbeam.backend.config import floatx
from hornbeam.backend.function import update_add
from hornbeam.backend.ops import op
from hornbeam.losses.reduction import broadcast_weights, squeeze_or_expand_dimensions
from hornbeam.metrics.base import Metric

_NEVER = -1e10  # a threshold that every prediction passes, and the score of those it must not


def parse_thresholds(thresholds, default=0.5):
    """Returns thresholds as a list; a number is a list of one, None is `[default]`.

    Raises:
        ValueError: if one is not in [0, 1].
    """
    if thresholds is None:
        return [default]
    thresholds = list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    invalid = [t for t in thresholds if t is None or not 0 <= t <= 1]
    if invalid:
        raise ValueError(f"Threshold values must be in [0, 1]. Invalid values: {invalid}")
    return thresholds


def even_thresholds(count):
    """Returns `count` thresholds at equal distances, without the first, 0, and the last, 1."""
    allowance.charge((count,), 32, "thresholds")  # a float and its place in the list
    return [i / (count - 1) for i in range(1, count - 1)]


def confusion(y_true, y_pred, thresholds, sample_weight=None, top_k=None, class_id=None):
    """Counts the four kinds of prediction, for each threshold.

    Args:
        y_true: Targets; what is not 0 is positive.
        y_pred: Predictions, of the same shape. Above a threshold they are positive.
        thresholds: List of floats.
        sample_weight: None, a scalar or an array that broadcasts to `y_pred`.
        top_k: None, or how many of the largest predictions of a sample may be positive.
        class_id: None, or the only place on the last axis that counts.

    Returns:
        Dict from `"true_positives"`, ... to functions that return an array `(thresholds,)`.
    """
    y_true, y_pred = jnp.asarray(y_true, floatx()), jnp.asarray(y_pred, floatx())
    if sample_weight is None:
        y_pred, y_true = squeeze_or_expand_dimensions(y_pred, y_true=y_true)
    else:
        sample_weight = jnp.asarray(sample_weight, floatx())
        y_pred, y_true, sample_weight = squeeze_or_expand_dimensions(
            y_pred, y_true=y_true, sample_weight=sample_weight
        )
    if top_k is not None:
        y_pred = jnp.where(_is_among_largest(y_pred, top_k), y_pred, _NEVER)
    if class_id is not None:
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
        if sample_weight is not None and sample_weight.ndim == y_pred.ndim + 1:
            per_class = sample_weight.shape[-1] > 1
            sample_weight = sample_weight[..., class_id if per_class else 0]
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"Shapes {y_true.shape} of the targets and {y_pred.shape} of the predictions are "
            "incompatible: they must be equal, element for element."
        )
    if sample_weight is None:
        weights = jnp.ones((), y_pred.dtype)
    else:
        weights = broadcast_weights(y_pred, sample_weight)
        weights = jnp.broadcast_to(weights, y_pred.shape).reshape(1, -1)
    labels = y_true.reshape(1, -1) != 0  # (1, predictions)
    limits = jnp.asarray(thresholds, y_pred.dtype)[:, None]
    positive = y_pred.reshape(1, -1) > limits  # (thresholds, predictions)

    def total(which):
        return jnp.sum(jnp.where(which, weights, jnp.zeros((), y_pred.dtype)), axis=1)

    return {
        "true_positives": lambda: total(labels & positive),
        "false_positives": lambda: total(~labels & positive),
        "true_negatives": lambda: total(~labels & ~positive),
        "false_negatives": lambda: total(labels & ~positive),
    }


def _is_among_largest(x, k):
    """Whether each element is among the `k` largest of the last axis; of equal ones, the first."""
    order = jnp.argsort(-x, axis=-1, stable=True)
    return jnp.argsort(order, axis=-1, stable=True) < k


@op
def ratio(part, rest, only_if_part=False):
    """Returns `part / (part + rest)`; 0 where that is not defined."""
    whole = part + rest
    defined = (part if only_if_part else whole) > 0
    return jnp.where(defined, part / jnp.where(whole == 0, 1, whole), jnp.zeros((), part.dtype))


@op
def _first(values):
    return values[0]


class _Counts(Metric):
    """A metric whose state is some of the four counts, for each of its thresholds."""

    _kinds = ()

    def _make_counts(self, thresholds):
        self.thresholds = thresholds
        for kind in self._kinds:
            weight = self.add_weight(kind, shape=(len(thresholds),), initializer="zeros")
            setattr(self, kind, weight)

    def _count(self, y_true, y_pred, sample_weight, **settings):
        counts = confusion(y_true, y_pred, self.thresholds, sample_weight, **settings)
        return [update_add(getattr(self, kind), counts[kind]()) for kind in self._kinds]

    def _one_or_all(self, values):
        return _first(values) if len(self.thresholds) == 1 else values


class _ConditionCount(_Counts):
    """The number of predictions of one kind.

    Args:
        thresholds: Float or list of floats in [0, 1]; None means 0.5. A prediction above a
            threshold is positive. With a list, the result has a value for each.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Raises:
        ValueError: for a threshold outside [0, 1].
    """

    _kind = None

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(thresholds)
        self.accumulator = self.add_weight(
            "accumulator", shape=(len(self.thresholds),), initializer="zeros"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch. See `confusion`."""
        counts = confusion(y_true, y_pred, self.thresholds, sample_weight)
        return update_add(self.accumulator, counts[self._kind]())

    def result(self):
        return self._one_or_all(self.accumulator)

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_ConditionCount):
    __doc__ = _ConditionCount.__doc__.replace("one kind", "positives that are right")
    _kind = "true_positives"


class FalsePositives(_ConditionCount):
    __doc__ = _ConditionCount.__doc__.replace("one kind", "positives that are wrong")
    _kind = "false_positives"


class TrueNegatives(_ConditionCount):
    __doc__ = _ConditionCount.__doc__.replace("one kind", "negatives that are right")
    _kind = "true_negatives"


class FalseNegatives(_ConditionCount):
    __doc__ = _ConditionCount.__doc__.replace("one kind", "negatives that are wrong")
    _kind = "false_negatives"


class _RightShare(_Counts):
    """True positives as a share of some whole: what `Precision` and `Recall` have in common."""

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self._make_counts(parse_thresholds(thresholds, 0.5 if top_k is None else _NEVER))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch. See `confusion`."""
        return self._count(y_true, y_pred, sample_weight, top_k=self.top_k, class_id=self.class_id)

    def result(self):
        right, rest = (getattr(self, kind) for kind in self._kinds)
        return self._one_or_all(ratio(right, rest))

    def get_config(self):
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


_SHARE_ARGUMENTS = """
    Args:
        thresholds: Float or list of floats in [0, 1]; None means 0.5, or with `top_k` no
            threshold. A prediction above a threshold is positive. With a list, the result has a
            value for each.
        top_k: Integer; only the `top_k` largest predictions of each sample may be positive. None
            means all.
        class_id: Integer; only this place on the last axis counts. None means all.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Raises:
        ValueError: for a threshold outside [0, 1].
    """


class Precision(_RightShare):
    __doc__ = "The share of the positives that are right; 0 if there are none.\n" + _SHARE_ARGUMENTS
    _kinds = ("true_positives", "false_positives")


class Recall(_RightShare):
    __doc__ = "The share of the targets that are found; 0 if there are none.\n" + _SHARE_ARGUMENTS
    _kinds = ("true_positives", "false_negatives")


class SensitivitySpecificityBase(_Counts):
    """What `SensitivityAtSpecificity` and `SpecificityAtSensitivity` have in common.

    Args:
        value: Float in [0, 1]: the one that is fixed.
        num_thresholds: Integer > 0, default 200: how many thresholds are tried.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Raises:
        ValueError: if `num_thresholds` is not positive.
    """

    _kinds = ("true_positives", "true_negatives", "false_positives", "false_negatives")

    def __init__(self, value, num_thresholds=200, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        if num_thresholds <= 0:
            raise ValueError(f"`num_thresholds` must be > 0. {num_thresholds} was given.")
        self.value = value
        self._make_counts(
            [0.5] if num_thresholds == 1 else [0.0, *even_thresholds(num_thresholds), 1.0]
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch. See `confusion`."""
        return self._count(y_true, y_pred, sample_weight)


@op
def _at_nearest(given, value, wanted):
    """Returns `wanted` at the threshold where `given` is nearest to `value`."""
    return wanted[jnp.argmin(jnp.abs(given - value))]


class SensitivityAtSpecificity(SensitivitySpecificityBase):
    """The share of positives found, at the threshold whose specificity is nearest to a given one.

    Args:
        specificity: Float in [0, 1].
        num_thresholds: Integer > 0, default 200: how many thresholds are tried.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Raises:
        ValueError: if an argument is out of its range.
    """

    def __init__(self, specificity, num_thresholds=200, name=None, dtype=None):
        if not 0 <= specificity <= 1:
            raise ValueError(f"`specificity` must be in the range [0, 1]. Got {specificity}.")
        self.specificity = specificity
        self.num_thresholds = num_thresholds
        super().__init__(specificity, num_thresholds=num_thresholds, name=name, dtype=dtype)

    def result(self):
        specificity = ratio(self.true_negatives, self.false_positives)
        sensitivity = ratio(self.true_positives, self.false_negatives)
        return _at_nearest(specificity, self.value, sensitivity)

    def get_config(self):
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "specificity": self.specificity,
        }


class SpecificityAtSensitivity(SensitivitySpecificityBase):
    """The share of negatives found, at the threshold whose sensitivity is nearest to a given one.

    Args:
        sensitivity: Float in [0, 1].
        num_thresholds: Integer > 0, default 200: how many thresholds are tried.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Raises:
        ValueError: if an argument is out of its range.
    """

    def __init__(self, sensitivity, num_thresholds=200, name=None, dtype=None):
        if not 0 <= sensitivity <= 1:
            raise ValueError(f"`sensitivity` must be in the range [0, 1]. Got {sensitivity}.")
        self.sensitivity = sensitivity
        self.num_thresholds = num_thresholds
        super().__init__(sensitivity, num_thresholds=num_thresholds, name=name, dtype=dtype)

    def result(self):
        sensitivity = ratio(self.true_positives, self.false_negatives)
        specificity = ratio(self.true_negatives, self.false_positives)
        return _at_nearest(sensitivity, self.value, specificity)

    def get_config(self):
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "sensitivity": self.sensitivity,
        }


class PrecisionAtRecall(SensitivitySpecificityBase):
    """The best precision at a threshold whose recall is at least a given one.

    Args:
        recall: Float in [0, 1].
        num_thresholds: Integer > 0, default 200: how many thresholds are tried.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Raises:
        ValueError: if an argument is out of its range.
    """

    def __init__(self, recall, num_thresholds=200, name=None, dtype=None):
        if not 0 <= recall <= 1:
            raise ValueError(f"`recall` must be in the range [0, 1]. Got {recall}.")
        self.recall = recall
        self.num_thresholds = num_thresholds
        super().__init__(recall, num_thresholds=num_thresholds, name=name, dtype=dtype)

    def result(self):
        recall = ratio(self.true_positives, self.false_negatives)
        precision = ratio(self.true_positives, self.false_positives)
        return _best_where(recall, self.value, precision)

    def get_config(self):
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "recall": self.recall,
        }


class RecallAtPrecision(SensitivitySpecificityBase):
    """The best recall at a threshold whose precision is at least a given one; 0 if there is none.

    Args:
        precision: Float in [0, 1].
        num_thresholds: Integer > 0, default 200: how many thresholds are tried.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Raises:
        ValueError: if an argument is out of its range.
    """

    def __init__(self, precision, num_thresholds=200, name=None, dtype=None):
        if not 0 <= precision <= 1:
            raise ValueError(f"`precision` must be in the range [0, 1]. Got {precision}.")
        self.precision = precision
        self.num_thresholds = num_thresholds
        super().__init__(precision, num_thresholds=num_thresholds, name=name, dtype=dtype)

    def result(self):
        precision = ratio(self.true_positives, self.false_positives)
        recall = ratio(self.true_positives, self.false_negatives)
        return _best_where(precision, self.value, recall)

    def get_config(self):
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "precision": self.precision,
        }


@op
def _best_where(given, least, wanted):
    """Returns the largest of `wanted` where `given` is at least `least`; 0 if it is nowhere."""
    return jnp.max(jnp.where(given >= least, wanted, 0))
