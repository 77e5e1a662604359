"""`keras.engine.topology`: the engine, and what else Keras 1 to 2.1 kept in that module."""

from hornbeam.compat.engine_saving import (
    HDF5_OBJECT_HEADER_LIMIT,
    load_weights_from_hdf5_group,
    load_weights_from_hdf5_group_by_name,
    preprocess_weights_for_loading,
    save_weights_to_hdf5_group,
)
from hornbeam.engine import (
    InputSpec,
    Layer,
    Network,
    Node,
    ShapeError,
    doors,
    get_source_inputs,
)
from hornbeam.layers.legacy import Merge, merge
from hornbeam.models import Input, InputLayer, Model, Sequential

Container = Network

__all__ = [
    "Container",
    "HDF5_OBJECT_HEADER_LIMIT",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "Merge",
    "Model",
    "Network",
    "Node",
    "Sequential",
    "ShapeError",
    "doors",
    "get_source_inputs",
    "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name",
    "merge",
    "preprocess_weights_for_loading",
    "save_weights_to_hdf5_group",
]
