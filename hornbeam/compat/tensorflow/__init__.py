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
    "app", "audio", "autograph", "bitwise", "compat", "config", "contrib", "data", "debugging",
    "distribute", "dtypes", "errors", "estimator", "experimental", "feature_column", "flags",
    "gfile", "image", "initializers", "io", "keras", "layers", "linalg", "lite", "logging",
    "lookup", "losses", "math", "metrics", "nest", "nn", "profiler", "python", "python_io",
    "quantization", "queue", "ragged", "random", "raw_ops", "saved_model", "sets", "signal",
    "sparse", "strings", "summary", "sysconfig", "test", "tpu", "train", "types", "v1", "version",
)  # fmt: skip

# Modules of `tensorflow` that are tf.keras's.
KERAS_NAMESPACES = ("initializers", "losses", "metrics", "optimizers")

# Modules whose public names are names of `tensorflow` as well; the first that has one answers.
FAMILIES = (
    "dtypes", "tape", "functions", "shaping", "choosing", "control", "derivatives", "effects",
    "initial", "math", "linalg", "constants", "ops", "random", "logging", "objects", "variables",
    "v1",
)  # fmt: skip


# Names of TensorFlow 1 that say nothing of how a program computes. One that asks for another name
# that only TensorFlow 1 has at its root builds graphs.
SETTINGS = frozenset([
    "ConfigProto", "GPUOptions", "GraphOptions", "OptimizerOptions", "VERSION", "GIT_VERSION",
    "COMPILER_VERSION", "enable_eager_execution", "disable_eager_execution",
    "get_default_session", "set_random_seed",
])  # fmt: skip
OF_TENSORFLOW_2 = frozenset(["GradientTape", "function"])  # and these say that it does not

_started = False


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(f"module 'tensorflow' has no attribute {name!r}")
    _start()
    if name == "keras":
        return importlib.import_module("tensorflow.keras")
    if name in KERAS_NAMESPACES:
        return importlib.import_module(f"tensorflow.keras.{name}")
    if name in NAMESPACES and _is_there(name):
        return importlib.import_module(f"{__name__}.{name}")
    absent = importlib.import_module(f"{__name__}.absent")
    if name in absent.ABSENT:
        return importlib.import_module(f"tensorflow.{name}")
    for family in FAMILIES:
        if _is_there(family):
            module = importlib.import_module(f"{__name__}.{family}")
            if name in module.__all__:
                if name in OF_TENSORFLOW_2:
                    _conventions().eager(True)
                elif family == "v1" and name not in SETTINGS:
                    _conventions().eager(False)
                value = globals()[name] = getattr(module, name)
                return value
    raise AttributeError(
        f"tensorflow.{name} is not provided by hornbeam: `tensorflow` is hornbeam here, which has "
        "tensorflow.keras and the functions that Keras programs use around it, on JAX. Take one "
        "from tensorflow.keras or keras.backend, or run the program on TensorFlow itself."
    )


def _start():
    """Says at the first name that values come at once, as in TensorFlow 2."""
    global _started
    if not _started:
        _started = True
        _conventions().follow_tensorflow()
        importlib.import_module(f"{__name__}.ops").note_variables()


def _conventions():
    return importlib.import_module(f"{__name__}.conventions")


def _is_there(name):
    return importlib.util.find_spec(f"{__name__}.{name}") is not None


def __dir__():
    found = {name for name in NAMESPACES if _is_there(name)} | {"__version__"}
    for family in FAMILIES:
        if _is_there(family):
            found.update(importlib.import_module(f"{__name__}.{family}").__all__)
    return sorted(found)
