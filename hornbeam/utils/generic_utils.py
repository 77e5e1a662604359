"""Python utilities that Keras programs import: lists, slices, names of objects."""

import importlib
import inspect

from hornbeam.bytecode import func_dump, func_load
from hornbeam.registry import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    has_arg,
    serialize_keras_object,
)

__all__ = [
    "CustomObjectScope",
    "Progbar",  # noqa: F822
    "check_for_unexpected_keys",
    "custom_object_scope",
    "deserialize_keras_object",
    "func_dump",
    "func_load",
    "get_custom_objects",
    "get_from_module",
    "getargspec",
    "has_arg",
    "is_all_none",
    "make_tuple",
    "object_list_uid",
    "serialize_keras_object",
    "slice_arrays",
    "to_list",
    "transpose_shape",
    "unpack_singleton",
]


def __getattr__(name):
    if name == "Progbar":  # it stands with the callbacks, which the rest here does not need
        return importlib.import_module("hornbeam.utils.progbar").Progbar
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def to_list(x, allow_tuple=False):
    """Returns a list as it is, anything else as the one item of a list.

    Args:
        x: Any object.
        allow_tuple: Whether a tuple becomes the list of its items.
    """
    if isinstance(x, list):
        return x
    if allow_tuple and isinstance(x, tuple):
        return list(x)
    return [x]


def unpack_singleton(x):
    """Returns the one item of a list or tuple of length 1; a longer one as it is."""
    return x[0] if len(x) == 1 else x


def object_list_uid(object_list):
    """Returns a string that tells one list of objects from another while they live."""
    return ", ".join(str(id(x)) for x in to_list(object_list))


def is_all_none(iterable_or_element):
    """Whether an object, or each item of a list or tuple, is None."""
    return all(item is None for item in to_list(iterable_or_element, allow_tuple=True))


def slice_arrays(arrays, start=None, stop=None):
    """Takes samples from an array or from each array of a list.

    Args:
        arrays: Array or list of arrays, some of which may be None; or None.
        start: Integer, the first sample; or a list or array of the samples' indices.
        stop: Integer, the sample after the last; None with a list of indices.

    Returns:
        An array for an array, a list for a list, `[None]` for None.
    """
    if arrays is None:
        return [None]
    if hasattr(start, "__len__"):
        # HDF5 data sets take lists of indices, not arrays
        chosen = start.tolist() if hasattr(start, "shape") else start
    else:
        chosen = slice(start, stop)
    if isinstance(arrays, list):
        return [None if x is None else x[chosen] for x in arrays]
    return arrays[chosen]


def transpose_shape(shape, target_format, spatial_axes):
    """Puts the entries of a `'channels_last'` shape into the order of another layout.

    Args:
        shape: Tuple or list; its last entry is the channels.
        target_format: `'channels_first'` or `'channels_last'`.
        spatial_axes: Tuple of integers, where the spatial entries are.

    Raises:
        ValueError: for another layout.

    Example:
        >>> transpose_shape((16, 128, 64, 3), "channels_first", spatial_axes=(1, 2))
        (16, 3, 128, 64)
    """
    if target_format == "channels_last":
        return shape
    if target_format != "channels_first":
        raise ValueError(
            'The `data_format` argument must be one of "channels_first", "channels_last". '
            f"Received: {target_format}"
        )
    before = shape[: spatial_axes[0]]
    return type(shape)([*before, shape[-1], *(shape[axis] for axis in spatial_axes)])


def check_for_unexpected_keys(name, input_dict, expected_values):
    """Raises ValueError if a dict has keys that are not among those expected.

    Args:
        name: String; what the dict is, for the message.
        input_dict: Dict.
        expected_values: Iterable of the known keys.
    """
    unknown = [key for key in input_dict if key not in expected_values]
    if unknown:
        raise ValueError(
            f"Unknown entries in {name} dictionary: {unknown}. Only expected following keys: "
            f"{expected_values}"
        )


# ---- earlier versions


def getargspec(fn):
    """`inspect.getfullargspec`, by the name that it had in Keras 2.2.5."""
    return inspect.getfullargspec(fn)


def make_tuple(*args):
    """Returns its arguments as a tuple."""
    return args


def get_from_module(
    identifier, module_params, module_name, instantiate=False, kwargs=None
):
    """Looks a name up in a module, as Keras 1 did for names of losses and the like.

    Args:
        identifier: Name; dict with a `name` and arguments; or an object, which is returned.
        module_params: Dict from name to object: the module's `globals()`.
        module_name: String for messages, such as `'objective'`.
        instantiate: Bool, whether to call what was found.
        kwargs: Dict of arguments for that call.

    Raises:
        ValueError: for an unknown name.
    """
    if isinstance(identifier, dict):
        arguments = dict(identifier)
        name = arguments.pop("name")
    elif isinstance(identifier, str):
        name, arguments = identifier, None
    else:
        return identifier
    found = module_params.get(name)
    if found is None:
        raise ValueError(f"Invalid {module_name}: {name}")
    if arguments is not None:
        return found(**arguments)
    if instantiate or kwargs:
        return found(**(kwargs or {}))
    return found
