"""hornbeam: the Keras API, complete, on JAX.

    import hornbeam as keras

    model = keras.Sequential([keras.layers.Dense(10, activation="softmax", input_shape=(64,))])

Modules load when they are first used, so importing the package costs little more than JAX.
"""

import importlib

from hornbeam.homes import HOMES, answer_old_names

__version__ = "0.1.0"

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "constraints",
    "datasets",
    "distribution",
    "engine",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "optimizers",
    "preprocessing",
    "regularizers",
    "saving",
    "utils",
    "wrappers",
]

_NAMES = {"Input": "engine", "Model": "models", "Sequential": "models"}

answer_old_names()


def __getattr__(name):
    if name in _NAMES:
        return getattr(importlib.import_module(f"hornbeam.{_NAMES[name]}"), name)
    if name in __all__ or name in HOMES:
        return importlib.import_module(f"hornbeam.{name}")
    raise AttributeError(f"module 'hornbeam' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
