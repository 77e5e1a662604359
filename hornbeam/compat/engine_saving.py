"""`keras.engine.saving`: saving and loading, with the names that it had in Keras 2.2 and 2.3."""

import io
from types import SimpleNamespace

from hornbeam.models import (
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
    save_model,
)
from hornbeam.renames import missing, takes_old_names
from hornbeam.saving import hdf5
from hornbeam.saving.conversion import preprocess_weights_for_loading
from hornbeam.saving.weights import read_layers, write_layers
from hornbeam.utils.io_utils import (
    HDF5_OBJECT_HEADER_LIMIT,
    H5Dict,
    ask_to_proceed_with_overwrite,
    load_from_binary_h5py,
    save_to_binary_h5py,
)

__all__ = [
    "H5Dict",
    "HDF5_OBJECT_HEADER_LIMIT",
    "ask_to_proceed_with_overwrite",
    "load_attributes_from_hdf5_group",
    "load_from_binary_h5py",
    "load_model",
    "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "pickle_model",
    "preprocess_weights_for_loading",
    "save_attributes_to_hdf5_group",
    "save_model",
    "save_to_binary_h5py",
    "save_weights_to_hdf5_group",
    "unpickle_model",
]


def save_attributes_to_hdf5_group(group, name, data):
    """Writes a list of names as an attribute; a long list is split."""
    hdf5.write_names(group, name, [_text(item) for item in data])


def load_attributes_from_hdf5_group(group, name):
    """Returns the list of names that `save_attributes_to_hdf5_group` wrote."""
    return hdf5.read_names(group, name)


@takes_old_names(f="group")
def save_weights_to_hdf5_group(group, layers):
    """Writes the weights of a list of layers into an `h5py.Group`."""
    write_layers(_group(group), layers)


def load_weights_from_hdf5_group(f, layers, reshape=False):
    """Reads weights into a list of layers, in order.

    Args:
        f: `h5py.Group`.
        layers: List of layers that are built.
        reshape: Bool; whether to reshape arrays of the same size.

    Raises:
        ValueError: if the weights do not fit; none is changed then.
    """
    read_layers(_group(f), _like_a_model(layers), reshape=reshape)


def load_weights_from_hdf5_group_by_name(f, layers, skip_mismatch=False, reshape=False):
    """Reads weights into the layers of the same names.

    Args:
        f: `h5py.Group`.
        layers: List of layers that are built.
        skip_mismatch: Bool; whether to leave out, with a warning, layers that do not fit.
        reshape: Bool; whether to reshape arrays of the same size.

    Raises:
        ValueError: if the weights do not fit; none is changed then.
    """
    read_layers(
        _group(f), _like_a_model(layers), by_name=True, skip_mismatch=skip_mismatch, reshape=reshape
    )


def pickle_model(model):
    """Returns what `unpickle_model` makes the same model of: bytes, an HDF5 file."""
    buffer = io.BytesIO()
    save_model(model, buffer)
    return buffer.getvalue()


def unpickle_model(state):
    """Returns the model that `pickle_model` turned into bytes."""
    return load_model(io.BytesIO(state))


def _group(group):
    return group.data if isinstance(group, H5Dict) else group


def _like_a_model(layers):
    return SimpleNamespace(name="of the given layers", built=True, layers=layers)


def _text(item):
    return item.decode("utf-8") if isinstance(item, bytes) else item


def __getattr__(name):
    raise missing(__name__, name)
