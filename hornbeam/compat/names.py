"""The names of Keras: `keras` and its submodules mean hornbeam.

`keras.layers` is the very module `hornbeam.layers`, found under a second name in `sys.modules`,
never a copy: a class has one identity, whichever name it was imported by.
"""

import importlib
import importlib.util
import os
import sys
from pathlib import Path

from hornbeam.homes import HOMES, Aliases

__all__ = ["HOMES", "activate"]

CHILD_FLAG = "HORNBEAM_AS_KERAS"
CHILD_FOLDER = Path(__file__).with_name("child")


def activate():
    """Makes `keras` and its submodules mean hornbeam, in this process and in its children.

    An installed Keras is neither imported nor changed; it is hidden. Calling this again does
    nothing.

    Raises:
        ImportError: if the program has imported another Keras already.
    """
    keras = sys.modules.get("keras")
    if keras is not None and keras is not sys.modules["hornbeam"]:
        raise ImportError(
            f"The name keras was imported before hornbeam could take it: it is {keras!r}. Two "
            "Keras libraries cannot share the name in one process. Put `import hornbeam.as_keras` "
            "above the first `import keras` (in a notebook: restart the kernel first), or start "
            "the program with `hornbeam run`."
        )
    if not any(isinstance(finder, KerasNames) for finder in sys.meta_path):
        sys.meta_path.insert(0, KerasNames())
    _tell_children()


class KerasNames(Aliases):
    """Finds `keras` and `keras.*` in hornbeam, and `keras_preprocessing`."""

    def home(self, name):
        home = _home(name)
        if home is not None and not _exists(home):
            raise ModuleNotFoundError(
                f"No module named {name!r}: keras is hornbeam here, and hornbeam has no module "
                f"{home!r}.",
                name=name,
            )
        return home


def _home(name):
    """The module of hornbeam that `name` means, or None if the name is not ours to answer."""
    root, _, below = name.partition(".")
    if root == "keras":
        return f"hornbeam.{HOMES.get(below, below)}".rstrip(".")
    if root == "keras_preprocessing":  # Keras 2.2 and 2.3 had it beside; pickles name it
        return f"hornbeam.preprocessing.{below}".rstrip(".")
    return None


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
