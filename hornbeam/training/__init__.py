"""Training: compiled programs, data adapters, and the loop around them.

Importing this package lends its trainers to the engine.
"""

from hornbeam.engine.doors import doors
from hornbeam.training.custom import CustomTrainer, is_custom
from hornbeam.training.trainer import NotCompiledError, Trainer


def _trainer_for(model, in_steps=False):
    """The trainer of a model: by its own steps if it has any, or if they are asked for."""
    return CustomTrainer(model) if in_steps or is_custom(model) else Trainer(model)


doors.trainer = _trainer_for

__all__ = ["CustomTrainer", "NotCompiledError", "Trainer"]
