"""Overlap of predicted and true regions."""

import jax.numpy as jnp

from hornbeam.backend.function import update_add
from hornbeam.backend.ops import op
from hornbeam.metrics.base import Metric


class IoU(Metric):
    """Intersection over union of some classes, and its mean, as for segmentation.

    `true positives / (true positives + false positives + false negatives)` of each class; classes
    that occur neither in targets nor in predictions are left out.

    Args:
        num_classes: Integer, the number of classes.
        target_class_ids: List of integers, the classes that count.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.
        ignore_class: Integer, a target that is not counted, such as 255 for "unknown"; or None.
        sparse_y_true, sparse_y_pred: Bool; whether targets, or predictions, are numbers of classes.
            If not, the class is the largest along `axis`.
        axis: Integer, the axis of the classes where they are not sparse.

    Notes: what is outside `0 ... num_classes - 1` is not counted.

    Raises:
        ValueError: for a class that is not below `num_classes`.

    Source: tf.keras 2.
    """

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        if self.target_class_ids and max(self.target_class_ids) >= num_classes:
            raise ValueError(
                f"{type(self).__name__} got the class {max(self.target_class_ids)}, which is out "
                f"of range for num_classes={num_classes}: classes are counted from 0."
            )
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_weight(
            "total_confusion_matrix", shape=(num_classes, num_classes), initializer="zeros"
        )

    def _classes(self, y_true, y_pred):
        """Targets and predictions as numbers of classes."""
        y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
        if not self.sparse_y_true:
            y_true = jnp.argmax(y_true, self.axis)
        if not self.sparse_y_pred:
            y_pred = jnp.argmax(y_pred, self.axis)
        return y_true, y_pred

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts a batch.

        Args:
            y_true: Class numbers, of any shape; or vectors, see the class.
            y_pred: Class numbers, as many; or vectors.
            sample_weight: None, or weights, as many as classes; or a scalar.

        Raises:
            ValueError: if there are not as many.
        """
        y_true, y_pred = self._classes(y_true, y_pred)
        if y_true.size != y_pred.size:
            raise ValueError(
                f"{type(self).__name__} got targets of shape {y_true.shape} and predictions of "
                f"shape {y_pred.shape}. Expected one class number for each target; take the argmax "
                "of probabilities first."
            )
        rows, columns = (x.astype("int32").reshape(-1) for x in (y_true, y_pred))
        weights = jnp.asarray(1 if sample_weight is None else sample_weight, self.dtype)
        if weights.ndim:
            weights = weights.reshape(-1)
        valid = (rows >= 0) & (columns >= 0)  # a negative index would count from the end
        if self.ignore_class is not None:
            valid &= rows != self.ignore_class
        matrix = jnp.zeros((self.num_classes, self.num_classes), self.dtype)
        matrix = matrix.at[jnp.where(valid, rows, self.num_classes), columns].add(
            weights, mode="drop"
        )
        return update_add(self.total_cm, matrix)

    def result(self):
        return _mean_overlap(self.total_cm, tuple(self.target_class_ids))

    def get_config(self):
        config = {name: getattr(self, name) for name in self._CONFIG}
        return {**super().get_config(), **config}

    _CONFIG = (
        "num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis",
    )


@op
def _mean_overlap(matrix, classes):
    both = jnp.diagonal(matrix)
    either = jnp.sum(matrix, axis=0) + jnp.sum(matrix, axis=1) - both
    both, either = both[jnp.asarray(classes)], either[jnp.asarray(classes)]
    overlap = jnp.where(either > 0, both / jnp.where(either > 0, either, 1), 0)
    return jnp.sum(overlap) / jnp.maximum(jnp.sum((either > 0).astype(matrix.dtype)), 1)


class MeanIoU(IoU):
    """The mean over all classes of intersection over union; see `IoU`.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: As for `IoU`.

    Source: tf.keras 2, to which Keras 2.3.1 leaves it.
    """

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(
            num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true,
            sparse_y_pred, axis,
        )

    def get_config(self):
        """The arguments; those of later versions where they are not the default."""
        config = super().get_config()
        del config["target_class_ids"]
        later = {"ignore_class": None, "sparse_y_true": True, "sparse_y_pred": True, "axis": -1}
        return {k: v for k, v in config.items() if k not in later or v != later[k]}


class OneHotIoU(IoU):
    """`IoU` of one-hot targets.

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, axis: As for `IoU`.
        sparse_y_pred: Bool, whether predictions are numbers of classes; by default they are
            vectors, such as probabilities.
    """

    _CONFIG = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` of one-hot targets.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: As for `OneHotIoU`.
    """

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        config = super().get_config() | {"sparse_y_pred": self.sparse_y_pred}
        config.pop("sparse_y_true", None)
        return config


class BinaryIoU(IoU):
    """`IoU` of two classes, from probabilities or logits of the second.

    Args:
        target_class_ids: List with 0, 1 or both, the classes that count.
        threshold: Float; predictions from it on are class 1.
        name: String; None makes one.
        dtype: Name of the dtype; None means `floatx()`.
    """

    _CONFIG = ("target_class_ids", "threshold")

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def _classes(self, y_true, y_pred):
        return jnp.asarray(y_true), jnp.asarray(y_pred) >= self.threshold
