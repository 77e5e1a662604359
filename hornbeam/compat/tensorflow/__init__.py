"""The name `tensorflow` in programs written for it: tf.keras, and what stands around it.

Each name is answered by the module of its family when a program first asks for it; importing the
package imports nothing. What a program computes with them are hornbeam's tensors and variables and
JAX's arrays. An unknown name says so.
"""

import importlib
import importlib.util

from hornbeam.compat.tensorflow.defaults import VERSION

__version__ = VERSION
__git_version__ = "unknown"
__compiler_version__ = "unknown"

# Modules below `tensorflow`.
NAMESPACES = (
    "audio", "autograph", "bitwise", "compat", "config", "contrib", "data", "debugging",
    "distribute", "dtypes", "errors", "estimator", "experimental", "feature_column", "gfile",
    "image", "initializers", "io", "keras", "layers", "linalg", "lite", "logging", "losses",
    "lookup", "math", "metrics", "nest", "nn", "profiler", "python", "python_io", "quantization",
    "queue", "ragged", "random", "raw_ops", "saved_model", "sets", "signal", "sparse", "strings",
    "summary", "sysconfig", "test", "tpu", "train", "types", "v1", "version",
)  # fmt: skip

# Modules whose public names are names of `tensorflow` as well; the first that has one answers.
FAMILIES = (
    "dtypes", "tape", "functions", "shaping", "choosing", "control", "derivatives", "effects",
    "math", "linalg", "constants", "ops", "random", "signal", "variables", "v1",
)  # fmt: skip


# What only TensorFlow 1 has at its root: a program that asks for one builds graphs.
OF_TENSORFLOW_1 = frozenset([
    "ConfigProto", "GPUOptions", "InteractiveSession", "Session", "get_default_session",
    "global_variables_initializer", "placeholder",
])  # fmt: skip
OF_TENSORFLOW_2 = frozenset(["GradientTape", "function"])

_started = False


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(f"module 'tensorflow' has no attribute {name!r}")
    _start(name)
    if name == "keras":
        return importlib.import_module("tensorflow.keras")
    if name in NAMESPACES and _is_there(name):
        return importlib.import_module(f"{__name__}.{name}")
    for family in FAMILIES:
        if _is_there(family):
            module = importlib.import_module(f"{__name__}.{family}")
            if name in module.__all__:
                value = getattr(module, name)
                if name not in OF_TENSORFLOW_1:
                    globals()[name] = value
                return value
    raise AttributeError(
        f"tensorflow.{name} is not provided by hornbeam: `tensorflow` is hornbeam here, which has "
        "tensorflow.keras and the functions that Keras programs use around it, on JAX. Take one "
        "from tensorflow.keras or keras.backend, or run the program on TensorFlow itself."
    )


def _start(name):
    """Says at the first name whether values come at once, as in TensorFlow 2."""
    global _started
    if not _started or name in OF_TENSORFLOW_1 or name in OF_TENSORFLOW_2:
        _started = True
        conventions = importlib.import_module(f"{__name__}.conventions")
        if name in OF_TENSORFLOW_1:
            conventions.eager(False)
        elif name in OF_TENSORFLOW_2:
            conventions.eager(True)
        else:
            conventions.follow_tensorflow()


def _is_there(name):
    return importlib.util.find_spec(f"{__name__}.{name}") is not None


def __dir__():
    found = {name for name in NAMESPACES if _is_there(name)} | {"__version__"}
    for family in FAMILIES:
        if _is_there(family):
            found.update(importlib.import_module(f"{__name__}.{family}").__all__)
    return sorted(found)
