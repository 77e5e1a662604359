"""Names and arguments of earlier versions of Keras: what takes their place."""

import functools
import inspect

from hornbeam.translations import tell

__all__ = ["missing", "takes_old_names"]

# Names that a module of an earlier Keras had, mostly by its own imports -> what stands for them.
GONE = {
    "engine_saving.getargspec": "use inspect.getfullargspec",
    "layers.conv_input_length": "it is keras.utils.conv_utils.conv_input_length",
    "layers.conv_output_length": "it is keras.utils.conv_utils.conv_output_length",
    "layers.func_dump": "it is keras.utils.generic_utils.func_dump",
    "layers.func_load": "it is keras.utils.generic_utils.func_load",
    "layers.get_from_module": "it is keras.utils.generic_utils.get_from_module",
    "layers.time_distributed_dense": "it is keras.layers.recurrent.time_distributed_dense",
    "metrics.BaseMeanIoU": "it belonged to TensorFlow; subclass keras.metrics.MeanIoU",
    "test_utils.tf_file_io_proxy": "it was a test double for TensorFlow's file_io; files here are "
    "those of the machine",
}


def missing(module, name):
    """Returns the AttributeError for a name that a module has not; says where it went."""
    told = GONE.get(f"{module.rpartition('.')[2]}.{name}")
    ending = f": {told}." if told else ""
    return AttributeError(f"module {module!r} has no attribute {name!r}{ending}", name=name)


def takes_old_names(**renames):
    """Decorates a function or method: it takes arguments under their old names as well.

    Args:
        **renames: Old name to new name; None drops an argument that has no meaning any more.

    Returns:
        The decorator. The decorated function has the signature of the original, and the table as
        its attribute `old_arguments`.
    """

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for old in renames.keys() & kwargs.keys():
                value, new = kwargs.pop(old), renames[old]
                tell("argument", f"{function.__name__}({old})", new or "nothing")
                if new in kwargs:
                    raise TypeError(
                        f"{function.__name__} got both the old argument `{old}` and `{new}`, its "
                        "name now. Give the latter only."
                    )
                if new is not None:
                    kwargs[new] = value
            return function(*args, **kwargs)

        wrapper.__signature__ = inspect.signature(function)
        wrapper.old_arguments = renames
        return wrapper

    return decorate
