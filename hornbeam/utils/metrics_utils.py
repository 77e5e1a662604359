"""Parts of metrics, where Keras 2.3 has them."""

import enum

from hornbeam import backend as K
from hornbeam.losses.reduction import Reduction
from hornbeam.metrics.auc import AUCCurve, AUCSummationMethod
from hornbeam.metrics.confusion import parse_thresholds
from hornbeam.utils.generic_utils import to_list

__all__ = [
    "AUCCurve",
    "AUCSummationMethod",
    "ConfusionMatrix",
    "NEG_INF",
    "Reduction",
    "assert_thresholds_range",
    "filter_top_k",
    "parse_init_thresholds",
    "to_list",
]

NEG_INF = -1e10


class ConfusionMatrix(enum.Enum):
    """The four kinds of prediction."""

    TRUE_POSITIVES = "tp"
    FALSE_POSITIVES = "fp"
    TRUE_NEGATIVES = "tn"
    FALSE_NEGATIVES = "fn"


def assert_thresholds_range(thresholds):
    """Raises ValueError unless all thresholds of a list are numbers in [0, 1]."""
    if thresholds is not None:
        parse_thresholds(list(thresholds))


def parse_init_thresholds(thresholds, default_threshold=0.5):
    """Returns thresholds as a list; a number is a list of one, None is `[default_threshold]`.

    Raises:
        ValueError: if one is not in [0, 1].
    """
    return parse_thresholds(thresholds, default_threshold)


def filter_top_k(x, k):
    """Keeps the `k` largest values on the last axis; the others become `NEG_INF`.

    Args:
        x: Tensor or array of shape `(..., classes)`.
        k: Integer.
    """
    places = K.sum(
        K.cast(K.expand_dims(x, -2) > K.expand_dims(x, -1), K.floatx()), axis=-1
    )  # how many are larger
    keep = K.cast(K.less(places, k), K.floatx())
    return x * keep + NEG_INF * (1 - keep)
