"""Names and the objects they stand for: custom objects, and objects to and from configs.

Everything that a config or a string can name is looked up here: in what the caller passes, in what
the user registered, and in the table of the module that asks. Nothing is imported by name.
"""

import difflib
import inspect

__all__ = [
    "CustomObjectScope",
    "catalogue",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "has_arg",
    "instance_by_name",
    "nearest_names",
    "register_keras_serializable",
    "serialize_keras_object",
    "suggestion",
]

_custom_objects = {}
_registered_names = {}  # object -> "package>name"
_catalogues = {}


# ---- custom objects


def get_custom_objects():
    """Returns the dict of custom objects itself: what is put in is known everywhere by its name.

    Example:
        >>> get_custom_objects()["half"] = lambda x: x / 2
        >>> get_custom_objects().clear()
    """
    return _custom_objects


class CustomObjectScope:
    """A context in which further names are known; afterwards the custom objects are as before.

    Args:
        *args: Dicts from name to class or function.

    Example:
        >>> with CustomObjectScope({"half": lambda x: x / 2}):
        ...     "half" in get_custom_objects()
        True
    """

    def __init__(self, *args):
        self.custom_objects = args
        self.backup = None

    def __enter__(self):
        self.backup = dict(_custom_objects)
        for objects in self.custom_objects:
            _custom_objects.update(objects or {})
        return self

    def __exit__(self, *args, **kwargs):
        _custom_objects.clear()
        _custom_objects.update(self.backup)


def custom_object_scope(*args):
    """Returns `CustomObjectScope(*args)`."""
    return CustomObjectScope(*args)


def register_keras_serializable(package="Custom", name=None):
    """Makes a decorator that registers a class or function as `package>name`.

    Saved models then name it so, and are loaded without `custom_objects`.

    Args:
        package: String; whose object it is.
        name: String; None means the object's own name.

    Raises:
        ValueError: for a class without `get_config`, which could not be saved.

    Source: tf.keras 2.
    """

    def register(target):
        own_name = name if name is not None else target.__name__
        if inspect.isclass(target) and not hasattr(target, "get_config"):
            raise ValueError(
                f"Cannot register the class {target.__name__}: it has no get_config() method, so "
                "that it could not be saved. Give it one that returns its constructor's arguments."
            )
        registered_name = f"{package}>{own_name}"
        _custom_objects[registered_name] = target
        _registered_names[target] = registered_name
        return target

    return register


def get_registered_name(obj):
    """Returns the `package>name` of a registered class or function, else its `__name__`."""
    try:
        return _registered_names.get(obj, obj.__name__)
    except TypeError:  # not hashable, so not registered
        return obj.__name__


def get_registered_object(name, custom_objects=None, module_objects=None):
    """Returns the class or function that `name` stands for, or None.

    Args:
        name: String.
        custom_objects: Dict that is asked first.
        module_objects: Dict that is asked last, after the registered objects.
    """
    for names in (custom_objects, _custom_objects, module_objects):
        if names and name in names:
            return names[name]
    return None


def catalogue(kind):
    """Returns the dict of built-in objects of one kind, `"layer"` for instance, by name.

    A higher level fills it, so that a lower one can find by name what it may not import.
    """
    return _catalogues.setdefault(kind, {})


# ---- unknown names


def nearest_names(name, names, count=3):
    """Returns up to `count` of `names` that look like `name`, the nearest first.

    Of names that differ in case and underscores only, the one spelled most like `name` is kept.
    """
    likeness = {}
    for known in sorted(names):
        folded = _likeness(_folded(name), _folded(known))
        if folded >= 0.6:
            found = (folded, _likeness(name, known), known)
            likeness[_folded(known)] = max(found, likeness.get(_folded(known), found))
    return [known for _, _, known in sorted(likeness.values(), reverse=True)[:count]]


def _likeness(a, b):
    return difflib.SequenceMatcher(None, a, b).ratio()


def _folded(name):
    return str(name).lower().replace("_", "").replace("-", "").replace(" ", "")


def suggestion(name, names):
    """Returns ` Did you mean 'x' or 'y'?` for the names nearest to `name`; '' if there are none."""
    found = [repr(known) for known in nearest_names(name, names)]
    if not found:
        return ""
    listed = found[0] if len(found) == 1 else ", ".join(found[:-1]) + " or " + found[-1]
    return f" Did you mean {listed}?"


def _unknown(name, what, module_objects, custom_objects):
    names = {
        known
        for table in (module_objects, _custom_objects, custom_objects)
        for known, target in (table or {}).items()
        if callable(target) and not known.startswith("_")
    }
    return ValueError(
        f"Unknown {what}: {name!r}.{suggestion(name, names)} An object of your own must be "
        f"passed itself, or made known by its name: custom_objects={{{name!r}: ...}} or "
        f"`with custom_object_scope({{{name!r}: ...}}):`."
    )


# ---- configs


def serialize_keras_object(instance):
    """Returns what `deserialize_keras_object` makes `instance` from again.

    Args:
        instance: None, an object with `get_config`, or a function or class.

    Returns:
        None; a dict with `class_name` and `config`; or a name.

    Raises:
        ValueError: for anything else.
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config") and not inspect.isclass(instance):
        return {
            "class_name": get_registered_name(type(instance)),
            "config": instance.get_config(),
        }
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(
        f"Cannot serialize {instance!r}: it has neither get_config() nor a name. "
        "Give its class a get_config() method that returns its constructor's arguments."
    )


def deserialize_keras_object(
    identifier, module_objects=None, custom_objects=None, printable_module_name="object"
):
    """Makes the object that a config stands for, or finds the one that a name stands for.

    Args:
        identifier: None, a name, or a dict with `class_name` and `config`.
        module_objects: Dict from name to class or function: the built-in ones.
        custom_objects: Dict from name to class or function, asked first; then come the objects of
            `get_custom_objects()`.
        printable_module_name: String; what is looked for, as error messages call it.

    Returns:
        None for None; for a name, what it stands for, classes not instantiated; for a dict, the
        object made by the class's `from_config`, or by calling it with the config.

    Raises:
        ValueError: for an unknown name (the message lists the nearest right ones), or a dict
            without `class_name` and `config`.

    Source: Keras 2.3.1; the further keys of Keras 3's configs are understood too.
    """
    if identifier is None:
        return None
    what = printable_module_name
    if isinstance(identifier, dict):
        if not isinstance(identifier.get("class_name"), str) or "config" not in identifier:
            raise ValueError(
                f"Improper config format: {identifier!r}. Expected a dict with the keys "
                "'class_name' and 'config'."
            )
        name, config = identifier["class_name"], identifier["config"]
        if name == "function" and isinstance(config, str):  # Keras 3 writes functions so
            return deserialize_keras_object(config, module_objects, custom_objects, what)
        target = _class_of(identifier, module_objects, custom_objects, what)
        ours = str(getattr(target, "__module__", None)).startswith("hornbeam.")
        if ours and not inspect.isclass(target) and _needs_argument(target):
            raise ValueError(  # a config cannot have a function called: it can only name it
                f"Improper config format: {name!r} is a function, which has no config. Expected "
                "its name alone."
            )
        return _from_config(
            target,
            config,
            custom_objects or {},
        )
    if isinstance(identifier, str):
        target = get_registered_object(identifier, custom_objects, module_objects)
        if target is None:
            raise _unknown(identifier, what, module_objects, custom_objects)
        return target
    raise ValueError(
        f"Could not interpret serialized {what}: {identifier!r}. Expected a name, or a dict with "
        "the keys 'class_name' and 'config'."
    )


def instance_by_name(name, module_objects, printable_module_name="object"):
    """Returns what a name stands for, ready for use: classes and factories are called.

    A function that must be given an argument is not a factory but the object itself, so that
    `get_custom_objects()["my_penalty"] = lambda x: ...` works as well as a class does.

    Args:
        name: String.
        module_objects: Dict from name to class or function: the built-in ones.
        printable_module_name: String; what is looked for, as error messages call it.

    Raises:
        ValueError: for an unknown name; the message lists the nearest right ones.
    """
    target = deserialize_keras_object(name, module_objects, None, printable_module_name)
    if inspect.isclass(target) or (callable(target) and not _needs_argument(target)):
        return target()
    return target


def _needs_argument(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # a builtin that does not tell
        return True
    return any(
        parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        for parameter in parameters
    )


def _class_of(config, module_objects, custom_objects, what):
    for key in ("registered_name", "class_name"):
        name = config.get(key)
        if isinstance(name, str):
            target = get_registered_object(name, custom_objects, module_objects)
            if target is not None:
                return target
    raise _unknown(config["class_name"], what, module_objects, custom_objects)


def _from_config(target, config, custom_objects):
    with CustomObjectScope(custom_objects):  # for what a constructor looks up by itself
        if not hasattr(target, "from_config"):
            return target(**config)
        if has_arg(target.from_config, "custom_objects"):
            return target.from_config(config, custom_objects={**_custom_objects, **custom_objects})
        return target.from_config(config)


def has_arg(fn, name, accept_all=False):
    """Whether a callable can be given an argument by the keyword `name`.

    Args:
        fn: Callable.
        name: String.
        accept_all: The answer where `fn` has no such parameter but takes `**kwargs`.
    """
    parameters = inspect.signature(fn).parameters
    parameter = parameters.get(name)
    if parameter is None or parameter.kind in (
        parameter.VAR_KEYWORD,
        parameter.VAR_POSITIONAL,
        parameter.POSITIONAL_ONLY,
    ):
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        return accept_all and takes_any
    return True
