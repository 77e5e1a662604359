"""What differs in all of tf.keras at once, and so cannot stand in a table of names.

Operations on variables and constants compute at once (see `hornbeam.backend.eagerly`).

Layers are named `dense`, `dense_1`, ... (in Keras `dense_1`, `dense_2`, ...), a frozen
`BatchNormalization` normalizes by its moving averages in training too, `clipnorm` clips each
gradient by its own norm, and `compile("adadelta")` means tf.keras's defaults. A program that has
asked for `tensorflow.keras` and not for `keras` gets these.
"""

import sys

from hornbeam.backend import config, eagerly
from hornbeam.compat.tensorflow import defaults, lending

__all__ = ["eager", "follow_keras", "follow_tensorflow", "follow_tf_keras"]

_decided = False  # whether the program itself has said what it wants of eager execution


def eager(on):
    """Turns eager execution on or off because the program says so; it stays."""
    global _decided
    _decided = True
    (eagerly.enable if on else eagerly.disable)()


def follow_tensorflow():
    """From here on values come at once, as in TensorFlow 2; not beside `keras`."""
    lending.lend()
    if "keras" not in sys.modules and not _decided:
        eagerly.enable()


def follow_tf_keras():
    """From here on tf.keras's conventions hold, unless the program has imported `keras`."""
    if "keras" in sys.modules:
        return
    from hornbeam.optimizers import lookup

    config.set_conventions("tf.keras")
    follow_tensorflow()
    for name, kind in defaults.optimizer_classes().items():
        lookup._CLASSES[name] = kind


def follow_keras():
    """From here on Keras's conventions hold, as they do where nobody asked for others."""
    from hornbeam.optimizers import lookup

    config.set_conventions("keras")
    if not _decided:
        eagerly.disable()
    for name, kind in lookup._CLASSES.items():
        lookup._CLASSES[name] = kind.__dict__.get("_stands_for", kind)
