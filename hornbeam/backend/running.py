"""Which program this thread is tracing or running, if any, and whether values come at once.

Outside of programs, operations on symbolic tensors and variables record a graph, as in Keras on
TensorFlow 1. Where eager execution is on, as in TensorFlow 2, operations on variables and arrays
compute instead (see `hornbeam.backend.eagerly`); placeholders still make a graph.
"""

import contextlib
import threading

_thread = threading.local()
_eager = None  # the module `hornbeam.backend.eagerly`, while eager execution is on


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


@contextlib.contextmanager
def recording():
    """Context in which operations on symbolic tensors record nodes, even inside a program.

    Variables are symbolic in it, even where eager execution is on.
    """
    before = getattr(_thread, "graph", False)
    _thread.graph = True
    try:
        with activate(None):
            yield
    finally:
        _thread.graph = before


def eager():
    """Returns what runs operations at once, or None where they record a graph."""
    found = _eager or getattr(_thread, "eager", None)
    return None if found is None or getattr(_thread, "graph", False) else found


@contextlib.contextmanager
def eagerly(module):
    """Context in which eager execution is on for this thread. See `set_eager`."""
    before = getattr(_thread, "eager", None)
    _thread.eager = module
    try:
        yield
    finally:
        _thread.eager = before


def set_eager(module):
    """Turns eager execution on, by the module that does it, or off, by None. For all threads."""
    global _eager
    _eager = module


@contextlib.contextmanager
def computing():
    """Context in which values come at once, or are recorded on a tape, inside a program too.

    Yields:
        The program around, or None.
    """
    around = program()
    before = getattr(_thread, "graph", False), beneath()
    _thread.graph = False
    if around is not None:
        _thread.beneath = around
    try:
        with activate(None):
            yield around
    finally:
        _thread.graph, _thread.beneath = before


def autocast():
    """Returns the dtype in which eager operations read weights: that of a mixed policy, or None."""
    return getattr(_thread, "autocast", None)


@contextlib.contextmanager
def casting(dtype):
    """Context in which eager operations read weights in `dtype`; None reads them as they are."""
    before = autocast()
    _thread.autocast = dtype
    try:
        yield
    finally:
        _thread.autocast = before


def beneath():
    """Returns the program whose values are being recorded on a tape, or None."""
    return getattr(_thread, "beneath", None)


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
