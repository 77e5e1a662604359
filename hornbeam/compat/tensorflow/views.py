"""The modules of tf.keras: hornbeam's own modules, with what tf.keras has otherwise.

A module in which nothing differs is hornbeam's very module. One in which something does, by the
table `defaults.CHANGES`, is a `View`: it answers the changed names itself and every other name
from hornbeam's module.
"""

import importlib
from types import ModuleType

from hornbeam.compat.tensorflow import conventions, defaults
from hornbeam.homes import HOMES
from hornbeam.registry import suggestion

__all__ = ["View", "differs", "home"]

# Name below `tensorflow.keras` -> name below `hornbeam`, beside `hornbeam.homes.HOMES`.
TF_KERAS_HOMES = {
    "callbacks_v1": "callbacks",
    "datasets.fashion_mnist": "datasets.fashion_mnist",
    "engine.base_layer_utils": "engine",
    "engine.data_adapter": "training.data",
    "engine.functional": "models",
    "engine.input_layer": "engine.input_layer",
    "engine.input_spec": "engine",
    "engine.keras_tensor": "backend",
    "engine.training_v1": "engine",
    "engine.training_v2": "engine",
    "initializers.initializers_v1": "initializers",
    "initializers.initializers_v2": "initializers",
    "layers.convolutional": "layers.convolutional",
    "layers.dense_attention": "layers",
    "layers.experimental": "layers",
    "layers.experimental.preprocessing": "layers",
    "layers.legacy_rnn": "layers",
    "layers.normalization": "layers",
    "layers.normalization_v2": "layers",
    "layers.recurrent_v2": "layers",
    "layers.preprocessing": "layers",
    "layers.preprocessing.image_preprocessing": "layers",
    "metrics.experimental": "metrics",
    "models.experimental": "models",
    "optimizer_v1": "optimizers",
    "optimizer_v2": "optimizers",
    "optimizer_v2.adadelta": "optimizers",
    "optimizer_v2.adagrad": "optimizers",
    "optimizer_v2.adam": "optimizers",
    "optimizer_v2.adamax": "optimizers",
    "optimizer_v2.ftrl": "optimizers",
    "optimizer_v2.gradient_descent": "optimizers",
    "optimizer_v2.nadam": "optimizers",
    "optimizer_v2.learning_rate_schedule": "optimizers.schedules",
    "optimizer_v2.optimizer_v2": "optimizers",
    "optimizer_v2.rmsprop": "optimizers",
    "optimizers.experimental": "optimizers",
    "optimizers.legacy": "optimizers",
    "premade": "models",
    "saving.hdf5_format": "saving",
    "saving.save": "models",
    "utils.experimental": "utils",
    "utils.legacy": "utils",
    "utils.tf_utils": "utils",
}


def home(below):
    """The name below `hornbeam` that answers for `tensorflow.keras.<below>`."""
    return TF_KERAS_HOMES.get(below) or HOMES.get(below, below)


def differs(below):
    """Whether `tensorflow.keras.<below>` is a view; hornbeam's own module answers otherwise."""
    return below == "" or home(below) in defaults.CHANGES or below in defaults.MODULES


class View(ModuleType):
    """A module of tf.keras.

    Args:
        below: its name below `tensorflow.keras`; "" for the root.
    """

    def __init__(self, below):
        below_hornbeam = home(below)
        super().__init__(f"tensorflow.keras.{below}".rstrip("."))
        own = defaults.MODULES.get(below)
        name = own or f"hornbeam.{below_hornbeam}".rstrip(".")
        if name == "hornbeam.engine":
            importlib.import_module("hornbeam.models")  # it lends `fit` and `save` to `Model`
        module = importlib.import_module(name)
        self.__dict__.update(
            __doc__=module.__doc__,
            __file__=getattr(module, "__file__", None),
            __path__=[],
            _module=module,
            _below=below,
            _changes=defaults.CHANGES.get(below_hornbeam, {}),
        )
        if below == "":
            conventions.follow_tf_keras()

    def __getattr__(self, name):
        if name == "__all__":
            return sorted({*_public(self._module), *self._changes})
        if name in self._changes:
            value = self._changes[name](self._module, name)
        elif name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        else:
            value = self._found(name)
        self.__dict__[name] = value
        return value

    def _found(self, name):
        """A submodule's view where there is one, so that `tf.keras.layers` needs no import."""
        below = f"{self._below}.{name}".lstrip(".")
        found = getattr(self._module, name, None)
        if found is None or isinstance(found, ModuleType):
            try:
                return importlib.import_module(f"tensorflow.keras.{below}")
            except ModuleNotFoundError as error:
                if error.name != f"tensorflow.keras.{below}":
                    raise
        if found is None:
            known = suggestion(name, dir(self))
            raise AttributeError(
                f"tensorflow.keras.{below} is not provided by hornbeam.{known} "
                f"dir({self.__name__}) lists what is."
            )
        return found

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if not name.startswith("__") and not isinstance(value, ModuleType):
            setattr(self._module, name, value)

    def __dir__(self):
        return sorted({*_public(self._module), *self._changes})


def _public(module):
    names = getattr(module, "__all__", None) or dir(module)
    return [name for name in names if not name.startswith("_")]
