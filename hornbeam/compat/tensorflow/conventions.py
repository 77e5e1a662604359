"""What differs in all of tf.keras at once, and so cannot stand in a table of names.

Layers are named `dense`, `dense_1`, ... (in Keras `dense_1`, `dense_2`, ...), a frozen
`BatchNormalization` normalizes by its moving averages in training too, `clipnorm` clips each
gradient by its own norm, and `compile("adadelta")` means tf.keras's defaults. A program that has
asked for `tensorflow.keras` and not for `keras` gets these.
"""

import sys

from hornbeam.backend import config
from hornbeam.compat.tensorflow import defaults

__all__ = ["follow_keras", "follow_tf_keras"]


def follow_tf_keras():
    """From here on tf.keras's conventions hold, unless the program has imported `keras`."""
    if "keras" in sys.modules:
        return
    from hornbeam.optimizers import lookup

    config.set_conventions("tf.keras")
    for name, kind in defaults.optimizer_classes().items():
        lookup._CLASSES[name] = kind


def follow_keras():
    """From here on Keras's conventions hold, as they do where nobody asked for others."""
    from hornbeam.optimizers import lookup

    config.set_conventions("keras")
    for name, kind in lookup._CLASSES.items():
        lookup._CLASSES[name] = kind.__dict__.get("_stands_for", kind)
