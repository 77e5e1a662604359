"""Whether pictures can be shown on a screen, and what matplotlib does if they cannot."""

import os
import sys

__all__ = ["BACKEND", "has_display", "show_without_display"]

BACKEND = "module://hornbeam.compat.figures"


def has_display():
    """Whether there is a screen: always on Windows and macOS, else if a variable names one."""
    if sys.platform in ("win32", "cygwin", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show_without_display(matplotlib):
    """Lets matplotlib save figures where it cannot show them, unless the user chose a backend.

    Args:
        matplotlib: The module, just imported. A variable MPLBACKEND, or its own settings, may have
            chosen; a variable of ours would reach Pythons that do not have our backend.
    """
    chosen = isinstance(dict.__getitem__(matplotlib.rcParams, "backend"), str)
    if not chosen and not has_display():
        matplotlib.use(BACKEND)
