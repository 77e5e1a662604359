"""Modules handed in: the convention of keras_applications, which worked with several Keras."""

__all__ = ["check_modules", "get_submodules_from_kwargs", "set_keras_submodules"]

# What is looked up in a module, to see whose it is.
_PROBES = {"backend": "int_shape", "layers": "Dense", "models": "Model", "utils": "get_file"}


def check_modules(modules):
    """Checks the modules that a caller handed in.

    Args:
        modules: Dict with any of `backend`, `layers`, `models` and `utils`: Keras's modules of
            these names, or None. They can only be hornbeam's own.

    Raises:
        TypeError: for another name.
        ValueError: for the module of another library.
    """
    for name, module in modules.items():
        if name not in _PROBES:
            raise TypeError(
                f"Invalid keyword argument: {name!r}. Beside its own arguments this function takes "
                f"{', '.join(_PROBES)}."
            )
        found = getattr(module, _PROBES[name], None)
        if module is not None and not getattr(found, "__module__", "").startswith("hornbeam."):
            raise ValueError(
                f"{name}={module!r} is not a module of hornbeam. The models are built of "
                "hornbeam's layers and cannot use another library's: leave the argument out."
            )


def get_submodules_from_kwargs(kwargs):
    """Returns the modules `(backend, layers, models, utils)`, as programs ask for them.

    Args:
        kwargs: Dict with any of `backend`, `layers`, `models` and `utils`. A module that is not
            in it, or is None, is hornbeam's.

    Raises:
        TypeError, ValueError: as `check_modules`.

    Source: keras_applications 1.0.8.
    """
    from hornbeam import backend, layers, models, utils

    check_modules(kwargs)
    own = {"backend": backend, "layers": layers, "models": models, "utils": utils}
    return tuple(kwargs.get(name) or module for name, module in own.items())


def set_keras_submodules(backend=None, layers=None, models=None, utils=None, engine=None):
    """Takes the modules that the models are to be built with: they can only be hornbeam's.

    Args:
        backend, layers, models, utils: Modules, or None.
        engine: Module; keras_applications took it and never used it.

    Raises:
        ValueError: for a module of another library.

    Source: keras_applications 1.0.6.
    """
    check_modules({"backend": backend, "layers": layers, "models": models, "utils": utils})
