"""Compile configurations of Keras 3 and late tf.keras, translated to those of Keras 2."""

from hornbeam import optimizers
from hornbeam.backend.config import conventions
from hornbeam.optimizers import schedules
from hornbeam.registry import get_registered_object
from hornbeam.saving import keras3_names as names
from hornbeam.saving.errors import ModelFileError
from hornbeam.saving.keras3_config import Translation


def training_to_keras2(training, custom_objects=None):
    """Returns a compile configuration as Keras 2 would have written it.

    Args:
        training: Dict: `compile_config` of a `.keras` file, or `training_config` of an HDF5 file.
        custom_objects: Dict from name to class or function.

    Raises:
        ValueError: for an optimizer's setting that hornbeam has nothing like.
    """
    if not isinstance(training, dict):
        return training
    optimizer = training.get("optimizer_config", training.get("optimizer"))
    kept = {
        name: training[name]
        for name in ("loss", "metrics", "weighted_metrics", "loss_weights", "sample_weight_mode")
        if name in training
    }
    translation = Translation(False, custom_objects)
    result = {name: translation.value(value) for name, value in kept.items()}
    if isinstance(optimizer, str):
        optimizer = {"class_name": optimizer, "config": {}}
    if isinstance(optimizer, dict):
        result["optimizer_config"] = _optimizer(optimizer, custom_objects)
    return result


def _optimizer(entry, custom_objects):
    kind, config = entry.get("class_name"), entry.get("config")
    if not isinstance(kind, str) or not isinstance(config, dict):
        raise ModelFileError("The training configuration lacks the optimizer's config.")
    registered = entry.get("registered_name")
    if isinstance(registered, str) and get_registered_object(registered, custom_objects):
        return {"class_name": registered, "config": config}
    if get_registered_object(kind, custom_objects) is not None:
        return {"class_name": kind, "config": config}
    kind = kind.removeprefix("Custom>")
    if kind in ("LossScaleOptimizer", "LossScaleOptimizerV3"):
        kept = ("dynamic", "initial_scale", "dynamic_growth_steps", "loss_scale")
        result = {name: config[name] for name in kept if name in config}
        inner = config.get("inner_optimizer", config.get("optimizer"))
        inner = inner if isinstance(inner, dict) else {}
        result["inner_optimizer"] = _optimizer(inner, custom_objects)
        return {"class_name": "LossScaleOptimizer", "config": result}
    if kind.lower() not in {name.lower() for name in optimizers.__all__}:
        return {"class_name": kind, "config": config}  # unknown: who makes it says so
    result = dict(config)
    if isinstance(result.get("learning_rate"), dict):
        result.update(_decayed(kind, result["learning_rate"], custom_objects))
    late = "use_ema" in config  # the optimizers of tf.keras 2.11 and later, and of Keras 3
    if late:
        each = result.pop("clipnorm", None)
        if each is not None and conventions() == "tf.keras":
            result["clipnorm"] = each
        elif each is not None:
            raise ValueError(
                f"The optimizer {kind} was saved with clipnorm={each}, which clips each gradient "
                "by itself; hornbeam's clipnorm, like Keras 2.3.1's, clips all together. Load the "
                "model with compile=False and compile it as you want it."
            )
        if kind == "Nadam":
            result.setdefault("schedule_decay", 1.0)  # what it is in the formula of later versions
        together = result.pop("global_clipnorm", None)
        if together is not None:
            of_all = "global_clipnorm" if conventions() == "tf.keras" else "clipnorm"
            result[of_all] = together
    for name, value in list(result.items()):
        wanted = name == "momentum" and kind == "SGD"
        if name in names.OPTIMIZER_NEUTRAL and not wanted:
            if names.is_neutral(names.OPTIMIZER_NEUTRAL, name, value):
                del result[name]
            elif name not in ("clipnorm", "clipvalue", "name"):
                raise ValueError(
                    f"The optimizer {kind} was saved with {name}={value!r}, which hornbeam's {kind}"
                    " does not have. Load the model with compile=False, then compile it."
                )
    return {"class_name": kind, "config": result}


def _decayed(kind, schedule, custom_objects):
    """The learning rate, and the `decay` of a schedule that is what Keras 2's `decay` is."""
    name, config = schedule.get("class_name"), schedule.get("config")
    config = config if isinstance(config, dict) else {}
    steps, rate = config.get("decay_steps"), config.get("decay_rate")
    numbers = all(isinstance(value, (int, float)) for value in (steps, rate))
    if name == "InverseTimeDecay" and numbers and steps > 0 and not config.get("staircase"):
        if kind != "Nadam":  # which has no decay
            return {"learning_rate": config.get("initial_learning_rate"), "decay": rate / steps}
    known = name in schedules.__all__ and config
    if known or get_registered_object(name, custom_objects) is not None:
        return {"learning_rate": {"class_name": name, "config": config}}
    raise ValueError(
        f"The optimizer {kind} was saved with the learning rate schedule {name!r}, which hornbeam "
        "does not have. Load the model with compile=False, compile it, and give `fit` a "
        "LearningRateScheduler."
    )
