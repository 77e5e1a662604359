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


@contextlib.contextmanager
def controlling(inputs):
    """Context in which every recorded operation first computes the tensors `inputs`."""
    before = controls()
    _thread.controls = [*before, *inputs]
    try:
        yield
    finally:
        _thread.controls = before


def controls():
    """Returns what the operations that are recorded now must first compute."""
    return getattr(_thread, "controls", [])
