"""Runs when Python starts in a child of a program to which `keras` means hornbeam.

It imports nothing of hornbeam before the child asks for `keras` or `tensorflow`, and leaves no
trace on `sys.path`. A Python of another environment is left alone.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

NAMES = ("keras", "tensorflow", "tf_keras", "keras_preprocessing", "tensorboard.compat.notf")
HERE = os.path.dirname(os.path.abspath(__file__))


class FirstKeras:
    """Waits in `sys.meta_path` for the first of our names, then brings in the real finder."""

    def find_spec(self, name, path=None, target=None):
        if name not in NAMES:
            return None
        sys.meta_path.remove(self)
        activate()
        return sys.meta_path[0].find_spec(name, path, target)


def activate():
    """Makes `keras` mean hornbeam; hornbeam may be a source tree that is not installed."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
    borrowed = [] if root in sys.path else [root]
    sys.path += borrowed
    try:
        import hornbeam.as_keras  # noqa: F401
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
sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or os.curdir) != HERE]
run_hidden()
