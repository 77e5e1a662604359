"""Utilities: labels and arrays, custom objects, names. What costs time loads when asked for."""

import importlib

from hornbeam.utils import generic_utils, np_utils
from hornbeam.utils.generic_utils import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    serialize_keras_object,
)
from hornbeam.utils.np_utils import normalize, to_categorical

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "custom_object_scope",
    "deserialize_keras_object",
    "generic_utils",
    "get_custom_objects",
    "losses_utils",
    "normalize",
    "np_utils",
    "serialize_keras_object",
    "to_categorical",
]

_PLACES = {"Progbar": "progbar", "losses_utils": None}  # name -> module; None for a module itself


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = importlib.import_module(f"{__name__}.{_PLACES[name] or name}")
    return found if _PLACES[name] is None else getattr(found, name)


def __dir__():
    return sorted({*globals(), *_PLACES})
