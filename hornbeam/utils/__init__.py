"""Utilities: labels and arrays, custom objects, names. What costs time loads when asked for."""

import importlib

from hornbeam.registry import (
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from hornbeam.utils import generic_utils, np_utils
from hornbeam.utils.generic_utils import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    serialize_keras_object,
)
from hornbeam.utils.np_utils import normalize, to_categorical, to_ordinal

__all__ = [
    "CustomObjectScope",
    "GeneratorEnqueuer",
    "H5Dict",
    "HDF5Matrix",
    "OrderedEnqueuer",
    "Progbar",
    "Sequence",
    "SequenceEnqueuer",
    "array_to_img",
    "conv_utils",
    "convert_all_kernels_in_model",
    "custom_object_scope",
    "data_utils",
    "deserialize_keras_object",
    "generic_utils",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "h5dict",
    "image_dataset_from_directory",
    "image_utils",
    "img_to_array",
    "io_utils",
    "layer_utils",
    "load_img",
    "losses_utils",
    "metrics_utils",
    "model_to_dot",
    "multi_gpu_model",
    "multi_gpu_utils",
    "normalize",
    "np_utils",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "print_summary",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "to_ordinal",
    "unpack_x_y_sample_weight",
    "vis_utils",
]

# Name -> module, relative to this one; None for a module itself.
_PLACES = {
    "GeneratorEnqueuer": "data_utils",
    "SequenceEnqueuer": "data_utils",
    "H5Dict": "io_utils",
    "HDF5Matrix": "io_utils",
    "OrderedEnqueuer": "data_utils",
    "Progbar": "progbar",
    "Sequence": "data_utils",
    "array_to_img": "image_utils",
    "conv_utils": None,
    "convert_all_kernels_in_model": "layer_utils",
    "data_utils": None,
    "get_file": "downloads",
    "h5dict": "io_utils",
    "get_source_inputs": "layer_utils",
    "image_dataset_from_directory": "image_dataset",
    "image_utils": None,
    "img_to_array": "image_utils",
    "io_utils": None,
    "layer_utils": None,
    "load_img": "image_utils",
    "losses_utils": None,
    "metrics_utils": None,
    "model_to_dot": "vis_utils",
    "multi_gpu_model": "multi_gpu_utils",
    "multi_gpu_utils": None,
    "pack_x_y_sample_weight": "splitting",
    "pad_sequences": ".preprocessing.sequence",
    "plot_model": "vis_utils",
    "print_summary": "layer_utils",
    "save_img": "image_utils",
    "set_random_seed": ".backend",
    "split_dataset": "splitting",
    "text_dataset_from_directory": "text_dataset",
    "timeseries_dataset_from_array": "timeseries_dataset",
    "unpack_x_y_sample_weight": "splitting",
    "vis_utils": None,
}


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = importlib.import_module(f".{_PLACES[name] or name}", __name__)
    return found if _PLACES[name] is None else getattr(found, name)


def __dir__():
    return sorted({*globals(), *_PLACES})
