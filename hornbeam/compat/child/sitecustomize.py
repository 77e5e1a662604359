"""Runs when Python starts in a child of a program to which `keras` means hornbeam.

It imports nothing of hornbeam before the child asks for `keras`, `tensorflow` or a package that had
other names (numpy, pandas), and leaves no trace on `sys.path`. A Python of another environment is
left alone.
"""

import os
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

NAMES = ("keras", "tensorflow", "tf_keras", "keras_preprocessing", "tensorboard.compat.notf")
HERE = os.path.dirname(os.path.abspath(__file__))


# Packages some of whose old names are answered, and modules of Python that are always loaded.
OLD = ("PIL", "cgi", "distutils", "fractions", "h5py", "imp", "inspect", "matplotlib", "numpy",
       "pandas", "scipy", "sklearn")
LOADED = ("collections", "time")


class FirstKeras:
    """Waits in `sys.meta_path` for the first of our names, then brings in the real finder."""

    def find_spec(self, name, path=None, target=None):
        if name not in NAMES:
            return None
        sys.meta_path.remove(self)
        activate()
        return sys.meta_path[0].find_spec(name, path, target)


class FirstOld:
    """Waits for the first package that had other names, then brings in those that answer."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in OLD:
            return None
        self.answer()
        return sys.meta_path[0].find_spec(name, path, target)

    def wait(self):
        sys.meta_path.insert(0, self)
        for name in LOADED:
            module = sys.modules.get(name)
            if module is not None and not hasattr(module, "__getattr__"):
                module.__getattr__ = self.missing(module)

    def missing(self, module):
        def __getattr__(name):
            if name.startswith("__") or self not in sys.meta_path:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            self.answer()
            return getattr(module, name)
        return __getattr__

    def answer(self):
        sys.meta_path.remove(self)
        with_hornbeam("hornbeam.compat.old_packages").answer()


def activate():
    """Makes `keras` mean hornbeam."""
    with_hornbeam("hornbeam.as_keras")


def with_hornbeam(name):
    """Imports a module of hornbeam, which may be a source tree that is not installed."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
    borrowed = [] if root in sys.path else [root]
    sys.path += borrowed
    try:
        return import_module(name)
    finally:
        for folder in borrowed:
            sys.path.remove(folder)


def run_hidden():
    """Runs the `sitecustomize` that this file hides, if there is one."""
    spec = PathFinder.find_spec("sitecustomize")
    if spec is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


if os.environ.get("HORNBEAM_AS_KERAS") == sys.prefix:
    sys.meta_path.insert(0, FirstKeras())
if os.environ.get("HORNBEAM_OLD_PACKAGES") == sys.prefix:
    FirstOld().wait()
sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or os.curdir) != HERE]
run_hidden()
