"""`tf.compat`: texts, and the two versions."""

import importlib

import numpy as np

__all__ = ["as_bytes", "as_str", "as_str_any", "as_text", "complex_types", "integral_types",
           "path_to_str", "real_types"]

integral_types = (int, np.integer)
real_types = (int, float, np.integer, np.floating)
complex_types = (*real_types, complex, np.complexfloating)


def __getattr__(name):
    if name == "v1":
        return importlib.import_module("hornbeam.compat.tensorflow.v1")
    if name == "v2":
        return importlib.import_module("hornbeam.compat.tensorflow")
    raise AttributeError(f"tensorflow.compat.{name} is not provided by hornbeam.")


def as_bytes(bytes_or_text, encoding="utf-8"):
    """Returns bytes."""
    return bytes_or_text.encode(encoding) if isinstance(bytes_or_text, str) else bytes_or_text


def as_text(bytes_or_text, encoding="utf-8"):
    """Returns text."""
    return bytes_or_text.decode(encoding) if isinstance(bytes_or_text, bytes) else bytes_or_text


as_str = as_text


def as_str_any(value, encoding="utf-8"):
    """Returns text of anything."""
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path):
    """Returns a path as text."""
    return getattr(path, "__fspath__", lambda: path)()
