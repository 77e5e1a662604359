"""Preprocessing: images, sequences and texts made ready for a model. Each loads when used."""

import importlib

__all__ = ["image", "sequence", "text"]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
