"""How much memory a config may ask for: bounded before it is allocated.

A config is a few numbers, and may come from anywhere: `units: 1000000000000` is as quickly written
as `units: 10`. Whoever makes objects of a config says with `spending` how much they may take;
whoever allocates what a config asks for says so with `charge`, before.
"""

import contextlib
import math
import os
import threading

__all__ = ["charge", "memory", "of_config", "spending", "weight_limit"]

_FALLBACK = 8 * 2**30  # bytes; where the system does not tell how much memory there is
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_state = threading.local()


class _Account:
    def __init__(self, limit, reason):
        self.left = self.limit = limit
        self.reason = reason


@contextlib.contextmanager
def spending(limit, reason):
    """Context in which at most `limit` bytes are charged.

    Args:
        limit: Integer, bytes.
        reason: String; why not more, and what to do about it, for the error.
    """
    accounts = _accounts()
    accounts.append(_Account(limit, reason))
    try:
        yield
    finally:
        accounts.pop()


def charge(shape, itemsize, what):
    """Counts an array that is about to be made; no account, no limit.

    Args:
        shape: Tuple of ints.
        itemsize: Integer, bytes of one number.
        what: String; what the array is, for the error.

    Raises:
        ValueError: if it is more than is left.
    """
    for account in _accounts():
        size = math.prod(int(length) for length in shape) * itemsize
        if size > account.left:
            raise ValueError(
                f"The config asks for {what} of shape {tuple(shape)}, {_bytes(size)}; with what "
                f"it asked for before that is more than {_bytes(account.limit)}. {account.reason}"
            )
        account.left -= max(size, 0)


@contextlib.contextmanager
def of_config():
    """Context in which a config is made into objects: it gets up to half of this machine's memory.

    `weight_limit` sets another limit. Inside of another `spending`, that one is the limit.
    """
    if _accounts():
        yield
        return
    limit = getattr(_state, "chosen", None)
    with spending(
        memory() // 2 if limit is None else limit,
        "If you know the model to be that large, allow it with "
        "`with hornbeam.saving.weight_limit(bytes):`.",
    ):
        yield


@contextlib.contextmanager
def weight_limit(limit):
    """Context in which a config alone, without weights, may ask for at most `limit` bytes.

    Without it the limit is half of the memory of this machine. A file that holds weights too needs
    none: there, the arrays in the file are the limit.

    Args:
        limit: Integer, bytes of all weights together.

    Example:
        >>> with weight_limit(64 * 2**30):
        ...     model = model_from_json(text)
    """
    before = getattr(_state, "chosen", None)
    _state.chosen = int(limit)
    try:
        yield
    finally:
        _state.chosen = before


def memory():
    """Returns how many bytes of memory this process may hope for: the machine's or its cgroup's."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        found = _FALLBACK
    for path in _CGROUPS:
        with contextlib.suppress(OSError, ValueError), open(path) as file:
            found = min(found, int(file.read()))
    return found


def _accounts():
    if not hasattr(_state, "accounts"):
        _state.accounts = []
    return _state.accounts


def _bytes(size):
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 and size < 2**80 else f"{size:.3g} bytes"
