"""The area under a curve of rates over thresholds."""

import enum

import jax.numpy as jnp

from hornbeam.backend.config import epsilon
from hornbeam.backend.ops import op
from hornbeam.metrics.confusion import _Counts, even_thresholds, ratio
from hornbeam.registry import suggestion


class AUCCurve(enum.Enum):
    """Which curve: true positive rate over false positive rate, or precision over recall."""

    ROC = "ROC"
    PR = "PR"

    @staticmethod
    def from_str(key):
        """Returns the member of this name, in upper or lower case."""
        return _member(AUCCurve, key, "AUC curve", (str.upper, str.lower))


class AUCSummationMethod(enum.Enum):
    """How the area between two thresholds is found.

    `INTERPOLATION`: the mean of both heights; for the PR curve, interpolation of the true
    positives (Davis and Goadrich 2006). `MINORING`: the lower height. `MAJORING`: the higher.
    """

    INTERPOLATION = "interpolation"
    MAJORING = "majoring"
    MINORING = "minoring"

    @staticmethod
    def from_str(key):
        """Returns the member of this name, capitalized or in lower case."""
        return _member(AUCSummationMethod, key, "AUC summation method", (str.capitalize, str.lower))


def _member(kind, key, what, spellings):
    if isinstance(key, kind):
        return key
    for member in kind:
        if key in [spelled(member.value) for spelled in spellings]:
            return member
    names = [member.value for member in kind]
    raise ValueError(
        f'Invalid {what} value "{key}". Expected one of {names}.{suggestion(key, names)}'
    )


class AUC(_Counts):
    """The area under the ROC or the precision-recall curve, by a sum over thresholds.

    Args:
        num_thresholds: Integer > 1, default 200: more are more exact.
        curve: `'ROC'` (the default) or `'PR'`.
        summation_method: `'interpolation'` (the default), `'minoring'` or `'majoring'`; see
            `AUCSummationMethod`.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.
        thresholds: List of floats in [0, 1] to take instead of equal distances; one below 0 and
            one above 1 are added.

    Raises:
        ValueError: for an unknown curve or method, or too few thresholds.

    Source: Keras 2.3.1.
    """

    _kinds = ("true_positives", "true_negatives", "false_positives", "false_negatives")

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
    ):
        self.curve = AUCCurve.from_str(curve)
        self.summation_method = AUCSummationMethod.from_str(summation_method)
        if thresholds is not None:
            thresholds = sorted(thresholds)
        elif num_thresholds <= 1:
            raise ValueError(f"`num_thresholds` must be > 1. {num_thresholds} was given.")
        else:
            thresholds = even_thresholds(num_thresholds)
        self.num_thresholds = len(thresholds) + 2
        super().__init__(name=name, dtype=dtype)
        self._make_counts([0.0 - epsilon(), *thresholds, 1.0 + epsilon()])

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch. See `confusion.confusion`."""
        return self._count(y_true, y_pred, sample_weight)

    def interpolate_pr_auc(self):
        """Returns the area under the precision-recall curve, true positives interpolated.

        Source: Davis and Goadrich 2006, as Keras 2.3.1 computes it.
        """
        return _interpolated_pr(self.true_positives, self.false_positives, self.false_negatives)

    def result(self):
        method = self.summation_method
        if self.curve is AUCCurve.PR and method is AUCSummationMethod.INTERPOLATION:
            return self.interpolate_pr_auc()
        recall = ratio(self.true_positives, self.false_negatives, only_if_part=True)
        if self.curve is AUCCurve.ROC:
            x, y = ratio(self.false_positives, self.true_negatives, only_if_part=True), recall
        else:
            x, y = recall, ratio(self.true_positives, self.false_positives, only_if_part=True)
        return _area(x, y, method.value)

    def get_config(self):
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve.value,
            "summation_method": self.summation_method.value,
            "thresholds": self.thresholds[1:-1],
        }


@op
def _area(x, y, method):
    """Sums the area under `y` over `x`, which falls from threshold to threshold."""
    first, second = y[:-1], y[1:]
    if method == "interpolation":
        heights = (first + second) / 2.0
    elif method == "minoring":
        heights = jnp.minimum(first, second)
    else:
        heights = jnp.maximum(first, second)
    return jnp.sum((x[:-1] - x[1:]) * heights)


@op
def _interpolated_pr(true_positives, false_positives, false_negatives):
    """With `p` all positives: `tp = intercept + slope * p` between thresholds, integrated."""
    positives = true_positives + false_positives
    gained = true_positives[:-1] - true_positives[1:]
    slope = _quotient(gained, jnp.maximum(positives[:-1] - positives[1:], 0))
    intercept = true_positives[1:] - slope * positives[1:]
    both = (positives[:-1] > 0) & (positives[1:] > 0)
    growth = jnp.where(both, positives[:-1] / jnp.where(both, positives[1:], 1), 1)
    area = slope * (gained + intercept * jnp.log(growth))
    return jnp.sum(_quotient(area, jnp.maximum(true_positives[1:] + false_negatives[1:], 0)))


def _quotient(a, b):
    return jnp.where(b > 0, a / jnp.where(b > 0, b, 1), jnp.zeros((), a.dtype))
