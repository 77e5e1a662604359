"""`tf.GradientTape`."""

import enum

from hornbeam.backend.tapes import Tape

__all__ = ["GradientTape", "UnconnectedGradients"]


class UnconnectedGradients(enum.Enum):
    """What a gradient is where the target does not depend on the source."""

    NONE = "none"
    ZERO = "zero"


class GradientTape(Tape):
    __doc__ = Tape.__doc__
