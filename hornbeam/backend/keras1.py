"""The functions and arguments that `K` had in Keras 1, translated at the edge by one table.

The functions themselves know the new names only. Where an old argument has no meaning any more
(the shapes that Theano wanted to be told), it is dropped.
"""

import functools
import inspect

from hornbeam.backend.config import image_data_format
from hornbeam.backend.convolution import conv2d
from hornbeam.backend.shaping import spatial_2d_padding, temporal_padding

__all__ = [
    "RENAMES",
    "asymmetric_spatial_2d_padding",
    "asymmetric_temporal_padding",
    "atrous_conv2d",
    "legacy_weight_ordering",
    "set_legacy_weight_ordering",
    "with_old_arguments",
]

_LAYOUTS = {
    "tf": lambda: "channels_last",
    "th": lambda: "channels_first",
    "default": image_data_format,
}
_LAYOUT = {"dim_ordering": "data_format"}
_WINDOW = {"border_mode": "padding", **_LAYOUT}
_SHAPES = {"image_shape": None, "filter_shape": None, "volume_shape": None}

# Function -> old argument -> new argument, None for those that are dropped.
RENAMES = {
    "batch_get_value": {"xs": "ops"},
    "conv1d": {
        "stride": "strides", "border_mode": "padding", "image_shape": None, "filter_shape": None,
    },
    "conv2d": {**_WINDOW, **_SHAPES, "filter_dilation": "dilation_rate"},
    "conv2d_transpose": {**_WINDOW, **_SHAPES},
    "conv3d": {**_WINDOW, **_SHAPES},
    "expand_dims": {"dim": "axis"},
    "moving_average_update": {"variable": "x"},
    "one_hot": {"nb_classes": "num_classes"},
    "pool2d": _WINDOW,
    "pool3d": _WINDOW,
    "random_normal": {"std": "stddev"},
    "random_uniform": {"low": "minval", "high": "maxval"},
    "resize_images": {"X": "x", **_LAYOUT},
    "resize_volumes": {"X": "x", **_LAYOUT},
    "separable_conv2d": _WINDOW,
    "spatial_2d_padding": _LAYOUT,
    "spatial_3d_padding": _LAYOUT,
}


def with_old_arguments(functions):
    """Returns the functions of the table, each taking the old arguments as well.

    Args:
        functions: Dict from name to function.
    """
    return {name: _translating(functions[name], RENAMES[name]) for name in RENAMES}


def _translating(function, renames):
    signature = inspect.signature(function)
    names = list(signature.parameters)
    place = names.index("data_format") if "data_format" in names else None

    @functools.wraps(function)
    def translated(*args, **kwargs):
        if place is not None and len(args) > place and args[place] in _LAYOUTS:
            args = (*args[:place], _LAYOUTS[args[place]](), *args[place + 1 :])
        if not renames.keys().isdisjoint(kwargs):
            kwargs = _renamed(function.__name__, kwargs, renames)
        return function(*args, **kwargs)

    translated.__signature__ = signature
    translated.old_arguments = renames
    return translated


def _renamed(name, kwargs, renames):
    result = {key: value for key, value in kwargs.items() if key not in renames}
    for old, new in renames.items():
        if old not in kwargs or new is None:
            continue
        if new in result:
            raise TypeError(
                f"K.{name} received both the legacy keyword argument `{old}` and the Keras 2 "
                f"keyword argument `{new}`. Stick to the latter!"
            )
        value = kwargs[old]
        if old == "dim_ordering":
            if value not in _LAYOUTS:
                raise ValueError(
                    f"K.{name} got dim_ordering={value!r}. Expected one of {list(_LAYOUTS)}."
                )
            value = _LAYOUTS[value]()
        result[new] = value
    return result


def atrous_conv2d(
    x,
    kernel,
    rate=1,
    border_mode="valid",
    dim_ordering="default",
    image_shape=None,
    filter_shape=None,
):
    """Convolution with holes: `conv2d` with `dilation_rate=(rate, rate)`.

    `image_shape` and `filter_shape` were Theano's; the arrays tell their shapes themselves.
    """
    old = {"border_mode": border_mode, "dim_ordering": dim_ordering}
    new = _renamed("atrous_conv2d", old, RENAMES["conv2d"])
    return conv2d(x, kernel, dilation_rate=(rate, rate), **new)


def asymmetric_temporal_padding(x, left_pad=1, right_pad=1):
    """`temporal_padding(x, (left_pad, right_pad))`."""
    return temporal_padding(x, (left_pad, right_pad))


def asymmetric_spatial_2d_padding(
    x, top_pad=1, bottom_pad=1, left_pad=1, right_pad=1, dim_ordering="default"
):
    """`spatial_2d_padding(x, ((top_pad, bottom_pad), (left_pad, right_pad)))`."""
    new = _renamed("spatial_2d_padding", {"dim_ordering": dim_ordering}, _LAYOUT)
    return spatial_2d_padding(x, ((top_pad, bottom_pad), (left_pad, right_pad)), **new)


def legacy_weight_ordering():
    """Returns False: weights are listed in the order of Keras 1.0 and later."""
    return False


def set_legacy_weight_ordering(value):
    """Takes False, which is how weights are listed.

    Raises:
        ValueError: for True, the order of Keras before 1.0, which only its own files had.
    """
    if value:
        raise ValueError(
            "set_legacy_weight_ordering(True) asks for the order of weights that Keras had before "
            "version 1.0. hornbeam lists them as Keras 1.0 and later do. Save the weights with "
            "Keras 1 in its own order (False) first."
        )
