"""Classes and functions of hornbeam as tf.keras has them: other defaults, another order.

A `Facade` is a class that stands for one of hornbeam's. Called, it makes an instance of that very
class, so that saving, loading and `isinstance` know no difference; a subclass of it is a subclass
of hornbeam's class whose `super().__init__(...)` goes by tf.keras's signature.
"""

import functools
import inspect

__all__ = ["Facade", "facade", "with_defaults"]

_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)


class Facade(type):
    """The class of the classes that stand for hornbeam's, and of their subclasses."""

    def __call__(cls, *args, **kwargs):
        if "_stands_for" not in cls.__dict__:
            return super().__call__(*args, **kwargs)
        return cls._stands_for(**cls._bound(args, kwargs))

    def __instancecheck__(cls, instance):
        if "_stands_for" in cls.__dict__:
            return isinstance(instance, cls._stands_for)
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, other):
        if "_stands_for" in cls.__dict__:
            return issubclass(other, cls._stands_for)
        return super().__subclasscheck__(other)


def facade(base, module, defaults=None, order=None, renames=None, without=()):
    """Makes the class of tf.keras that stands for `base`.

    Args:
        base: Class of hornbeam.
        module: String, the module of tf.keras that has it.
        defaults: Dict from argument to its default in tf.keras.
        order: Tuple of the arguments in tf.keras's order, as far as it differs; the others follow.
        renames: Dict from tf.keras's name of an argument to hornbeam's.
        without: Names of arguments that tf.keras takes by name only.
    """
    signature, bound = _translation(base.__init__, base.__name__, defaults, order, renames, without)

    def __init__(self, *args, **kwargs):
        base.__init__(self, **bound(args, kwargs))

    __init__.__signature__ = signature.replace(
        parameters=[inspect.Parameter("self", _KINDS[0]), *signature.parameters.values()]
    )
    members = {
        "__doc__": base.__doc__,
        "__init__": __init__,
        "__module__": module,
        "__qualname__": base.__name__,
        "__signature__": signature,
        "_bound": staticmethod(bound),
        "_stands_for": base,
    }
    return Facade(base.__name__, (base,), members)


def with_defaults(function, defaults=None, order=None, renames=None, without=()):
    """Returns `function` with tf.keras's signature. See `facade`."""
    signature, bound = _translation(
        function, function.__name__, defaults, order, renames, without, skip=0
    )

    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(**bound(args, kwargs))

    call.__signature__ = signature
    return call


def _translation(function, name, defaults, order, renames, without, skip=1):
    """The signature in tf.keras, and the function from its arguments to hornbeam's by name."""
    defaults, renames = defaults or {}, renames or {}
    old_names = {new: old for old, new in renames.items()}
    found = list(inspect.signature(function).parameters.values())[skip:]
    named = {old_names.get(p.name, p.name): p for p in found if p.kind in _KINDS}
    rest = [p for p in found if p.kind not in _KINDS]
    for argument in order or ():
        named.setdefault(argument, inspect.Parameter(argument, _KINDS[0], default=None))
    places = [*(order or ()), *(n for n in named if n not in (order or ()))]
    parameters, by_name = [], []
    for argument in places:
        default = defaults.get(argument, named[argument].default)
        one = inspect.Parameter(argument, _KINDS[0], default=default)
        if argument in without:
            by_name.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        else:
            parameters.append(one)
    needed = [p for p in parameters if p.default is p.empty]
    signature = inspect.Signature(needed + [p for p in parameters if p not in needed]
                                  + by_name + [p for p in rest if p.kind is p.VAR_KEYWORD])
    taken = [p.name for p in parameters]

    def bound(args, kwargs):
        if len(args) > len(taken):
            raise TypeError(
                f"{name} takes at most {len(taken)} arguments by position, as in tf.keras: "
                f"{taken}; {len(args)} were given."
            )
        twice = [argument for argument in taken[: len(args)] if argument in kwargs]
        if twice:
            raise TypeError(f"{name} got several values for the argument {twice[0]!r}.")
        given = {**defaults, **dict(zip(taken, args)), **kwargs}
        return {renames.get(argument, argument): value for argument, value in given.items()}

    return signature, bound
