"""Models on disk and as text: HDF5, JSON, YAML."""

import sys

from hornbeam.allowance import weight_limit
from hornbeam.engine import InputLayer, Model, Network, Sequential, doors
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
    "ModelFileError",
    "clone_model",
    "load_model",
    "load_weights",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "network_state",
    "restore_network",
    "save_model",
    "save_weights",
    "to_json",
    "to_yaml",
    "weight_limit",
]

doors.saving = sys.modules[__name__]
for _class in (InputLayer, Model, Network, Sequential):
    doors.layer_classes.setdefault(_class.__name__, _class)
doors.layer_classes.setdefault("Functional", Model)  # the name in files of tf.keras
