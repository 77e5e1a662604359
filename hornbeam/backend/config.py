"""Numeric defaults: float type, fuzz factor and image layout, as `~/.keras/keras.json` sets them.

The file is only read, never written. `KERAS_HOME` names another folder than `~/.keras`.
"""

import json
import os
import warnings

__all__ = [
    "backend",
    "cast_to_floatx",
    "epsilon",
    "floatx",
    "image_data_format",
    "image_dim_ordering",
    "normalize_data_format",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_image_dim_ordering",
]

_FLOATS = ("float16", "float32", "float64", "bfloat16")
_FORMATS = ("channels_last", "channels_first")
_FORMAT_OF_ORDERING = {"tf": "channels_last", "th": "channels_first"}


def keras_home():
    """Folder of Keras's own settings and caches: `$KERAS_HOME`, else `~/.keras`."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")


class _Settings:
    """The current values; the user's file is read at the first question."""

    def __init__(self):
        self.floatx = "float32"
        self.epsilon = 1e-7
        self.image_data_format = "channels_last"
        self._read_file()

    def _read_file(self):
        path = os.path.join(keras_home(), "keras.json")
        try:
            with open(path, encoding="utf-8") as file:
                stored = json.load(file)
            if not isinstance(stored, dict):
                raise ValueError("it is not a JSON object")
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            warnings.warn(f"Ignored {path}: {error}", stacklevel=3)
            return
        ordering = _FORMAT_OF_ORDERING.get(stored.get("image_dim_ordering"))
        wanted = {
            "floatx": (stored.get("floatx"), lambda v: v in _FLOATS),
            "epsilon": (stored.get("epsilon"), lambda v: isinstance(v, float) and 0 < v < 1),
            "image_data_format": (
                stored.get("image_data_format", ordering),
                lambda v: v in _FORMATS,
            ),
        }
        for name, (value, is_valid) in wanted.items():
            if value is None:
                continue
            if is_valid(value):
                setattr(self, name, value)
            else:
                warnings.warn(f"Ignored {name}={value!r} in {path}", stacklevel=3)


_settings = None


def _current():
    global _settings
    if _settings is None:
        _settings = _Settings()
    return _settings


def backend():
    """Returns the name under which programs know the engine's conventions, `'tensorflow'`.

    Keras programs branch on this name to choose kernel layouts and image orderings; hornbeam
    follows the conventions of Keras on TensorFlow throughout.
    """
    return "tensorflow"


_conventions = "keras"


def conventions():
    """Returns whose conventions hold where Keras 2.3.1 and tf.keras differ: `'keras'` usually.

    They are `'tf.keras'` in a program that was written for `tensorflow.keras`. They say how layers
    are numbered, what a frozen `BatchNormalization` does and what `clipnorm` means.
    """
    return _conventions


def set_conventions(whose):
    """Sets whose conventions hold: `'keras'` or `'tf.keras'`.

    Raises:
        ValueError: for any other name.
    """
    global _conventions
    if whose not in ("keras", "tf.keras"):
        raise ValueError(f"Unknown conventions: {whose!r}. Expected 'keras' or 'tf.keras'.")
    _conventions = whose


def floatx():
    """Returns the default float type as a string, `'float32'` unless set otherwise."""
    return _current().floatx


def set_floatx(floatx):
    """Sets the default float type: `'float16'`, `'float32'`, `'float64'` or `'bfloat16'`.

    Raises:
        ValueError: for any other name.
    """
    if floatx not in _FLOATS:
        raise ValueError(f"Unknown floatx type: {floatx!r}. Expected one of {list(_FLOATS)}.")
    _current().floatx = str(floatx)


def epsilon():
    """Returns the fuzz factor that keeps divisions and logarithms finite, 1e-7 by default."""
    return _current().epsilon


def set_epsilon(e):
    """Sets the fuzz factor to the float `e`."""
    _current().epsilon = float(e)


def image_data_format():
    """Returns the default image layout, `'channels_last'` or `'channels_first'`."""
    return _current().image_data_format


def set_image_data_format(data_format):
    """Sets the default image layout: `'channels_last'` or `'channels_first'`.

    Raises:
        ValueError: for any other name.
    """
    if data_format not in _FORMATS:
        raise ValueError(f"Unknown data_format: {data_format!r}. Expected one of {list(_FORMATS)}.")
    _current().image_data_format = str(data_format)


def image_dim_ordering():
    """Returns Keras 1's name of the image layout: `'tf'` (channels last) or `'th'`."""
    return "th" if image_data_format() == "channels_first" else "tf"


def set_image_dim_ordering(dim_ordering):
    """Sets the image layout by its Keras 1 name: `'tf'` (channels last) or `'th'`.

    Raises:
        ValueError: for any other name.
    """
    if dim_ordering not in _FORMAT_OF_ORDERING:
        raise ValueError(f"Unknown dim_ordering: {dim_ordering!r}. Expected 'tf' or 'th'.")
    set_image_data_format(_FORMAT_OF_ORDERING[dim_ordering])


def normalize_data_format(value):
    """Returns `value` checked, or the default layout where it is None.

    Raises:
        ValueError: if `value` is neither `'channels_first'` nor `'channels_last'`.
    """
    if value is None:
        return image_data_format()
    data_format = _FORMAT_OF_ORDERING.get(value, value)
    if isinstance(data_format, str):
        data_format = data_format.lower()
    if data_format not in _FORMATS:
        raise ValueError(
            'The `data_format` argument must be one of "channels_first", "channels_last". '
            f"Received: {value!r}"
        )
    return data_format


def cast_to_floatx(x):
    """Casts an array to the default float type.

    Args:
        x: NumPy array or anything that becomes one; or a tensor of the backend.

    Returns:
        A NumPy array of dtype `floatx()`; a tensor for a tensor.
    """
    import numpy as np

    if hasattr(x, "_keras_shape"):
        return x.cast(floatx())
    return np.asarray(x, dtype=floatx())
