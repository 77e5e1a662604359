"""The names of Keras and of TensorFlow: `keras`, `tensorflow` and what is below them mean hornbeam.

`keras.layers` is the very module `hornbeam.layers`, found under a second name in `sys.modules`,
never a copy: a class has one identity, whichever name it was imported by. Only the root `keras` is
a module of its own, since it has a version of its own; every other name of it is hornbeam's.
`tensorflow` is `hornbeam.compat.tensorflow`, and `tensorflow.keras` hornbeam with tf.keras's
defaults (see `hornbeam.compat.tensorflow.views`).
"""

import importlib
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from hornbeam.homes import HOMES, Aliases

__all__ = ["HOMES", "KERAS_VERSION", "activate"]

KERAS_VERSION = "2.3.1"  # whose programs run as they stand
CHILD_FLAG = "HORNBEAM_AS_KERAS"
CHILD_FOLDER = Path(__file__).with_name("child")
TENSORFLOW = "hornbeam.compat.tensorflow"

_ABSENT, _FOLDER = "absent", "folder"  # specs of modules that have no home

# Names under which tf.keras was to be found; all mean `tensorflow.keras`.
TF_KERAS = (
    "tensorflow.python.keras",
    "tensorflow.python.keras.api.keras",
    "tensorflow.python.keras.api._v2.keras",
    "tensorflow.python.keras.api._v1.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.contrib.keras",
    "tensorflow.contrib.keras.python.keras",
    "tensorflow._api.v1.keras",
    "tensorflow._api.v2.keras",
    "tensorflow_core.keras",
    "tensorflow_core.python.keras",
    "tf_keras",
)

# Name of a module below `tensorflow` -> its name below `hornbeam.compat.tensorflow`.
TF_HOMES = {
    "compat": "compat",
    "compat.v1": "v1",
    "compat.v2": "",
    "io.gfile": "gfile",
    "gfile": "gfile",
    "python": "python",
    "python.platform.gfile": "gfile",
    "python.platform.tf_logging": "logging",
    "python.ops.array_ops": "",
    "python.ops.check_ops": "v1",
    "python.ops.control_flow_ops": "",
    "python.ops.functional_ops": "",
    "python.ops.gen_math_ops": "",
    "python.ops.gen_nn_ops": "nn",
    "python.ops.image_ops": "image",
    "python.ops.init_ops": "v1",
    "python.ops.linalg_ops": "linalg",
    "python.ops.math_ops": "v1",
    "python.ops.nn": "nn",
    "python.ops.nn_ops": "nn",
    "python.ops.random_ops": "v1",
    "python.ops.state_ops": "v1",
    "python.ops.tensor_array_ops": "",
    "python.ops.variable_scope": "v1",
    "python.ops.variables": "v1",
    "python.ops.summary_ops_v2": "summary",
    "python.framework.ops": "ops",
    "python.framework.dtypes": "dtypes",
    "python.framework.tensor_shape": "dtypes",
    "python.framework.tensor_spec": "dtypes",
    "python.framework.constant_op": "",
    "python.framework.errors": "errors",
    "python.framework.config": "config",
    "python.framework.random_seed": "random",
    "python.framework.tensor_util": "ops",
    "python.client.device_lib": "device_lib",
    "python.client.session": "v1",
    "python.eager.context": "ops",
    "python.eager.def_function": "",
    "python.util.nest": "nest",
    "python.util.tf_export": "ops",
    "python.training.tracking": "v1",
    "python.training.moving_averages": "ops",
    "python.saved_model": "saved_model",
    "logging": "logging",
    "core.framework.summary_pb2": "v1",
}

# What `keras.backend` of Keras 1 and 2 had of TensorFlow because it imported it.
BACKEND_IMPORTS = {
    "tf": "tensorflow",
    "control_flow_ops": "tensorflow.python.ops.control_flow_ops",
    "functional_ops": "tensorflow.python.ops.functional_ops",
    "tensor_array_ops": "tensorflow.python.ops.tensor_array_ops",
}

_INNER = (*TF_KERAS, *(f"tensorflow.{name}" for name in TF_HOMES))

# Packages that need the real TensorFlow -> what a program can do without them.
ABSENT = {
    "keras_contrib": (
        "Its layers are ordinary Keras code: install it beside hornbeam "
        "(pip install git+https://www.github.com/keras-team/keras-contrib.git), or copy the layer "
        "that you need into the program."
    ),
    "tensorflow_addons": (
        "It is compiled for TensorFlow and no longer maintained. Look for the layer, loss or "
        "metric in tensorflow.keras, which has many of its names now, or write it as a subclass."
    ),
    "tensorflow_hub": (
        "Its modules are TensorFlow graphs. Take weights from tensorflow.keras.applications or "
        "from an .h5 file."
    ),
    "tensorflow_probability": (
        "It needs TensorFlow's own runtime. On JAX there are distrax, numpyro, and its own "
        "substrate: pip install tensorflow-probability, import "
        "tensorflow_probability.substrates.jax."
    ),
    "tensorflow_datasets": (
        "It reads data through TensorFlow. Load the data once with it in an environment that has "
        "TensorFlow and save it with numpy.savez, or use keras.datasets."
    ),
    "theano": "Use the functions of keras.backend (K), which this program would find in any case.",
}


def activate():
    """Makes `keras` and `tensorflow` mean hornbeam, in this process and in its children.

    An installed Keras or TensorFlow is neither imported nor changed; it is hidden. Calling this
    again does nothing.

    Raises:
        ImportError: if the program has imported another Keras, or TensorFlow, already.
    """
    if any(isinstance(finder, KerasNames) for finder in sys.meta_path):
        _tell_children()
        return
    for name in ("keras", "tensorflow"):
        if name in sys.modules:
            raise ImportError(
                f"The name {name} was imported before hornbeam could take it: it is "
                f"{sys.modules[name]!r}. Two libraries cannot share the name in one process. Put "
                f"`import hornbeam.as_keras` above the first `import {name}` (in a notebook: "
                "restart the kernel first), or start the program with `hornbeam run`."
            )
    sys.meta_path.insert(0, KerasNames())
    sys.meta_path.append(AbsentPackages())
    _tell_children()


class Keras(ModuleType):
    """The module `keras`: hornbeam under its old name, with Keras's version."""

    _OWN = frozenset(["__spec__", "__loader__", "__package__", "__version__"])

    def __init__(self):
        hornbeam = importlib.import_module("hornbeam")
        super().__init__("keras", hornbeam.__doc__)
        own = {"__version__": KERAS_VERSION, "__path__": hornbeam.__path__,
               "__file__": hornbeam.__file__, "_hornbeam": hornbeam}
        self.__dict__.update(own)
        importlib.import_module("hornbeam.backend").__getattr__ = _import_of_backend

    def __getattr__(self, name):
        try:
            return getattr(self._hornbeam, name)
        except AttributeError:
            raise AttributeError(f"module 'keras' has no attribute {name!r}") from None

    def __setattr__(self, name, value):
        if name in self._OWN:
            super().__setattr__(name, value)
        else:
            setattr(self._hornbeam, name, value)

    def __delattr__(self, name):
        delattr(self._hornbeam, name)

    def __dir__(self):
        return sorted({*dir(self._hornbeam), "__version__"})


def _import_of_backend(name):
    """`K.tf`, `K.control_flow_ops` and their like: the `__getattr__` of `keras.backend`."""
    if name in BACKEND_IMPORTS:
        return importlib.import_module(BACKEND_IMPORTS[name])
    raise AttributeError(f"module 'keras.backend' has no attribute {name!r}")


class KerasNames(Aliases):
    """Finds `keras`, `keras_preprocessing` and `tensorflow`, and what is below them."""

    def find_spec(self, name, path=None, target=None):
        root, _, below = name.partition(".")
        if name == "keras":
            return _package(name, self)
        if name == "tensorboard.compat.notf":  # this TensorFlow is not one to read files with
            return ModuleSpec(name, self)
        if root in ("tensorflow", "tensorflow_core", "tf_keras"):
            return self._find_tensorflow(name)
        return super().find_spec(name, path, target)

    def _find_tensorflow(self, name):
        below = _below_tf_keras(name)
        if below is not None:
            if name == "tensorflow.keras" + ("." + below if below else ""):
                views = importlib.import_module(f"{TENSORFLOW}.views")
                if views.differs(below):
                    return _package(name, self)
                home = f"hornbeam.{views.home(below)}"
                if not _exists(home):
                    raise _not_provided(name, f"keras.{below}")
                return ModuleSpec(name, self, loader_state=home)
            return ModuleSpec(name, self, loader_state=f"tensorflow.keras.{below}".rstrip("."))
        home = _tensorflow_home(name)
        if not _exists(home):
            absent = importlib.import_module(f"{TENSORFLOW}.absent")
            if absent.word(name.partition(".")[2]) is not None:
                return ModuleSpec(name, self, loader_state=_ABSENT, is_package=True)
            if any(known.startswith(f"{name}.") for known in _INNER):
                return ModuleSpec(name, self, loader_state=_FOLDER, is_package=True)
            raise _not_provided(name)
        return ModuleSpec(name, self, loader_state=home)

    def create_module(self, spec):
        if spec.name == "keras":
            if f"{TENSORFLOW}.conventions" in sys.modules:
                sys.modules[f"{TENSORFLOW}.conventions"].follow_keras()
            return Keras()
        if spec.name == "tensorboard.compat.notf" or spec.loader_state == _FOLDER:
            return None
        if spec.loader_state == _ABSENT:
            absent = importlib.import_module(f"{TENSORFLOW}.absent")
            return absent.Absent(spec.name.partition(".")[2])
        if spec.loader_state is None:
            views = importlib.import_module(f"{TENSORFLOW}.views")
            return views.View(_below_tf_keras(spec.name))
        module = super().create_module(spec)
        if module.__name__.startswith(TENSORFLOW) and not hasattr(module, "__path__"):
            module.__path__ = []  # modules of TensorFlow's may be imported as if they were in it
        return module

    def exec_module(self, module):
        if module.__spec__.loader_state not in (None, _ABSENT, _FOLDER):
            super().exec_module(module)

    def home(self, name):
        home = _home(name)
        if home is not None and not _exists(home):
            raise ModuleNotFoundError(
                f"No module named {name!r}: keras is hornbeam here, and hornbeam has no module "
                f"{home!r}.",
                name=name,
            )
        return home


class AbsentPackages:
    """Stands last in `sys.meta_path`: says what to do without a package that is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name not in ABSENT or sys._getframe(2).f_code.co_name == "find_spec":
            return None  # `importlib.util.find_spec` only asks whether it is there
        raise ModuleNotFoundError(f"No module named {name!r}. {ABSENT[name]}", name=name)


def _package(name, loader):
    return ModuleSpec(name, loader, is_package=True)


def _home(name):
    """The module of hornbeam that `name` means, or None if the name is not ours to answer."""
    root, _, below = name.partition(".")
    if root == "keras":
        return f"hornbeam.{HOMES.get(below, below)}".rstrip(".")
    if root == "keras_applications":  # Keras 2.2 and 2.3 had it beside
        return f"hornbeam.applications.{below}".rstrip(".")
    if root == "keras_preprocessing":  # Keras 2.2 and 2.3 had it beside; pickles name it
        return f"hornbeam.preprocessing.{below}".rstrip(".")
    return None


def _below_tf_keras(name):
    """What `name` is below `tensorflow.keras`; "" for that itself, None for other names."""
    for root in ("tensorflow.keras", *TF_KERAS):
        if name == root:
            return ""
        if name.startswith(root + "."):
            below = name[len(root) + 1 :]
            if root != "tensorflow.python.keras" or not below.startswith("api"):
                return below.removeprefix("python.").removeprefix("src.")
    return None


def _tensorflow_home(name):
    """The module that a name of TensorFlow, outside of tf.keras, means."""
    below = name.partition(".")[2]
    if below.startswith("compat.v2."):
        below = below.removeprefix("compat.v2.")
    elif below.startswith("compat.v1."):
        below = below.removeprefix("compat.v1.")
    below = TF_HOMES.get(below, below)
    return f"{TENSORFLOW}.{below}".rstrip(".")


def _not_provided(name, below=""):
    absent = importlib.import_module(f"{TENSORFLOW}.absent")
    return ModuleNotFoundError(
        absent.word(below)
        or f"{name} is not provided by hornbeam: `tensorflow` is hornbeam here, which has "
        "tensorflow.keras and the functions that Keras programs use around it, on JAX. Take the "
        "name from tensorflow.keras or keras.backend, or run the program on TensorFlow itself.",
        name=name,
    )


def _exists(module):
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:                             # one of its parents is missing
        return False


def _tell_children():
    """Lets every Python started from here, by whatever means, find the names as well."""
    os.environ[CHILD_FLAG] = sys.prefix
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if str(CHILD_FOLDER) not in folders:
        folders.insert(0, str(CHILD_FOLDER))
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
