"""The learning phase: 1 in training, 0 in test, or what the program itself decides."""

import contextlib

import numpy as np

from hornbeam.backend import names, running
from hornbeam.backend.tensors import Placeholder


class LearningPhase(Placeholder):
    """The symbolic learning phase; a program answers it from its own `training`."""

    _uses_learning_phase = True

    def value_in(self, program):
        return np.int32(program.training)

    def __reduce__(self):
        return symbolic_learning_phase, ()  # there is one, in copies too


_phase = None
_fixed = None


def learning_phase():
    """Returns the learning phase: 0 or 1 where it was set, else a symbolic scalar.

    Feed it to a `K.function` as one of the inputs: `K.function([x, K.learning_phase()], [y])`.
    """
    program = running.program()
    if program is not None:
        return int(program.training)
    if _fixed is not None:
        return _fixed
    return symbolic_learning_phase()


def symbolic_learning_phase():
    """Returns the one symbolic learning phase of this session."""
    global _phase
    if _phase is None:
        _phase = LearningPhase((), "int32", name="keras_learning_phase:0")
    return _phase


def set_learning_phase(value):
    """Fixes the learning phase.

    Args:
        value: 0 (test) or 1 (training).

    Raises:
        ValueError: for another value.
    """
    global _fixed
    if value not in (0, 1):
        raise ValueError(f"Expected learning phase to be 0 or 1, not {value!r}.")
    _fixed = int(value)


def fixed_learning_phase():
    """Returns 0 or 1 if `set_learning_phase` was called, else None."""
    return _fixed


@contextlib.contextmanager
def learning_phase_scope(value):
    """Fixes the learning phase within a `with` block."""
    global _fixed
    before = _fixed
    set_learning_phase(value)
    try:
        yield
    finally:
        _fixed = before


@names.on_reset
def _reset():
    global _fixed
    _fixed = None
