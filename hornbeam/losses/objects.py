"""Loss objects, which weight and reduce, and how a loss is found by name."""

import inspect

from hornbeam import backend as K
from hornbeam.backend import running
from hornbeam.backend.tensors import Operand
from hornbeam.losses import functions
from hornbeam.losses.functions import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    cosine_similarity,
    hinge,
    huber_loss,
    kullback_leibler_divergence,
    logcosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from hornbeam.losses.reduction import Reduction, as_arrays, as_tensors, compute_weighted_loss
from hornbeam.registry import (
    deserialize_keras_object,
    serialize_keras_object,
)


class Loss:
    """Base class: `call` computes the loss of each sample, the rest is done here.

    Args:
        reduction: One of `Reduction`; `'sum_over_batch_size'` is the mean over all samples.
        name: String or None.

    Raises:
        ValueError: for an unknown reduction.

    Example:
        >>> class Cubic(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return K.mean(K.abs(y_true - y_pred) ** 3, axis=-1)
    """

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name=None):
        Reduction.validate(reduction)
        self.reduction = reduction
        self.name = name

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the weighted and reduced loss.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: None, a scalar, or a tensor that broadcasts to the losses; `(batch,)`
                is one weight for each sample.

        Raises:
            ValueError: for shapes that do not go together.
        """
        eager = running.eager()
        if running.program() is None and eager is not None and _is_own(self):
            arguments = as_arrays(y_true, y_pred, sample_weight)
            if not eager.has_graph(arguments):
                return eager.unit(self, Loss.__call__, arguments, {})
        losses = self.call(y_true, y_pred)
        return compute_weighted_loss(losses, sample_weight, reduction=self.reduction)

    def call(self, y_true, y_pred):
        """Returns the loss of each sample; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} does not define call(y_true, y_pred).")

    @classmethod
    def from_config(cls, config):
        """Makes a loss from what `get_config` returned."""
        return cls(**config)

    def get_config(self):
        """Returns the constructor's arguments as a dict."""
        return {"reduction": self.reduction, "name": self.name}


def _is_own(loss):
    """Whether all that a loss does is written here, so that it may be one instruction."""
    functions_ = [type(loss).call, getattr(loss, "fn", None)]
    return all(
        function is None or function.__module__.startswith("hornbeam.") for function in functions_
    )


class LossFunctionWrapper(Loss):
    """Makes a loss object of a loss function.

    Targets or predictions that lack the last axis of the others, of size 1, are given it, as in
    tf.keras: without that, `(batch,)` and `(batch, 1)` would broadcast to `(batch, batch)`.

    Args:
        fn: Function `fn(y_true, y_pred, **kwargs)`, or the name of a loss function.
        reduction: One of `Reduction`.
        name: String or None.
        **kwargs: Further arguments of `fn`.
    """

    def __init__(self, fn, reduction=Reduction.SUM_OVER_BATCH_SIZE, name=None, **kwargs):
        super().__init__(reduction=reduction, name=name)
        self.fn = get(fn) if isinstance(fn, str) else fn
        self._fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        """Returns the loss of each sample."""
        return self.fn(*_of_one_rank(*as_tensors(y_true, y_pred)), **self._fn_kwargs)

    def get_config(self):
        config = {
            key: K.eval(value).item() if isinstance(value, Operand) else value
            for key, value in self._fn_kwargs.items()
        }
        if type(self) is LossFunctionWrapper:
            config["fn"] = serialize_keras_object(self.fn)
        return super().get_config() | config


def _of_one_rank(y_true, y_pred):
    if not hasattr(y_true, "shape") or not hasattr(y_pred, "shape"):
        return y_true, y_pred
    more = len(y_pred.shape) - len(y_true.shape)
    if more == 1 and y_pred.shape[-1] == 1:
        if len(y_true.shape) == 1:  # a loss for each sample, not one for all
            return K.expand_dims(y_true, -1), y_pred
        return y_true, K.squeeze(y_pred, -1)
    if more == -1 and y_true.shape[-1] == 1:
        if len(y_pred.shape) == 1:
            return y_true, K.expand_dims(y_pred, -1)
        return K.squeeze(y_true, -1), y_pred
    return y_true, y_pred


class MeanSquaredError(LossFunctionWrapper):
    """The object form of `mean_squared_error`."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="mean_squared_error"):
        super().__init__(mean_squared_error, reduction, name)


class MeanAbsoluteError(LossFunctionWrapper):
    """The object form of `mean_absolute_error`."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="mean_absolute_error"):
        super().__init__(mean_absolute_error, reduction, name)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """The object form of `mean_absolute_percentage_error`."""

    def __init__(
        self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="mean_absolute_percentage_error"
    ):
        super().__init__(mean_absolute_percentage_error, reduction, name)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """The object form of `mean_squared_logarithmic_error`."""

    def __init__(
        self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="mean_squared_logarithmic_error"
    ):
        super().__init__(mean_squared_logarithmic_error, reduction, name)


class BinaryCrossentropy(LossFunctionWrapper):
    """The object form of `binary_crossentropy`, which says what the arguments mean."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0,
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
        name="binary_crossentropy",
    ):
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits = from_logits


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """The object form of `binary_focal_crossentropy`, which says what the arguments mean."""

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
        name="binary_focal_crossentropy",
    ):
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """The object form of `categorical_focal_crossentropy`, which says what the arguments mean."""

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
        name="categorical_focal_crossentropy",
    ):
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalCrossentropy(LossFunctionWrapper):
    """The object form of `categorical_crossentropy`, which says what the arguments mean."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0,
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
        name="categorical_crossentropy",
    ):
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """The object form of `sparse_categorical_crossentropy`."""

    def __init__(
        self,
        from_logits=False,
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
        name="sparse_categorical_crossentropy",
    ):
        super().__init__(sparse_categorical_crossentropy, reduction, name, from_logits=from_logits)


class Hinge(LossFunctionWrapper):
    """The object form of `hinge`."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="hinge"):
        super().__init__(hinge, reduction, name)


class SquaredHinge(LossFunctionWrapper):
    """The object form of `squared_hinge`."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="squared_hinge"):
        super().__init__(squared_hinge, reduction, name)


class CategoricalHinge(LossFunctionWrapper):
    """The object form of `categorical_hinge`."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="categorical_hinge"):
        super().__init__(categorical_hinge, reduction, name)


class Poisson(LossFunctionWrapper):
    """The object form of `poisson`."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="poisson"):
        super().__init__(poisson, reduction, name)


class LogCosh(LossFunctionWrapper):
    """The object form of `logcosh`."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="logcosh"):
        super().__init__(logcosh, reduction, name)


class KLDivergence(LossFunctionWrapper):
    """The object form of `kullback_leibler_divergence`."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="kullback_leibler_divergence"):
        super().__init__(kullback_leibler_divergence, reduction, name)


class Huber(LossFunctionWrapper):
    """The object form of `huber_loss`, which says what `delta` means."""

    def __init__(self, delta=1.0, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="huber_loss"):
        super().__init__(huber_loss, reduction, name, delta=delta)


class CosineSimilarity(LossFunctionWrapper):
    """The object form of `cosine_similarity`, as in tf.keras."""

    def __init__(self, axis=-1, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="cosine_similarity"):
        super().__init__(cosine_similarity, reduction, name, axis=axis)


# ---- names and configs

_CLASSES = (LossFunctionWrapper, *LossFunctionWrapper.__subclasses__())
_BY_NAME = functions.BY_NAME | {cls.__name__: cls for cls in _CLASSES}


def is_categorical_crossentropy(loss):
    """Whether a loss, given as an object, a function or a name, is the categorical crossentropy."""
    return (
        isinstance(loss, CategoricalCrossentropy)
        or (isinstance(loss, LossFunctionWrapper) and loss.fn is categorical_crossentropy)
        or getattr(loss, "__name__", None) == "categorical_crossentropy"
        or (isinstance(loss, str) and loss == "categorical_crossentropy")
    )


def serialize(loss):
    """Returns the config of a loss object; of a function, its name."""
    return serialize_keras_object(loss)


def deserialize(name, custom_objects=None):
    """Finds the loss function of a name, or makes the loss object of a config.

    Args:
        name: String, or dict with `class_name` and `config`.
        custom_objects: Dict from name to class or function.

    Raises:
        ValueError: for an unknown name; the message lists the nearest right ones.
    """
    return deserialize_keras_object(name, _BY_NAME, custom_objects, "loss function")


def get(identifier):
    """Returns the loss that `identifier` stands for.

    Args:
        identifier: None, which stays None; a function of `(y_true, y_pred)`; a loss object or a
            class of them; the name of a function or class; or a config.

    Raises:
        ValueError: for anything else, or an unknown name; the message lists the nearest right ones.
    """
    if identifier is None:
        return None
    if isinstance(identifier, (str, dict)):
        identifier = deserialize(identifier)
    if inspect.isclass(identifier) and issubclass(identifier, Loss):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(
        f"Could not interpret loss function identifier: {identifier!r}. Expected a name such as "
        "'mse', a loss object such as MeanSquaredError(), or a function of (y_true, y_pred)."
    )
