"""The door to models on disk: which format a file has, and which it is to have."""

import contextlib
import os

from hornbeam import bytecode
from hornbeam.saving import hdf5, hdf5_models, weights
from hornbeam.saving.atomic import may_write

_FORMATS = {"h5": "h5", "hdf5": "h5"}


def save_model(model, filepath, overwrite=True, include_optimizer=True, save_format=None):
    """Saves a model to one file.

    Args:
        model: `Model`.
        filepath: Path, binary file object, or `h5py.Group`.
        overwrite: Bool; False asks before an existing file is replaced.
        include_optimizer: Bool; whether the arguments of `compile` and the optimizer's state go in,
            so that training can go on.
        save_format: `'h5'`; None means that too.

    A file that exists is replaced only when the new one is complete.

    Raises:
        ValueError: for a format that is not written.
    """
    _format_to_write(save_format)
    if may_write(filepath, overwrite):
        hdf5_models.save(model, filepath, include_optimizer)


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Makes the model that `save_model`, or Keras, saved.

    Args:
        filepath: Path, binary file object, or `h5py.Group`.
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
    with allowed, hdf5.reading(filepath) as file:
        return hdf5_models.load(file, custom_objects, compile)


def save_weights(model, filepath, overwrite=True, save_format=None):
    """Saves the weights of a model's layers to one file.

    Args:
        model: `Network`.
        filepath: Path, binary file object, or `h5py.Group`.
        overwrite: Bool; False asks before an existing file is replaced.
        save_format: `'h5'`; None means that too.

    Raises:
        ValueError: for a format that is not written.
    """
    _format_to_write(save_format)
    weights.save_weights(model, filepath, overwrite)


def load_weights(model, filepath, by_name=False, skip_mismatch=False, reshape=False):
    """Loads weights from a file of weights or of a whole model.

    Args:
        model: `Network`.
        filepath: Path, binary file object, or `h5py.Group`.
        by_name: Bool; whether to match layers by name instead of by order.
        skip_mismatch: Bool; with `by_name`, whether to leave out, with a warning, layers whose
            weights differ in number or shape.
        reshape: Bool; whether to reshape arrays of the same size.

    Raises:
        ValueError: if the file does not fit the model; no weight is changed then.
        ModelFileError: if the file is damaged or is not a file of weights.
    """
    weights.load_weights(model, filepath, by_name, skip_mismatch, reshape)


def _format_to_write(save_format):
    if save_format is None:
        return "h5"
    name = os.fspath(save_format).lower() if isinstance(save_format, str) else save_format
    if name in ("tf", "tensorflow"):
        raise ValueError(
            "save_format='tf' is a TensorFlow SavedModel: a graph of TensorFlow operations, which "
            "hornbeam does not make. Save to HDF5 instead: model.save('model.h5'), which every "
            "Keras reads."
        )
    if name not in _FORMATS:
        raise ValueError(f"save_format={save_format!r} is unknown. Expected one of 'h5', 'hdf5'.")
    return _FORMATS[name]
