"""`Logs`: what callbacks are told, where `acc` finds `accuracy` and the reverse."""

import dis
import sys

_MERGES_KEYWORDS = dis.opmap.get("DICT_MERGE")
_OTHER_NAME = {"acc": "accuracy", "accuracy": "acc"}


def other_name(name):
    """Returns the name that another version of Keras has for a log entry, or None.

    Keras 2.3 logs a metric by the name that `compile` was given; before, 'accuracy' was 'acc'.

    Example:
        >>> other_name("val_acc")
        'val_accuracy'
    """
    if not isinstance(name, str):
        return None
    stem, underscore, last = name.rpartition("_")
    other = _OTHER_NAME.get(last)
    return None if other is None else f"{stem}{underscore}{other}"


class Logs(dict):
    """A dict in which looking up `acc` finds `accuracy`, and the reverse, `val_` and all.

    Iterating, `len`, `keys`, `items` and copies show only the names that are there.
    `"{val_acc}".format(**logs)` works as well, see `keys`.

    Example:
        >>> logs = Logs(val_accuracy=0.5)
        >>> logs["val_acc"], "val_acc" in logs, list(logs)
        (0.5, True, ['val_accuracy'])
    """

    __slots__ = ()

    def __missing__(self, name):
        other = other_name(name)
        if other is not None and dict.__contains__(self, other):
            return dict.__getitem__(self, other)
        raise KeyError(name)

    def __contains__(self, name):
        if dict.__contains__(self, name):
            return True
        other = other_name(name)
        return other is not None and dict.__contains__(self, other)

    def get(self, name, default=None):
        """Returns the value under `name` or its other name, else `default`."""
        try:
            return self[name]
        except KeyError:
            return default

    def copy(self):
        """Returns a shallow copy, `Logs` as well."""
        return type(self)(self)

    def __iter__(self):  # a dict with its own `__iter__` is asked for `keys()` by `**logs`
        return dict.__iter__(self)

    def keys(self):
        """Returns the names that are there.

        One case differs. The file names of Keras programs are written as
        `path.format(epoch=epoch, **logs)`, and `**` copies keys, so that a name of the other
        version would not be found there. When `**` asks, in a function that formats strings, the
        other names are among the keys.
        """
        if _expands_to_format(sys._getframe(1)):
            other = [name for name in map(other_name, self) if name is not None]
            return [*self, *(name for name in other if not dict.__contains__(self, name))]
        return dict.keys(self)


def _expands_to_format(frame):
    """Whether `frame` stands at a `**mapping` of a call, in a function that uses `format`."""
    code = frame.f_code
    if "format" not in code.co_names or frame.f_lasti < 0:
        return False
    return code.co_code[frame.f_lasti] == _MERGES_KEYWORDS
