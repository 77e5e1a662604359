"""Preprocessing: images, sequences and texts made ready for a model. Each loads when used."""

import importlib

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]

# Names that have their home in `hornbeam.utils`.
_PLACES = {
    "image_dataset_from_directory": "hornbeam.utils.image_dataset",
    "text_dataset_from_directory": "hornbeam.utils.text_dataset",
    "timeseries_dataset_from_array": "hornbeam.utils.timeseries_dataset",
}


def __getattr__(name):
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
