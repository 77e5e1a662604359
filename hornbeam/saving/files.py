"""Whole models in HDF5: structure, weights, how they are trained, and how far."""

import json
import warnings

import numpy as np

from hornbeam import losses, metrics, optimizers
from hornbeam.registry import CustomObjectScope, get_registered_name
from hornbeam.saving import hdf5, weights
from hornbeam.saving.atomic import may_write
from hornbeam.saving.errors import ModelFileError
from hornbeam.saving.text import model_config, model_from_config, plain


def save_model(model, filepath, overwrite=True, include_optimizer=True):
    """Saves a model to one HDF5 file in Keras 2's layout.

    Args:
        model: `Model`.
        filepath: Path, binary file object, or `h5py.Group`.
        overwrite: Bool; False asks before an existing file is replaced.
        include_optimizer: Bool; whether the arguments of `compile` and the optimizer's state go in,
            so that training can go on.

    A file that exists is replaced only when the new one is complete.
    """
    if not may_write(filepath, overwrite):
        return
    structure = json.dumps(model_config(model, with_versions=False), default=plain)
    training = _training_config(model) if include_optimizer else None
    with hdf5.writing(filepath) as file:
        hdf5.write_text(file, "keras_version", weights.KERAS_VERSION)
        hdf5.write_text(file, "backend", weights.BACKEND)
        hdf5.write_text(file, "model_config", structure)
        weights.write_layers(hdf5.new_group(file, "model_weights"), model.layers)
        if training is not None:
            hdf5.write_text(file, "training_config", training)
            _write_optimizer(file, model.optimizer)


def load_model(filepath, custom_objects=None, compile=True):
    """Makes the model that `save_model`, or Keras, saved.

    Args:
        filepath: Path, binary file object, or `h5py.Group`.
        custom_objects: Dict from name to class or function, for objects of the user's own.
        compile: Bool; whether the model is compiled as it was, with its optimizer's state.

    Returns:
        A `Model` or `Sequential`. If it is to be compiled and the file does not say how, a warning
        says so.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if the file is damaged, or holds no model.
        ValueError: for a class or function that is unknown here.
    """
    with hdf5.reading(filepath) as file:
        config = _read_json(file, "model_config")
        if config is None:
            raise ModelFileError(
                "No model found in config file. It holds weights alone, perhaps: make the model, "
                "then call `model.load_weights(filepath)`."
                if "layer_names" in file.attrs
                else "No model found in config file: it lacks the attribute 'model_config'."
            )
        version = hdf5.read_text(file, "keras_version") or ""
        if version.startswith("1"):
            raise ModelFileError(
                f"The file was written by Keras {version}, whose layers had other arguments. Save "
                "it again from Keras 2."
            )
        model = model_from_config(config, custom_objects)
        saved = hdf5.child_group(file, "model_weights")
        if hdf5.read_names(saved, "layer_names"):
            weights.read_layers(saved, model)
        if compile:
            _compile(model, file, custom_objects or {})
    return model


def _read_json(file, name):
    text = hdf5.read_text(file, name)
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"The attribute {name!r} is not JSON: {error}") from error


# ---- training


def _training_config(model):
    """What `compile` was given, as JSON; None for a model that is not compiled."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    if isinstance(optimizer, optimizers.TFOptimizer):
        warnings.warn(
            "The settings of an optimizer that another library made are not known, so it is not "
            "saved. You will have to compile the model again after loading it.",
            stacklevel=3,
        )
        return None
    return json.dumps(
        {
            "optimizer_config": {
                "class_name": get_registered_name(type(optimizer)),
                "config": optimizer.get_config(),
            },
            "loss": model.loss,
            "metrics": model._compile_metrics,
            "weighted_metrics": model._compile_weighted_metrics,
            "sample_weight_mode": model.sample_weight_mode,
            "loss_weights": model.loss_weights,
        },
        default=plain,
    )


def _compile(model, file, custom_objects):
    training = _read_json(file, "training_config")
    if training is None:
        warnings.warn(
            "No training configuration found in save file: the model was *not* compiled. "
            "Compile it manually.",
            stacklevel=3,
        )
        return
    if not isinstance(training, dict) or not isinstance(training.get("optimizer_config"), dict):
        raise ModelFileError("The attribute 'training_config' lacks the optimizer's config.")
    with CustomObjectScope(custom_objects):
        model.compile(
            optimizer=optimizers.deserialize(training["optimizer_config"], custom_objects),
            loss=_objects(training.get("loss"), losses.deserialize),
            metrics=_objects(training.get("metrics"), metrics.deserialize),
            weighted_metrics=_objects(training.get("weighted_metrics"), metrics.deserialize),
            loss_weights=training.get("loss_weights"),
            sample_weight_mode=training.get("sample_weight_mode"),
        )
        if "optimizer_weights" in file:
            _read_optimizer(model, hdf5.child_group(file, "optimizer_weights"))


def _objects(config, deserialize):
    """Makes objects of the configs in nested lists and dicts; names are left to `compile`."""
    if isinstance(config, dict):
        if set(config) >= {"class_name", "config"}:
            return deserialize(config)
        return {name: _objects(entry, deserialize) for name, entry in config.items()}
    if isinstance(config, list):
        return [_objects(entry, deserialize) for entry in config]
    return config


def _write_optimizer(file, optimizer):
    variables = optimizer.weights
    if not variables:
        return
    names, values = [], []
    for variable in variables:
        names.append(_keras_name(optimizer, variable))
        value = variable.get_value()
        if variable is getattr(optimizer, "iterations", None):
            value = value.astype("int64")  # as in every Keras file
        values.append(value)
    group = hdf5.new_group(file, "optimizer_weights")
    weights.write_variables(group, weights.unique_names(names), values)


def _keras_name(optimizer, variable):
    """`Adam/m_0:0` -> `training/Adam/m_0_1:0`, as Keras on TensorFlow names a slot."""
    own = getattr(optimizer, "own_weights", list)()
    prefix = f"{getattr(optimizer, 'name', None)}/"
    if any(variable is weight for weight in own) or not variable.name.startswith(prefix):
        return variable.name
    return f"training/{variable.name.removesuffix(':0')}_1:0"


def _read_optimizer(model, group):
    """Gives the optimizer the state it had; a state that does not fit is left out, with a warning.

    Shapes are compared before the numbers are read.
    """
    optimizer = model.optimizer
    saved = [hdf5.child_array(group, name) for name in hdf5.read_names(group, "weight_names")]
    model._make_train_function()  # makes the variables of the state
    largest = max((int(np.prod(w.shape, dtype=np.int64)) for w in optimizer.weights), default=0)
    try:
        if any(dataset.size > largest for dataset in saved):
            raise ValueError("an array is larger than any of the optimizer's")
        optimizer.set_weights([hdf5.read_array(dataset) for dataset in saved])
    except ValueError as error:
        warnings.warn(
            "Error in loading the saved optimizer state. As a result, your model is starting with "
            f"a freshly initialized optimizer. ({error})",
            stacklevel=4,
        )
