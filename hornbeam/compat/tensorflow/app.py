"""`tf.app` of TensorFlow 1: `tf.app.run()` calls `main`."""

import sys

from hornbeam.compat.tensorflow import flags
from hornbeam.compat.tensorflow.absent import teller

__all__ = ["flags", "run"]


def run(main=None, argv=None):
    """Reads the flags and calls `main(argv)`, by default that of the program; then ends."""
    argv = argv or sys.argv
    rest = flags.FLAGS(argv)
    main = main or sys.modules["__main__"].main
    sys.exit(main(rest))


__getattr__ = teller("app")
