"""Names that Python's own library had."""

import importlib.util
import inspect
import os
import shutil
import sys
from collections import namedtuple

__all__ = ["ArgSpec", "copy_tree", "getargspec", "load_source", "mkpath", "remove_tree",
           "strtobool"]

ArgSpec = namedtuple("ArgSpec", ["args", "varargs", "keywords", "defaults"])


def getargspec(func):
    """The parameters of a function that takes no keyword-only ones; else `getfullargspec`.

    Raises:
        ValueError: if the function has keyword-only parameters or annotations.
    """
    spec = inspect.getfullargspec(func)
    if spec.kwonlyargs or spec.annotations:
        raise ValueError(
            f"{func!r} has keyword-only parameters or annotations, which getargspec has no place "
            "for. Use inspect.getfullargspec or inspect.signature."
        )
    return ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)


def load_source(name, pathname, file=None):
    """Imports the module `name` from a file; again if it has been imported before."""
    spec = importlib.util.spec_from_file_location(name, pathname)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def strtobool(val):
    """1 for "yes", "true", "on", "1" and their like, 0 for their opposites.

    Raises:
        ValueError: for another text.
    """
    word = val.lower()
    if word in ("y", "yes", "t", "true", "on", "1"):
        return 1
    if word in ("n", "no", "f", "false", "off", "0"):
        return 0
    raise ValueError(f"invalid truth value {val!r}")


def mkpath(name, mode=0o777):
    """Makes a folder and those above it; returns those that were made."""
    made, folder = [], os.path.normpath(name)
    while folder and not os.path.isdir(folder):
        made.insert(0, folder)
        folder = os.path.dirname(folder)
    os.makedirs(name, mode, exist_ok=True)
    return made


def copy_tree(src, dst, preserve_mode=1, preserve_times=1, preserve_symlinks=0):
    """Copies what is in `src` into `dst`, over what is there; returns the files written."""
    copied = []

    def copy(source, target):
        copied.append(target)
        if preserve_times:
            return shutil.copy2(source, target)
        return (shutil.copy if preserve_mode else shutil.copyfile)(source, target)

    shutil.copytree(src, dst, symlinks=bool(preserve_symlinks), copy_function=copy,
                    dirs_exist_ok=True)
    return copied


def remove_tree(directory):
    """Deletes a folder and all that is in it."""
    shutil.rmtree(directory)
