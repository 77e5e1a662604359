"""From names and configs to optimizers, and back."""

from hornbeam.optimizers.adagrad import Adadelta, Adagrad
from hornbeam.optimizers.adam import Adam, Adamax, Nadam
from hornbeam.optimizers.adapter import TFOptimizer, is_transformation
from hornbeam.optimizers.base import Optimizer
from hornbeam.optimizers.loss_scale import LossScaleOptimizer
from hornbeam.optimizers.rmsprop import RMSprop
from hornbeam.optimizers.sgd import SGD
from hornbeam.registry import (
    deserialize_keras_object,
    get_registered_object,
    serialize_keras_object,
)

_CLASSES = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamax": Adamax,
    "nadam": Nadam,
    "tfoptimizer": TFOptimizer,
    "lossscaleoptimizer": LossScaleOptimizer,
    "lossscaleoptimizerv3": LossScaleOptimizer,
}


def serialize(optimizer):
    """Returns `{"class_name": ..., "config": ...}` of an optimizer."""
    return serialize_keras_object(optimizer)


def deserialize(config, custom_objects=None):
    """Makes an optimizer from what `serialize` returned.

    Args:
        config: Dict with `class_name` (of a built-in optimizer in any case) and `config`.
        custom_objects: Dict from name to class, for classes of the user's own.

    Raises:
        ValueError: for an unknown name; the nearest right ones are listed.
    """
    name = config.get("class_name")
    if isinstance(name, str) and name.lower() in _CLASSES:
        if get_registered_object(name, custom_objects) is None:
            config = {"class_name": name.lower(), "config": config.get("config", {})}
    return deserialize_keras_object(config, _CLASSES, custom_objects, "optimizer")


def optimizer_from_config(config, custom_objects=None):
    """Keras 1's name of `deserialize`."""
    return deserialize(config, custom_objects)


def get(identifier):
    """Returns the optimizer that `identifier` stands for.

    Args:
        identifier: An optimizer; a name, in any case, for one with default settings; a config; or
            an optax transformation.

    Raises:
        ValueError: for anything else, or an unknown name.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}})
    if is_transformation(identifier):
        return TFOptimizer(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        raise ValueError(
            f"Could not interpret optimizer identifier: {identifier!r} is a class. "
            f"Pass an instance: {identifier.__name__}()."
        )
    raise ValueError(
        f"Could not interpret optimizer identifier: {identifier!r}. Expected an Optimizer, a name "
        f"such as 'adam', a config, or an optax transformation."
    )
