"""Which code is the program's own: neither Python's, nor an installed package's, nor ours."""

import functools
import os
import sysconfig

__all__ = ["is_program", "short"]

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@functools.cache
def is_program(filename):
    """Whether a file of code, as a frame names it, is part of the program.

    Args:
        filename: String; `<stdin>` and `<string>` are the program, `<frozen ...>` is not.
    """
    if filename.startswith("<"):
        return filename in ("<stdin>", "<string>")
    if filename.endswith((".pyx", ".pxi")):  # Cython names them by no path
        return False
    path = os.path.abspath(filename)
    if {"site-packages", "dist-packages"} & set(path.split(os.sep)):
        return False
    return not path.startswith((_OURS, *_installed()))


@functools.cache
def _installed():
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({sysconfig.get_path(name) + os.sep for name in names})


def short(path):
    """A path as the user would write it from here."""
    relative = os.path.relpath(path) if os.path.isabs(path) else path
    return path if relative.startswith("..") else relative
