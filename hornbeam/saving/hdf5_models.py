"""Whole models in HDF5, in Keras 2's layout: structure, weights, how they are trained, how far."""

import json
import warnings

import numpy as np

from hornbeam.engine.weights import values_to_come
from hornbeam.optimizers.loss_scale import stepping
from hornbeam.saving import (
    hdf5,
    keras3_optimizers,
    keras3_training,
    keras3_weights,
    limits,
    optimizer_states,
    weights,
)
from hornbeam.saving.errors import ModelFileError
from hornbeam.saving.text import model_config, model_from_config, plain
from hornbeam.saving.training_config import compile_from_config, training_config


def save(model, target, include_optimizer=True):
    """Writes a model; `target` is what `hdf5.writing` takes."""
    structure = json.dumps(model_config(model, with_versions=False), default=plain)
    training = training_config(model) if include_optimizer else None
    if training is not None:
        training = json.dumps(training, default=plain)
    with hdf5.writing(target) as file:
        hdf5.write_text(file, "keras_version", weights.KERAS_VERSION)
        hdf5.write_text(file, "backend", weights.BACKEND)
        hdf5.write_text(file, "model_config", structure)
        weights.write_layers(hdf5.new_group(file, "model_weights"), model.layers)
        if training is not None:
            hdf5.write_text(file, "training_config", training)
            _write_optimizer(file, model.optimizer)


def load(file, custom_objects=None, compile=True):
    """Makes a model of an open group; arguments and errors are those of `load_model`."""
    config = _read_json(file, "model_config")
    if config is None:
        raise ModelFileError(
            "No model found in config file. It holds weights alone, perhaps: make the model, "
            "then call `model.load_weights(filepath)`."
            if "layer_names" in file.attrs
            else "No model found in config file: it lacks the attribute 'model_config'."
        )
    if isinstance(config, dict):
        config["keras_version"] = hdf5.read_text(file, "keras_version")
    saved = hdf5.child_group(file, "model_weights")
    # No layer is made larger than the arrays that are there to fill it.
    with limits.one_error("The file"), limits.spending(hdf5.count_numbers(saved)):
        with values_to_come():
            model = model_from_config(config, custom_objects)
        if model.weights or hdf5.read_names(saved, "layer_names"):
            weights.read_layers(saved, model)
        if compile:
            training = _read_json(file, "training_config")
            training = keras3_training.training_to_keras2(training, custom_objects)
            compiled = compile_from_config(model, training, custom_objects)
            if compiled and "optimizer_weights" in file:
                orders = keras3_weights.layer_orders(config)
                _read_optimizer(model, hdf5.child_group(file, "optimizer_weights"), saved, orders)
    return model


def _read_json(file, name):
    text = hdf5.read_text(file, name)
    return None if text is None else limits.parse_json(text, f"The attribute {name!r}")


# ---- the optimizer's state

_SCALE = "loss_scale"  # and how many steps it has had


def _write_optimizer(file, optimizer):
    scaled, optimizer = optimizer, stepping(optimizer)
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
    if scaled is not optimizer and scaled.dynamic:  # which Keras 2 forgets
        state = [variable.get_value().item() for variable in scaled.own_state]
        hdf5.write_text(group, _SCALE, json.dumps(state))


def _read_scale(optimizer, group, of_scale):
    if of_scale is not None:
        keras3_optimizers.restore_scale(optimizer, *of_scale)
        return
    state = hdf5.read_text(group, _SCALE)
    if state is not None:
        state = limits.parse_json(state, f"The attribute {_SCALE!r}")
        if not (isinstance(state, list) and len(state) == 2):
            raise ValueError(f"its loss scale is {str(state)[:100]}")
        optimizer.set_scale(*state)


def _keras_name(optimizer, variable):
    """`Adam/m_0:0` -> `training/Adam/m_0_1:0`, as Keras on TensorFlow names a slot."""
    own = getattr(optimizer, "own_weights", list)()
    prefix = f"{getattr(optimizer, 'name', None)}/"
    if any(variable is weight for weight in own) or not variable.name.startswith(prefix):
        return variable.name
    return f"training/{variable.name.removesuffix(':0')}_1:0"


def _read_optimizer(model, group, saved_weights, orders):
    """Gives the optimizer the state it had; a state that does not fit is left out, with a warning.

    Shapes are compared before the numbers are read.
    """
    optimizer = stepping(model.optimizer)
    names = hdf5.read_names(group, "weight_names")
    saved = [hdf5.child_array(group, name) for name in names]
    of_scale = None
    if any(name.endswith("/dynamic_scale") for name in names[:4]):  # Keras 3's, before the inner's
        of_scale = (saved[3], saved[2])
        names, saved = names[4:], saved[4:]
    late = bool(names) and names[0].split("/")[-1].removesuffix(":0") == "iteration"
    model.trainer.make_optimizer_weights()  # the variables of the state
    sizes = [int(np.prod(weight.shape, dtype=np.int64)) for weight in optimizer.weights]
    largest, most = max(sizes, default=0), sum(sizes) + len(saved)
    try:
        if any(dataset.size > largest for dataset in saved):
            raise ValueError("an array is larger than any of the optimizer's")
        if sum(dataset.size for dataset in saved) > most:
            raise ValueError("the arrays are larger than all of the optimizer's together")
        if late:  # tf.keras 2.11 and later, Keras 3
            keras3_optimizers.restore(model, saved, orders)
        else:
            arrays = [hdf5.read_array(dataset) for dataset in saved]
            optimizer.set_weights(optimizer_states.in_our_order(model, saved_weights, arrays))
        if optimizer is not model.optimizer:
            _read_scale(model.optimizer, group, of_scale)
        model.trainer.count_from_optimizer()
    except ModelFileError:
        raise
    except ValueError as error:
        warnings.warn(
            "Error in loading the saved optimizer state. As a result, your model is starting with "
            f"a freshly initialized optimizer. ({error})",
            stacklevel=4,
        )
