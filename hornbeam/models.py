"""Models: `Sequential`, `Model`, and what reads and writes them."""

from hornbeam import layers as _layers  # noqa: F401  configs name layers
from hornbeam import training as _training  # noqa: F401  lends `fit` to `Model`
from hornbeam.engine import Input, InputLayer, Model, Sequential
from hornbeam.saving import (
    clone_model,
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
    save_model,
)

__all__ = [
    "Input",
    "InputLayer",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "save_model",
]
