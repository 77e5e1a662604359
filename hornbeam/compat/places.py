"""Which code is the program's own: neither Python's, nor an installed package's, nor ours."""

import functools
import os
import sysconfig

__all__ = ["is_program", "program_frame"]

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
    return not path.startswith((_OURS, *_installed()))


@functools.cache
def _installed():
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({sysconfig.get_path(name) + os.sep for name in names})


def program_frame(frame):
    """The innermost frame, from `frame` outwards, that is the program's; None if none is."""
    while frame is not None and not is_program(frame.f_code.co_filename):
        frame = frame.f_back
    return frame
