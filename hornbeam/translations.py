"""What was translated for an old program: those who translate tell, and a listener may write down.

Nobody listens unless `hornbeam run --report` asked for it.
"""

import contextlib

__all__ = ["listening", "tell"]

_listeners = []


@contextlib.contextmanager
def listening(listener):
    """Calls `listener(kind, old, new)` for each translation inside the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(kind, old, new):
    """Says that something old was given, and what it was taken for.

    Args:
        kind: String, what it is: "argument", "old package", "file".
        old: String, as the program wrote it.
        new: String, as it would be written now.
    """
    for listener in _listeners:
        listener(kind, old, new)
