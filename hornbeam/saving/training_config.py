"""How a model is trained, as a config and back: what `compile` was given."""

import warnings

from hornbeam import losses, metrics, optimizers
from hornbeam.registry import CustomObjectScope, get_registered_name
from hornbeam.saving.errors import ModelFileError


def training_config(model):
    """Returns what `compile` was given, as a dict for JSON; None for a model not compiled."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    if isinstance(optimizer, optimizers.TFOptimizer):
        warnings.warn(
            "The settings of an optimizer that another library made are not known, so it is not "
            "saved. You will have to compile the model again after loading it.",
            stacklevel=4,
        )
        return None
    return {
        "optimizer_config": {
            "class_name": get_registered_name(type(optimizer)),
            "config": optimizer.get_config(),
        },
        "loss": model.loss,
        "metrics": model._compile_metrics,
        "weighted_metrics": model._compile_weighted_metrics,
        "sample_weight_mode": model.sample_weight_mode,
        "loss_weights": model.loss_weights,
    }


def compile_from_config(model, training, custom_objects=None):
    """Compiles a model as `training_config` says; returns whether it did.

    Args:
        model: `Model`.
        training: What `training_config` returned. None, or one without an optimizer, leaves the
            model as it is, with a warning.
        custom_objects: Dict from name to class or function.

    Raises:
        ModelFileError: if it is no training configuration.
        ValueError: for an optimizer, loss or metric that is unknown here.
    """
    if training is None:
        warnings.warn(
            "No training configuration found in save file: the model was *not* compiled. "
            "Compile it manually.",
            stacklevel=4,
        )
        return False
    if isinstance(training, dict) and training.get("optimizer_config") is None:
        # Keras 3 writes such files: saving as .h5 takes the optimizer from what it saves next.
        warnings.warn(
            "The training configuration in the save file names no optimizer: the model was *not* "
            "compiled. Compile it manually.",
            stacklevel=4,
        )
        return False
    if not isinstance(training, dict) or not isinstance(training.get("optimizer_config"), dict):
        raise ModelFileError("The training configuration lacks the optimizer's config.")
    loss = training.get("loss") or None
    if loss is None and not model.losses:
        warnings.warn(
            "The model was trained on losses that were added to it and that its file does not "
            "hold, so it was *not* compiled. Add them again with model.add_loss, then compile it.",
            stacklevel=4,
        )
        return False
    with CustomObjectScope(custom_objects or {}):
        model.compile(
            optimizer=optimizers.deserialize(training["optimizer_config"], custom_objects or {}),
            loss=_objects(loss, losses.deserialize),
            metrics=_objects(training.get("metrics"), metrics.deserialize),
            weighted_metrics=_objects(training.get("weighted_metrics"), metrics.deserialize),
            loss_weights=training.get("loss_weights"),
            sample_weight_mode=training.get("sample_weight_mode"),
        )
    return True


def _objects(config, deserialize):
    """Makes objects of the configs in nested lists and dicts; names are left to `compile`."""
    if isinstance(config, dict):
        if set(config) >= {"class_name", "config"}:
            return deserialize(config)
        return {name: _objects(entry, deserialize) for name, entry in config.items()}
    if isinstance(config, list):
        return [_objects(entry, deserialize) for entry in config]
    return config
