"""Loss functions: targets and predictions `(batch, d1, ... dN)` to losses `(batch, ... dN-1)`."""

import inspect
import math

from hornbeam import backend as K
from hornbeam.backend.tensors import Operand
from hornbeam.losses.reduction import as_tensors

# ---- losses of numbers


def mean_squared_error(y_true, y_pred):
    """`mean((y_pred - y_true) ** 2)` over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred, "mean_squared_error")
    return K.mean(K.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true, y_pred):
    """`mean(abs(y_pred - y_true))` over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred, "mean_absolute_error")
    return K.mean(K.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true, y_pred):
    """`100 * mean(abs((y_true - y_pred) / y_true))` over the last axis.

    Divides by `epsilon()` where the target is smaller.
    """
    y_true, y_pred = _pair(y_true, y_pred, "mean_absolute_percentage_error")
    divisor = K.clip(K.abs(y_true), K.epsilon(), None)
    return 100.0 * K.mean(K.abs((y_true - y_pred) / divisor), axis=-1)


def mean_squared_logarithmic_error(y_true, y_pred):
    """`mean((log(1 + y_true) - log(1 + y_pred)) ** 2)` over the last axis.

    Numbers below `epsilon()` count as `epsilon()`.
    """
    y_true, y_pred = _pair(y_true, y_pred, "mean_squared_logarithmic_error")
    log_pred = K.log(K.clip(y_pred, K.epsilon(), None) + 1.0)
    log_true = K.log(K.clip(y_true, K.epsilon(), None) + 1.0)
    return K.mean(K.square(log_pred - log_true), axis=-1)


def logcosh(y_true, y_pred):
    """`mean(log(cosh(y_pred - y_true)))` over the last axis.

    About `x ** 2 / 2` for small errors and `abs(x) - log(2)` for large ones, so that single wild
    errors count less than in the mean squared error.
    """
    y_true, y_pred = _pair(y_true, y_pred, "logcosh")
    error = y_pred - y_true
    # log(cosh(x)) without the overflow of cosh
    return K.mean(error + K.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def huber_loss(y_true, y_pred, delta=1.0):
    """`x ** 2 / 2` for errors `x` up to `delta`, `delta * (abs(x) - delta / 2)` beyond.

    Args:
        y_true: Tensor `(batch, d1, ... dN)`.
        y_pred: Tensor of the same shape.
        delta: Positive float, where the quadratic part ends.

    Returns:
        A tensor of the same shape: the last axis is not reduced, as in Keras 2.3.1. `huber` takes
        its mean.

    Source: Huber 1964.
    """
    y_true, y_pred = _pair(y_true, y_pred, "huber_loss")
    size = K.abs(y_pred - y_true)
    quadratic = K.minimum(size, delta)
    return 0.5 * K.square(quadratic) + delta * (size - quadratic)


def huber(y_true, y_pred, delta=1.0):
    """The mean of `huber_loss` over the last axis, as tf.keras has it."""
    return K.mean(huber_loss(y_true, y_pred, delta), axis=-1)


def poisson(y_true, y_pred):
    """`mean(y_pred - y_true * log(y_pred))` over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred, "poisson")
    return K.mean(y_pred - y_true * K.log(y_pred + K.epsilon()), axis=-1)


def cosine_proximity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between targets and predictions: -1 for the same direction.

    Args:
        y_true: Tensor.
        y_pred: Tensor of the same shape.
        axis: Integer, the axis that holds the vectors' components.
    """
    y_true, y_pred = _pair(y_true, y_pred, "cosine_proximity")
    return -K.sum(K.l2_normalize(y_true, axis=axis) * K.l2_normalize(y_pred, axis=axis), axis=axis)


# ---- losses of classes


def hinge(y_true, y_pred):
    """`mean(max(1 - y_true * y_pred, 0))` over the last axis; targets are -1 or 1 (or 0 and 1)."""
    y_true, y_pred = _pair(y_true, y_pred, "hinge")
    return K.mean(K.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true, y_pred):
    """`mean(max(1 - y_true * y_pred, 0) ** 2)` over the last axis; targets as for `hinge`."""
    y_true, y_pred = _pair(y_true, y_pred, "squared_hinge")
    return K.mean(K.square(K.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true, y_pred):
    """`max(1 + wrong - right, 0)`: scores of the best wrong class and of the right class.

    Args:
        y_true: One-hot tensor `(batch, ..., classes)`.
        y_pred: Tensor of the same shape.
    """
    y_true, y_pred = _pair(y_true, y_pred, "categorical_hinge")
    right = K.sum(y_true * y_pred, axis=-1)
    wrong = K.max((1.0 - y_true) * y_pred, axis=-1)
    return K.maximum(wrong - right + 1.0, 0.0)


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0):
    """`-sum(y_true * log(y_pred))` over the last axis.

    Args:
        y_true: Tensor `(batch, ..., classes)`, one-hot or probabilities.
        y_pred: Tensor of the same shape: probabilities; if they do not add up to 1, they are
            scaled to.
        from_logits: Whether `y_pred` holds logits instead.
        label_smoothing: Float in [0, 1]: this part of each target is spread over all classes. As
            in Keras 2.3.1, it is divided by the length of axis 1, also where the classes are on a
            later one.

    Raises:
        ValueError: for targets of another shape, such as integer labels.
    """
    y_true, y_pred = _pair(y_true, y_pred, "categorical_crossentropy", same_classes=True)
    smoothing = _smoothing(label_smoothing)
    if smoothing is not None:
        axis = 1 if len(y_pred.shape) > 1 else 0
        y_true = y_true * (1.0 - smoothing) + smoothing / _size(y_pred, axis)
    return K.categorical_crossentropy(y_true, y_pred, from_logits=from_logits)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, axis=-1):
    """`-log(y_pred[label])`: the crossentropy with labels in place of one-hot targets.

    Args:
        y_true: Labels `(batch, ...)` or `(batch, ..., 1)`, whole numbers in [0, classes).
        y_pred: Tensor `(batch, ..., classes)` of probabilities.
        from_logits: Whether `y_pred` holds logits instead.
        axis: Integer, the axis of `y_pred` that holds the classes.

    Raises:
        ValueError: for targets of another shape, such as one-hot ones.
    """
    y_true, y_pred = as_tensors(y_true, y_pred)
    y_pred = _floating(y_pred)
    _check_labels(y_true, y_pred, axis)
    return K.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0):
    """`-mean(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))` over the last axis.

    Args:
        y_true: Tensor of targets in [0, 1].
        y_pred: Tensor of the same shape: probabilities.
        from_logits: Whether `y_pred` holds logits instead.
        label_smoothing: Float in [0, 1]: this part of each target is replaced by 0.5.
    """
    y_true, y_pred = _pair(y_true, y_pred, "binary_crossentropy")
    smoothing = _smoothing(label_smoothing)
    if smoothing is not None:
        y_true = y_true * (1.0 - smoothing) + 0.5 * smoothing
    return K.mean(K.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=-1)


def binary_focal_crossentropy(
    y_true,
    y_pred,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """`binary_crossentropy` times `(1 - p) ** gamma`, `p` being the probability of the target.

    What is predicted well counts little, so that rare and hard samples count more.

    Args:
        y_true: Tensor of targets in [0, 1].
        y_pred: Tensor of the same shape: probabilities.
        apply_class_balancing: Bool, whether to weigh class 1 by `alpha` and class 0 by `1 - alpha`.
        alpha: Float, that weight.
        gamma: Float of at least 0; 0 means no such factor.
        from_logits: Whether `y_pred` holds logits instead.
        label_smoothing: Float in [0, 1]: this part of each target is replaced by 0.5.
        axis: Integer, the axis of the mean.

    Source: Lin et al. 2017, arXiv:1708.02002.
    """
    y_true, y_pred = _pair(y_true, y_pred, "binary_focal_crossentropy")
    smoothing = _smoothing(label_smoothing)
    if smoothing is not None:
        y_true = y_true * (1.0 - smoothing) + 0.5 * smoothing
    p = K.sigmoid(y_pred) if from_logits else y_pred
    p = y_true * p + (1.0 - y_true) * (1.0 - p)
    loss = K.pow(1.0 - p, gamma) * K.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    if apply_class_balancing:
        loss = loss * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return K.mean(loss, axis=axis)


def categorical_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """`-sum(alpha * (1 - y_pred) ** gamma * y_true * log(y_pred))` over the classes.

    Args:
        y_true: Tensor of one-hot targets or probabilities, `(batch, ..., classes)`.
        y_pred: Tensor of the same shape: probabilities.
        alpha: Float, a factor; or a list with one for each class.
        gamma: Float of at least 0; 0 means no factor by `1 - y_pred`.
        from_logits: Whether `y_pred` holds logits instead.
        label_smoothing: Float in [0, 1]: this part of each target is shared out over the classes.
        axis: Integer, the axis of the classes.

    Source: Lin et al. 2017, arXiv:1708.02002.
    """
    y_true, y_pred = _pair(y_true, y_pred, "categorical_focal_crossentropy")
    smoothing = _smoothing(label_smoothing)
    if smoothing is not None:
        classes = K.int_shape(y_pred)[axis]
        y_true = y_true * (1.0 - smoothing) + smoothing / classes
    if from_logits:
        y_pred = K.softmax(y_pred, axis=axis)
    p = K.clip(y_pred / K.sum(y_pred, axis=axis, keepdims=True), K.epsilon(), 1 - K.epsilon())
    weight = K.constant(alpha, dtype=K.dtype(p)) if isinstance(alpha, (list, tuple)) else alpha
    return K.sum(weight * K.pow(1.0 - p, gamma) * -y_true * K.log(p), axis=axis)


def kullback_leibler_divergence(y_true, y_pred):
    """`sum(y_true * log(y_true / y_pred))` over the last axis, of probabilities."""
    y_true, y_pred = _pair(y_true, y_pred, "kullback_leibler_divergence")
    y_true = K.clip(y_true, K.epsilon(), 1)
    y_pred = K.clip(y_pred, K.epsilon(), 1)
    return K.sum(y_true * K.log(y_true / y_pred), axis=-1)


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kl_divergence = kullback_leibler_divergence
bce = BCE = binary_crossentropy
cosine = cosine_similarity = cosine_proximity
log_cosh = logcosh


BY_NAME = {
    name: function
    for name, function in globals().items()
    if inspect.isfunction(function) and not name.startswith("_") and name != "as_tensors"
}


# ---- what they share


def _pair(y_true, y_pred, loss, same_classes=False):
    """Returns targets and predictions of one float dtype whose shapes go together."""
    y_true, y_pred = as_tensors(y_true, y_pred)
    y_pred = _floating(y_pred)
    true_shape, pred_shape = tuple(y_true.shape), tuple(y_pred.shape)
    sizes = list(zip(reversed(true_shape), reversed(pred_shape)))
    fits = all(a == b or a in (None, 1) or b in (None, 1) for a, b in sizes)
    if same_classes:
        fits = fits and len(true_shape) == len(pred_shape) > 0
        fits = fits and (sizes[0][0] == sizes[0][1] or None in sizes[0])
    if not fits:
        hint = ""
        if same_classes and pred_shape[-1:] != (1,):
            hint = (
                " Integer labels belong to the loss sparse_categorical_crossentropy; "
                "to_categorical(y, num_classes) makes them one-hot."
            )
        raise ValueError(
            f"{loss} got targets (y_true) of shape {true_shape} for predictions (y_pred) of shape "
            f"{pred_shape}. Expected targets of the shape of the predictions.{hint}"
        )
    return K.cast(y_true, K.dtype(y_pred)), y_pred


def _floating(y_pred):
    return y_pred if "float" in K.dtype(y_pred) else K.cast(y_pred, K.floatx())


def _check_labels(y_true, y_pred, axis):
    pred_shape = tuple(y_pred.shape)
    if not -len(pred_shape) <= axis < len(pred_shape):
        raise ValueError(
            f"sparse_categorical_crossentropy got axis={axis} for predictions of shape "
            f"{pred_shape}. Expected one of their axes."
        )
    places = list(pred_shape)
    del places[axis]
    true_shape = tuple(y_true.shape)
    known = [math.prod(dim for dim in dims if dim is not None) for dims in (places, true_shape)]
    if places.count(None) == true_shape.count(None) and known[0] != known[1]:
        hint = ""
        if true_shape == pred_shape:
            hint = " One-hot targets belong to the loss categorical_crossentropy."
        raise ValueError(
            f"sparse_categorical_crossentropy got targets (y_true) of shape {true_shape} for "
            f"predictions (y_pred) of shape {pred_shape}. Expected integer labels of shape "
            f"{tuple(places)} or {(*places, 1)}.{hint}"
        )


def _signs(y_true):
    """Returns targets of 0 and 1 as -1 and 1; others as they are."""
    is_binary = K.all(K.equal(y_true, 0.0) | K.equal(y_true, 1.0))
    binary = K.cast(is_binary, K.dtype(y_true))
    return binary * (2.0 * y_true - 1.0) + (1.0 - binary) * y_true


def _smoothing(label_smoothing):
    """Returns the amount of label smoothing, or None for none."""
    if isinstance(label_smoothing, Operand):
        return label_smoothing
    amount = float(label_smoothing)
    if not 0.0 <= amount <= 1.0:
        raise ValueError(f"label_smoothing must lie in [0, 1]. Got: {label_smoothing!r}")
    return amount or None


def _size(x, axis):
    """Returns the size of an axis, a Python number where it is known."""
    size = x.shape[axis]
    return K.cast(K.shape(x)[axis], K.dtype(x)) if size is None else size
