"""Overlap of predicted and true regions."""

import jax.numpy as jnp

from hornbeam.backend.function import update_add
from hornbeam.backend.ops import op
from hornbeam.metrics.base import Metric


class MeanIoU(Metric):
    """The mean over classes of intersection over union, as for segmentation.

    `true positives / (true positives + false positives + false negatives)` of each class; classes
    that occur neither in targets nor in predictions are left out.

    Args:
        num_classes: Integer, the number of classes.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.

    Notes: targets and predictions are numbers of classes (take the argmax of probabilities
        first). What is outside `0 ... num_classes - 1` is not counted.

    Source: tf.keras 2, to which Keras 2.3.1 leaves it.
    """

    def __init__(self, num_classes, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.total_cm = self.add_weight(
            "total_confusion_matrix", shape=(num_classes, num_classes), initializer="zeros"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch.

        Args:
            y_true: Class numbers, of any shape.
            y_pred: Class numbers, as many.
            sample_weight: None, or weights, as many; or a scalar.

        Raises:
            ValueError: if there are not as many.
        """
        y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
        if y_true.size != y_pred.size:
            raise ValueError(
                f"MeanIoU got targets of shape {y_true.shape} and predictions of shape "
                f"{y_pred.shape}. Expected one class number for each target; take the argmax of "
                "probabilities first."
            )
        rows, columns = (x.astype("int32").reshape(-1) for x in (y_true, y_pred))
        weights = jnp.asarray(1 if sample_weight is None else sample_weight, self.dtype)
        if weights.ndim:
            weights = weights.reshape(-1)
        valid = (rows >= 0) & (columns >= 0)  # a negative index would count from the end
        matrix = jnp.zeros((self.num_classes, self.num_classes), self.dtype)
        matrix = matrix.at[jnp.where(valid, rows, self.num_classes), columns].add(
            weights, mode="drop"
        )
        return update_add(self.total_cm, matrix)

    def result(self):
        return _mean_overlap(self.total_cm)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


@op
def _mean_overlap(matrix):
    both = jnp.diagonal(matrix)
    either = jnp.sum(matrix, axis=0) + jnp.sum(matrix, axis=1) - both
    overlap = jnp.where(either > 0, both / jnp.where(either > 0, either, 1), 0)
    return jnp.sum(overlap) / jnp.maximum(jnp.sum((either > 0).astype(matrix.dtype)), 1)
