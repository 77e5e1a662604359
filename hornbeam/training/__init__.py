"""Training: compiled programs, data adapters, and the loop around them.

Importing this package lends its `Trainer` to the engine.
"""

from hornbeam.engine.doors import doors
from hornbeam.training.trainer import NotCompiledError, Trainer

doors.trainer = Trainer

__all__ = ["NotCompiledError", "Trainer"]
