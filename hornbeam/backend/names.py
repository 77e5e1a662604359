"""Names and counters: `get_uid`, unique tensor names, name scopes."""

import collections
import contextlib

from hornbeam.backend import config

_counters = collections.Counter()
_tensor_names = collections.Counter()
_scopes = []
_used = []  # for each scope, how often each name was taken in it
_on_reset = []


def get_uid(prefix=""):
    """Returns 1, 2, 3, ... for each call with the same `prefix` since the last `clear_session`."""
    _counters[prefix] += 1
    return _counters[prefix]


def automatic(stem):
    """Returns the next automatic name: `dense_1`, `dense_2`, ...; in tf.keras `dense`, `dense_1`.

    Args:
        stem: String, the name of the class in lower case.
    """
    number = get_uid(stem)
    if config.conventions() == "keras":
        return f"{stem}_{number}"
    return f"{stem}_{number - 1}" if number > 1 else stem


def reset_uids():
    """Starts the counters of `get_uid` again."""
    _counters.clear()
    _tensor_names.clear()


def unique(name):
    """Returns `name` within the current name scope, with `_1`, `_2`, ... where it is taken."""
    name = "/".join([*_scopes, name])
    count = _tensor_names[name]
    _tensor_names[name] += 1
    return f"{name}_{count}" if count else name


@contextlib.contextmanager
def name_scope(name, default_name=None, values=None):
    """Puts `name/` before the names of tensors and variables made inside.

    Args:
        name: String; None means `default_name`.
        default_name: String used where `name` is None.
        values: Not needed here; accepted for programs written for TensorFlow 1.
    """
    _scopes.append(name if name is not None else default_name or "scope")
    _used.append(collections.Counter())
    try:
        yield "/".join(_scopes) + "/"
    finally:
        _scopes.pop()
        _used.pop()


def scoped(name):
    """Returns `name` in the current name scope, with `_1`, `_2`, ... where it is taken there."""
    if _used:
        count = _used[-1][name]
        _used[-1][name] += 1
        name = f"{name}_{count}" if count else name
    return "/".join([*_scopes, name])


def on_reset(function):
    """Calls `function()` at each `clear_session`. Returns `function`."""
    _on_reset.append(function)
    return function


def clear_session():
    """Forgets the counters, the learning phase and everything that was compiled.

    Models that are still referenced keep working.
    """
    reset_uids()
    for function in _on_reset:
        function()
