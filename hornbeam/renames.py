"""Arguments under the names that they had in earlier versions of Keras."""

import functools
import inspect

from hornbeam.translations import tell

__all__ = ["takes_old_names"]


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
