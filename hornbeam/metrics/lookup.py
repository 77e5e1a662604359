"""From what a user writes to metrics, and back."""

import inspect

import jax.numpy as jnp

from hornbeam import losses
from hornbeam.metrics import accuracies, auc, confusion, iou, keras1, scores
from hornbeam.metrics import losses as loss_metrics
from hornbeam.metrics.base import Mean, MeanMetricWrapper, Metric, Reduce, Sum
from hornbeam.registry import deserialize_keras_object, serialize_keras_object
from hornbeam.renames import takes_old_names

_FUNCTIONS = {
    "ACC": accuracies.accuracy,
    "acc": accuracies.accuracy,
    "accuracy": accuracies.accuracy,
    "binary_accuracy": accuracies.binary_accuracy,
    "categorical_accuracy": accuracies.categorical_accuracy,
    "sparse_categorical_accuracy": accuracies.sparse_categorical_accuracy,
    "sparse_top_k_categorical_accuracy": accuracies.sparse_top_k_categorical_accuracy,
    "top_k_categorical_accuracy": accuracies.top_k_categorical_accuracy,
    "cosine": loss_metrics.cosine_proximity,
    "cosine_proximity": loss_metrics.cosine_proximity,
    "cosine_similarity": loss_metrics.cosine_proximity,
    "binary_crossentropy": losses.binary_crossentropy,
    "binary_focal_crossentropy": losses.binary_focal_crossentropy,
    "categorical_crossentropy": losses.categorical_crossentropy,
    "categorical_focal_crossentropy": losses.categorical_focal_crossentropy,
    "categorical_hinge": losses.categorical_hinge,
    "f1score": keras1.fmeasure,
    "fbeta_score": keras1.fbeta_score,
    "fmeasure": keras1.fmeasure,
    "fscore": keras1.fmeasure,
    "hinge": losses.hinge,
    "kld": losses.kullback_leibler_divergence,
    "KLD": losses.kullback_leibler_divergence,
    "kl_divergence": losses.kullback_leibler_divergence,
    "kullback_leibler_divergence": losses.kullback_leibler_divergence,
    "logcosh": losses.logcosh,
    "mae": losses.mean_absolute_error,
    "MAE": losses.mean_absolute_error,
    "mape": losses.mean_absolute_percentage_error,
    "MAPE": losses.mean_absolute_percentage_error,
    "mean_absolute_error": losses.mean_absolute_error,
    "mean_absolute_percentage_error": losses.mean_absolute_percentage_error,
    "mean_squared_error": losses.mean_squared_error,
    "mean_squared_logarithmic_error": losses.mean_squared_logarithmic_error,
    "matthews_correlation": keras1.matthews_correlation,
    "mse": losses.mean_squared_error,
    "MSE": losses.mean_squared_error,
    "msle": losses.mean_squared_logarithmic_error,
    "MSLE": losses.mean_squared_logarithmic_error,
    "poisson": losses.poisson,
    "precision": keras1.precision,
    "recall": keras1.recall,
    "sparse_categorical_crossentropy": losses.sparse_categorical_crossentropy,
    "squared_hinge": losses.squared_hinge,
}
_CLASSES = {
    kind.__name__: kind
    for module in (accuracies, auc, confusion, iou, loss_metrics, scores)
    for kind in vars(module).values()
    if inspect.isclass(kind) and issubclass(kind, Metric) and not kind.__name__.startswith("_")
} | {kind.__name__: kind for kind in (Mean, MeanMetricWrapper, Metric, Reduce, Sum)}
_BY_NAME = _FUNCTIONS | _CLASSES

# What 'accuracy' and 'crossentropy' may mean, by the loss.
_CHOICES = {
    "accuracy": {
        "binary": accuracies.binary_accuracy,
        "sparse": accuracies.sparse_categorical_accuracy,
        "categorical": accuracies.categorical_accuracy,
    },
    "crossentropy": {
        "binary": losses.binary_crossentropy,
        "sparse": losses.sparse_categorical_crossentropy,
        "categorical": losses.categorical_crossentropy,
    },
}
_CHOICES["acc"] = _CHOICES["accuracy"]
_CHOICES["ce"] = _CHOICES["crossentropy"]


def serialize(metric):
    """Returns the name of a function, or `{"class_name": ..., "config": ...}` of a metric."""
    return serialize_keras_object(metric)


@takes_old_names(name="config")
def deserialize(config, custom_objects=None):
    """Returns the metric or function that `serialize` was given.

    Args:
        config: Name, or dict with `class_name` and `config`.
        custom_objects: Dict from name to class or function, for those of the user's own.

    Raises:
        ValueError: for an unknown name; the nearest right ones are listed.
    """
    return deserialize_keras_object(config, _BY_NAME, custom_objects, "metric function")


def get(identifier):
    """Returns the metric or metric function that `identifier` stands for.

    Args:
        identifier: Name of a function; name of a class, for a metric with default settings; a
            config; or a metric or function, which is returned.

    Raises:
        ValueError: for anything else, or an unknown name.
    """
    if isinstance(identifier, (str, dict)):
        found = deserialize(identifier)
        is_class = inspect.isclass(found) and issubclass(found, Metric)
        return found() if is_class else found
    if callable(identifier):
        return identifier
    raise ValueError(
        f"Could not interpret metric function identifier: {identifier!r}. Expected a name such as "
        "'accuracy', a function of (y_true, y_pred), a Metric or its config."
    )


def clone_metric(metric):
    """Returns a new metric with the same settings; a function is returned as it is."""
    return type(metric).from_config(metric.get_config()) if isinstance(metric, Metric) else metric


def clone_metrics(metrics):
    """Returns clones of a list or a dict of metrics; None for None."""
    if metrics is None:
        return None
    if isinstance(metrics, dict):
        return {key: clone_metric(metric) for key, metric in metrics.items()}
    return [clone_metric(metric) for metric in metrics]


def resolve(identifier, output_shape=None, target_shape=None, loss=None):
    """Returns the `Metric` for what a user wrote in `compile(metrics=[...])`.

    Args:
        identifier: Name, function, `Metric`, class of metrics, or config. `'accuracy'` and
            `'crossentropy'` (`'acc'`, `'ce'`) are chosen by the loss and the shapes.
        output_shape: Shape of the output, None for unknown dimensions.
        target_shape: Shape of its targets, or None.
        loss: The output's loss: name, function or `Loss`; None if it has none.

    Returns:
        A `Metric`. Its name, which is the key in the logs, is the name as the user wrote it, the
        function's, or the metric's own.

    Raises:
        ValueError: for an unknown name, or something that is no metric.
    """
    if isinstance(identifier, str) and identifier in _CHOICES:
        found = _CHOICES[identifier][_kind_of_targets(output_shape, target_shape, loss)]
    elif inspect.isclass(identifier) and issubclass(identifier, Metric):
        found = identifier()
    else:
        found = get(identifier)
    if isinstance(found, Metric):
        return found
    name = identifier if isinstance(identifier, str) else name_of(found)
    if getattr(found, "stateful", False) and hasattr(found, "reset_states"):
        return _StatefulFunction(found, name)
    return MeanMetricWrapper(found, name=name)


def name_of(function):
    """Returns the name under which a metric function appears in the logs."""
    for candidate in (function, getattr(function, "func", None), type(function)):
        for attribute in ("name", "__name__"):
            if isinstance(getattr(candidate, attribute, None), str):
                return getattr(candidate, attribute)
    return "metric"


def _kind_of_targets(output_shape, target_shape, loss):
    """`'binary'`, `'sparse'` or `'categorical'`, as Keras 2.3.1 decides it."""
    loss = losses.get(loss) if isinstance(loss, (str, dict)) else loss
    function = getattr(loss, "fn", loss)
    output_size = output_shape[-1] if output_shape else None
    if output_size == 1 or function is losses.binary_crossentropy:
        return "binary"
    if function is losses.sparse_categorical_crossentropy:
        return "sparse"
    return "sparse" if target_shape and target_shape[-1] == 1 and output_size else "categorical"


class _StatefulFunction(Metric):
    """A stateful metric as Keras 2.1 and 2.2 had them: an object that is called on each batch.

    The object keeps its own state, and what it returned last is the value.
    """

    def __init__(self, function, name):
        super().__init__(name=name)
        self.function = function
        self.value = self.add_weight("value")

    @property
    def weights(self):
        return [self.value, *getattr(self.function, "weights", ())]

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Calls the object; weights are not known to it."""
        value = self.function(jnp.asarray(y_true, self.dtype), jnp.asarray(y_pred, self.dtype))
        return self.value.assign(jnp.mean(value))

    def result(self):
        return self.value

    def reset_states(self):
        self.value.set_value(0)
        self.function.reset_states()

    def get_config(self):
        return {"function": self.function, "name": self.name}
