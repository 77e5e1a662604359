"""Models on disk and as text: HDF5, JSON, YAML."""

import sys

from hornbeam.allowance import weight_limit
from hornbeam.engine import InputLayer, Model, Network, Sequential, doors
from hornbeam.registry import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from hornbeam.saving.clone import clone_model
from hornbeam.saving.errors import ModelFileError
from hornbeam.saving.files import load_model, load_weights, save_model, save_weights
from hornbeam.saving.pickling import network_state, restore_network
from hornbeam.saving.text import (
    model_from_config,
    model_from_json,
    model_from_yaml,
    to_json,
    to_yaml,
)

__all__ = [
    "CustomObjectScope",
    "ModelFileError",
    "clone_model",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "network_state",
    "register_keras_serializable",
    "restore_network",
    "save_model",
    "save_weights",
    "serialize_keras_object",
    "to_json",
    "to_yaml",
    "weight_limit",
]

doors.saving = sys.modules[__name__]
for _class in (InputLayer, Model, Network, Sequential):
    doors.layer_classes.setdefault(_class.__name__, _class)
doors.layer_classes.setdefault("Functional", Model)  # the name in files of tf.keras
