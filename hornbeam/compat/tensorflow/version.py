"""`tf.version`."""

from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.defaults import VERSION

__all__ = ["COMPILER_VERSION", "GIT_VERSION", "GRAPH_DEF_VERSION", "VERSION"]

GIT_VERSION = COMPILER_VERSION = "unknown"
GRAPH_DEF_VERSION = 0


__getattr__ = teller("version")
