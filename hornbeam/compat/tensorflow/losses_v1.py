"""`tf.losses` of TensorFlow 1: functions that return a scalar and remember it."""

import importlib

from hornbeam import backend as K
from hornbeam.compat.tensorflow import nn, ops

__all__ = [
    "absolute_difference", "get_losses", "get_regularization_loss", "get_regularization_losses",
    "get_total_loss", "hinge_loss", "huber_loss", "log_loss", "mean_squared_error",
    "sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy",
]  # fmt: skip


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(importlib.import_module("tensorflow.keras.losses"), name)


def _scalar(losses, weights):
    loss = K.mean(losses * weights)
    ops.add_to_collection(ops.GraphKeys.LOSSES, loss)
    return loss


def mean_squared_error(labels, predictions, weights=1.0):
    """The mean of squared differences."""
    return _scalar(K.square(predictions - labels), weights)


def absolute_difference(labels, predictions, weights=1.0):
    """The mean of absolute differences."""
    return _scalar(K.abs(predictions - labels), weights)


def huber_loss(labels, predictions, weights=1.0, delta=1.0):
    """Squared for small differences, linear beyond `delta`."""
    error = K.abs(predictions - labels)
    near = K.minimum(error, delta)
    return _scalar(0.5 * K.square(near) + delta * (error - near), weights)


def hinge_loss(labels, logits, weights=1.0):
    """The mean of `max(1 - y * logits, 0)`, y being -1 or 1 for the labels 0 and 1."""
    return _scalar(K.relu(1.0 - (2.0 * labels - 1.0) * logits), weights)


def log_loss(labels, predictions, weights=1.0, epsilon=1e-7):
    """The crossentropy of probabilities."""
    losses = -labels * K.log(predictions + epsilon) - (1 - labels) * K.log(
        1 - predictions + epsilon
    )
    return _scalar(losses, weights)


def sigmoid_cross_entropy(multi_class_labels, logits, weights=1.0, label_smoothing=0):
    """The crossentropy of `sigmoid(logits)`."""
    labels = multi_class_labels
    if label_smoothing:
        labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
    return _scalar(nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits), weights)


def softmax_cross_entropy(onehot_labels, logits, weights=1.0, label_smoothing=0):
    """The crossentropy of `softmax(logits)`."""
    labels = onehot_labels
    if label_smoothing:
        labels = labels * (1 - label_smoothing) + label_smoothing / K.int_shape(logits)[-1]
    return _scalar(nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits), weights)


def sparse_softmax_cross_entropy(labels, logits, weights=1.0):
    """The crossentropy of `softmax(logits)` and numbers of classes."""
    return _scalar(
        nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits), weights
    )


def get_losses(scope=None):
    """Returns the losses that were made."""
    return ops.get_collection(ops.GraphKeys.LOSSES, scope)


def get_regularization_losses(scope=None):
    """Returns the losses of the regularizers of `get_variable`."""
    return ops.get_collection(ops.GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope=None):
    """Returns the sum of `get_regularization_losses()`."""
    return sum(get_regularization_losses(scope), 0.0)


def get_total_loss(add_regularization_losses=True):
    """Returns the sum of all losses."""
    return sum(get_losses(), get_regularization_loss() if add_regularization_losses else 0.0)
