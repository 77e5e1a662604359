"""Models in `.keras` files, Keras 3's format: a zip of two JSON texts and the weights in HDF5."""

import contextlib
import datetime
import json
import os
import shutil
import tempfile
import warnings
import zipfile

from hornbeam.engine.weights import values_to_come
from hornbeam.optimizers import LossScaleOptimizer
from hornbeam.saving import (
    archives,
    hdf5,
    keras3_export,
    keras3_optimizers,
    keras3_training,
    keras3_weights,
    limits,
)
from hornbeam.saving.atomic import is_path, replacing
from hornbeam.saving.errors import ModelFileError
from hornbeam.saving.text import model_from_config
from hornbeam.saving.training_config import compile_from_config

KERAS3_VERSION = "3.15.1"  # whose format is written
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_INNER = "inner_optimizer"  # of a LossScaleOptimizer
_OPTIMIZER, _REST = "optimizer", "hornbeam"  # what Keras 3 does not keep
_SMALL = 2**20  # bytes; metadata is some hundred


def save(model, target, include_optimizer=True):
    """Writes a model; `target` is a path or a binary file object."""
    config = keras3_export.model_to_keras3(model, include_optimizer)
    metadata = {
        "keras_version": KERAS3_VERSION,
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
        "written_by": "hornbeam",
    }
    folder = os.path.dirname(os.path.realpath(os.fsdecode(target))) if is_path(target) else None
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(replacing(target)) if is_path(target) else target
        with tempfile.TemporaryFile(dir=folder) as packed:  # without a name, so that none stays
            _write_weights(packed, model, "compile_config" in config)
            packed.seek(0)
            with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(_METADATA, json.dumps(metadata))
                archive.writestr(_CONFIG, json.dumps(config))
                with archive.open(_WEIGHTS, "w", force_zip64=True) as member:
                    shutil.copyfileobj(packed, member, 2**20)


def _write_weights(file, model, with_optimizer):
    import h5py

    with h5py.File(file, "w") as group:
        keras3_weights.write(group, model)
        if with_optimizer:
            place = group.create_group(f"{_OPTIMIZER}/vars")
            hdf5.write_text(place, "name", str(getattr(model.optimizer, "name", _OPTIMIZER)))
            values, rest = keras3_optimizers.state(model)
            if isinstance(model.optimizer, LossScaleOptimizer):
                inner = group.create_group(f"{_OPTIMIZER}/{_INNER}/vars")
                for number, value in enumerate(values):
                    hdf5.write_array(inner, str(number), value)
                values = keras3_optimizers.state_of_scale(model.optimizer) + values
            for number, value in enumerate(values):
                hdf5.write_array(place, str(number), value)
            place = group.create_group(f"{_OPTIMIZER}/{_REST}")
            for number, value in rest.items():
                hdf5.write_array(place, str(number), value)


def load(source, custom_objects=None, compile=True):
    """Makes a model of a file; arguments and errors are those of `load_model`."""
    with archives.reading(source) as archive, limits.one_error("The archive"):
        saved = _read_json(archive, _CONFIG, limits.LONGEST_TEXT)
        if not isinstance(saved, dict):
            raise ModelFileError(f"{_CONFIG!r} in the archive holds no model.")
        metadata = _read_json(archive, _METADATA, _SMALL) if _METADATA in archive else None
        if isinstance(metadata, dict):
            saved["keras_version"] = metadata.get("keras_version")
        if _WEIGHTS not in archive:
            raise ModelFileError(
                f"The archive lacks {_WEIGHTS!r}; it holds {sorted(archive.sizes)[:20]}. hornbeam "
                "reads weights in HDF5 in one piece: save the model so in Keras."
            )
        with archive.file(_WEIGHTS) as file, hdf5.reading(file) as group:
            orders = keras3_weights.layer_orders(saved)
            with limits.spending(hdf5.count_numbers(group)), limits.one_error(repr(_CONFIG)):
                with values_to_come():
                    model = model_from_config(saved, custom_objects)
            if model.built:
                keras3_weights.read(group, model, orders)
            if compile:
                _compile(model, saved, group, orders, custom_objects)
    return model


def load_weights(model, source, **options):
    """Reads the weights of a file into a model; `options` are those of `keras3_weights.read`."""
    with archives.reading(source) as archive, limits.one_error("The archive"):
        orders = None
        if _CONFIG in archive:
            saved = _read_json(archive, _CONFIG, limits.LONGEST_TEXT)
            orders = keras3_weights.layer_orders(saved)
        with archive.file(_WEIGHTS) as file, hdf5.reading(file) as group:
            keras3_weights.read(group, model, orders, **options)


def _read_json(archive, name, most):
    return limits.parse_json(archive.read(name, most), f"{name!r} in the archive")


def _compile(model, saved, group, orders, custom_objects):
    training = saved.get("compile_config") or None
    if training is not None:
        training = keras3_training.training_to_keras2(training, custom_objects)
        kept = saved.get("hornbeam")
        kept = kept.get("training") if isinstance(kept, dict) else None
        if isinstance(kept, dict):
            kept = dict(kept)
            of_optimizer = kept.pop("optimizer", None)
            if isinstance(of_optimizer, dict) and "optimizer_config" in training:
                _update(training["optimizer_config"]["config"], of_optimizer)
            training.update(kept)
    inner = {}
    if _OPTIMIZER in group:
        inner = hdf5.child_group(group, _OPTIMIZER)
        inner = _arrays(hdf5.child_group(inner, _INNER), "vars") if _INNER in inner else {}
    if training is not None and "optimizer_config" in training and inner:
        # `compile` made a LossScaleOptimizer of the one that the configuration tells
        training["optimizer_config"] = _scaled(training["optimizer_config"])
    with limits.one_error("The training configuration"):
        compiled = compile_from_config(model, training, custom_objects)
    if not compiled or _OPTIMIZER not in group or not model.built:
        return
    place = hdf5.child_group(group, _OPTIMIZER)
    saved = _arrays(place, "vars")
    rest = {int(name): array for name, array in _arrays(place, _REST).items() if name.isdecimal()}
    datasets = [saved[str(number)] for number in range(len(saved)) if str(number) in saved]
    if not datasets:
        return
    model.trainer.make_optimizer_weights()  # the variables of the state
    try:
        if inner:
            own = datasets[: len(datasets) - len(inner)]
            datasets = [inner[str(number)] for number in range(len(inner)) if str(number) in inner]
        keras3_optimizers.restore(model, datasets, orders, rest=rest)
        if inner and len(own) == 4:
            keras3_optimizers.restore_scale(model.optimizer, own[3], own[2])
        model.trainer.count_from_optimizer()
    except ModelFileError:
        raise
    except ValueError as error:
        warnings.warn(
            "Error in loading the saved optimizer state. As a result, your model is starting with "
            f"a freshly initialized optimizer. ({error})",
            stacklevel=4,
        )


def _update(config, kept):
    """Puts into an optimizer's config what Keras 3 has no place for."""
    inner = kept.get(_INNER)
    if isinstance(inner, dict):
        _update(config[_INNER]["config"], inner)
    config.update({name: value for name, value in kept.items() if name != _INNER})


def _scaled(config):
    if config["class_name"] == "LossScaleOptimizer":
        return config
    return {"class_name": "LossScaleOptimizer", "config": {_INNER: config}}


def _arrays(group, name):
    """Returns the arrays in a group, not yet read, by their names; {} where there is no group."""
    if name not in group:
        return {}
    place = hdf5.child_group(group, name)
    return {number: hdf5.child_array(place, number) for number in place}
