"""The door to models on disk: which format a file has, and which it is to have."""

import contextlib
import os

from hornbeam import bytecode
from hornbeam.saving import (
    hdf5,
    hdf5_models,
    keras3_weights,
    keras_zip,
    safe_tensors,
    text,
    weights,
)
from hornbeam.saving.atomic import is_path, may_write

_FORMATS = {"h5": "h5", "hdf5": "h5", "keras": "keras"}  # save_format -> format
_KERAS3_WEIGHTS = ".weights.h5"  # the ending by which tf.keras 2.12 and Keras 3 know their layout
_ZIP = b"PK\x03\x04"


def save_model(model, filepath, overwrite=True, include_optimizer=True, save_format=None):
    """Saves a model to one file.

    Args:
        model: `Model`.
        filepath: Path, binary file object, or `h5py.Group`.
        overwrite: Bool; False asks before an existing file is replaced.
        include_optimizer: Bool; whether the arguments of `compile` and the optimizer's state go in,
            so that training can go on.
        save_format: `'h5'` for HDF5 in Keras 2's layout, which every Keras reads; `'keras'` for the
            zip of Keras 3. None means `'keras'` for a path that ends in `.keras`, else `'h5'`.

    A file that exists is replaced only when the new one is complete.

    Raises:
        ValueError: for a format that is not written.
    """
    kind = _format_to_write(filepath, save_format)
    if may_write(filepath, overwrite):
        text.warn_of_tensors(model)
        _WRITERS[kind](model, filepath, include_optimizer)


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Makes the model that `save_model`, or Keras, saved.

    Args:
        filepath: Path, binary file object, or `h5py.Group`: HDF5 of any Keras, or the zip of
            Keras 3. What it is is seen from its content, not from its name.
        custom_objects: Dict from name to class or function, for objects of the user's own.
        compile: Bool; whether the model is compiled as it was, with its optimizer's state.
        safe_mode: Bool; False allows that Python code stored in the file, as that of a `Lambda`, is
            run. Only for a file that you trust.

    Returns:
        A `Model` or `Sequential`. If it is to be compiled and the file does not say how, a warning
        says so.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if the file is damaged, or holds no model.
        ValueError: for a class or function that is unknown here, or stored code in safe mode.
    """
    allowed = contextlib.nullcontext() if safe_mode else bytecode.stored_code_allowed()
    with allowed:
        if starts_with(filepath, _ZIP):
            return keras_zip.load(filepath, custom_objects, compile)
        with hdf5.reading(filepath) as file:
            return hdf5_models.load(file, custom_objects, compile)


def save_weights(model, filepath, overwrite=True, save_format=None):
    """Saves the weights of a model's layers to one file.

    Args:
        model: `Network`.
        filepath: Path, binary file object, or `h5py.Group`. A path that ends in `.safetensors`
            makes a file of safetensors (`pip install hornbeam[safetensors]`); one that ends in
            `.weights.h5`, an HDF5 file that both Keras 2 and Keras 3 read; any other, HDF5 in
            Keras 2's layout.
        overwrite: Bool; False asks before an existing file is replaced.
        save_format: `'h5'`, or None, which means that too.

    Raises:
        ValueError: for a format that is not written.
        ImportError: for safetensors that are not installed.
    """
    if _format_to_write("", save_format) != "h5":
        raise ValueError(
            f"save_format={save_format!r} holds whole models: use model.save. Weights go to 'h5', "
            "or by the path's ending to safetensors: 'x.safetensors'."
        )
    name = os.fsdecode(filepath) if is_path(filepath) else ""
    if name.endswith(safe_tensors.SUFFIX):
        if may_write(filepath, overwrite):
            safe_tensors.save(model, filepath)
    elif name.endswith(_KERAS3_WEIGHTS):
        if may_write(filepath, overwrite):
            with hdf5.writing(filepath) as group:
                keras3_weights.write_for_all(group, model)
    else:
        weights.save_weights(model, filepath, overwrite)


def load_weights(model, filepath, by_name=False, skip_mismatch=False, reshape=False):
    """Loads weights from a file of weights or of a whole model.

    Args:
        model: `Network`.
        filepath: Path, binary file object, or `h5py.Group`: HDF5 in the layout of Keras 2 or of
            Keras 3, the zip of Keras 3, or safetensors. What it is is seen from its content.
        by_name: Bool; whether to match layers by name instead of by order.
        skip_mismatch: Bool; with `by_name`, whether to leave out, with a warning, layers whose
            weights differ in number or shape.
        reshape: Bool; whether to reshape arrays of the same size.

    Raises:
        ValueError: if the file does not fit the model; no weight is changed then.
        ModelFileError: if the file is damaged or is not a file of weights.
    """
    options = {"by_name": by_name, "skip_mismatch": skip_mismatch, "reshape": reshape}
    if starts_with(filepath, _ZIP):
        _check_options(by_name, skip_mismatch)
        keras_zip.load_weights(model, filepath, **options)
    elif safe_tensors.is_file(filepath):
        _check_options(by_name, skip_mismatch)
        safe_tensors.load(model, filepath, **options)
    else:
        with hdf5.reading(filepath) as group:
            if keras3_weights.is_keras3(group):
                _check_options(by_name, skip_mismatch)
                keras3_weights.read(group, model, None, **options)
            else:
                weights.load_weights(model, group, **options)


def starts_with(source, magic):
    """Whether a path or file object begins with some bytes; False for anything else."""
    if is_path(source):
        try:
            with open(source, "rb") as file:
                return file.read(len(magic)) == magic
        except OSError:
            return False  # who opens it says why
    if hasattr(source, "read") and hasattr(source, "seek"):
        place = source.tell()
        try:
            return source.read(len(magic)) == magic
        finally:
            source.seek(place)
    return False


def _check_options(by_name, skip_mismatch):
    if skip_mismatch and not by_name:
        raise ValueError(
            "When calling model.load_weights, skip_mismatch can only be set to True when by_name "
            "is True."
        )


def _format_to_write(filepath, save_format):
    if save_format is None:
        is_zip = is_path(filepath) and os.fsdecode(filepath).endswith(".keras")
        return "keras" if is_zip else "h5"
    name = save_format.lower() if isinstance(save_format, str) else save_format
    if name in ("tf", "tensorflow"):
        raise ValueError(
            f"save_format={save_format!r} is a TensorFlow SavedModel: a graph of TensorFlow "
            "operations, which hornbeam does not make. Save to HDF5 instead: "
            "model.save('model.h5'), which every Keras reads."
        )
    if name not in _FORMATS:
        raise ValueError(
            f"save_format={save_format!r} is unknown. Expected 'h5' (or 'hdf5') or 'keras'."
        )
    return _FORMATS[name]


_WRITERS = {"h5": hdf5_models.save, "keras": keras_zip.save}
