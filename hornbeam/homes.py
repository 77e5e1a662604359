"""Modules that Keras had and hornbeam keeps elsewhere: one table, found by every import.

`hornbeam.objectives` is the very module `hornbeam.losses`, found under a second name in
`sys.modules`, never a copy: a class has one identity, whichever name it was imported by. Nothing
is imported before a program asks for it.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec

__all__ = ["HOMES", "Aliases", "answer_old_names"]

# Name below `keras` -> name below `hornbeam`.
HOMES = {
    "applications.mobilenetv2": "applications.mobilenet_v2",  # Keras 2.2.0 to 2.2.4
    "backend.common": "backend",
    "backend.load_backend": "backend",
    "backend.numpy_backend": "compat.numpy_backend",
    "backend.tensorflow_backend": "backend",
    "callbacks.callbacks": "callbacks",
    "engine.base_layer": "engine",
    "engine.saving": "compat.engine_saving",
    "engine.topology": "compat.topology",
    "engine.training": "compat.engine_training",
    "engine.training_arrays": "compat.training_utils",
    "engine.training_generator": "compat.training_utils",
    "engine.training_utils": "compat.training_utils",
    "initializations": "compat.initializations",  # Keras 1
    "legacy": "compat.legacy",
    "legacy.interfaces": "compat.legacy.interfaces",
    "legacy.layers": "layers",
    "legacy.models": "compat.legacy.models",
    "objectives": "losses",
    "utils.test_utils": "compat.test_utils",
    "utils.training_utils": "utils.multi_gpu_utils",  # Keras 2.0.9 to 2.1.3
    "utils.visualize_util": "utils.vis_utils",  # Keras 1
}


class Aliases:
    """Finds modules under other names; stands in `sys.meta_path`, and is its own loader.

    Subclasses give `home(name)`, the full name of the module that is meant, or None.
    """

    def __init__(self):
        self.own_specs = {}  # name of a module -> its own ModuleSpec

    def find_spec(self, name, path=None, target=None):
        home = self.home(name)
        return None if home is None else ModuleSpec(name, self, loader_state=home)

    def create_module(self, spec):
        module = importlib.import_module(spec.loader_state)
        if spec.loader_state == "hornbeam.engine":
            importlib.import_module("hornbeam.models")  # it lends `fit` and `save` to `Model`
        self.own_specs.setdefault(module.__name__, module.__spec__)
        return module

    def exec_module(self, module):
        # The import system has just put the spec of the second name in its place.
        module.__spec__ = self.own_specs[module.__name__]


class _OldNames(Aliases):
    def home(self, name):
        root, _, below = name.partition(".")
        if root == "hornbeam" and below in HOMES:
            return f"hornbeam.{HOMES[below]}"
        return None


def answer_old_names():
    """Lets imports of `hornbeam.<old name>` find the table. Calling it again does nothing."""
    if not any(isinstance(finder, _OldNames) for finder in sys.meta_path):
        sys.meta_path.append(_OldNames())  # last: real modules are found before it is asked
