"""Which program this thread is tracing or running, if any."""

import contextlib
import threading

_thread = threading.local()


def program():
    """Returns the program of this thread, or None while a graph is being built."""
    return getattr(_thread, "program", None)


@contextlib.contextmanager
def activate(program):
    """Makes `program` the one that operations compute in; None records nodes instead."""
    before = getattr(_thread, "program", None)
    _thread.program = program
    try:
        yield program
    finally:
        _thread.program = before


def recording():
    """Context in which operations on symbolic tensors record nodes, even inside a program."""
    return activate(None)
