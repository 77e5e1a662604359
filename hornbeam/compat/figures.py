"""A backend of matplotlib where there is no display: `plt.show()` saves the figures as files.

`compat.display.show_without_display` chooses it, unless the user chose one.
"""

import os
import sys

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

__all__ = ["FigureCanvas", "FigureManager", "save_figures"]

_saved = []  # paths, in the order of their numbers


class FigureManager(FigureManagerBase):
    """A figure that is shown by saving it."""

    @classmethod
    def pyplot_show(cls, *, block=None):
        """Saves the open figures; closes them as if the user had, unless `block` is False.

        Args:
            block: As in `plt.show`; None blocks unless the interactive mode is on.
        """
        import matplotlib

        if block is None:
            block = not matplotlib.is_interactive()
        save_figures(close=block)


class FigureCanvas(FigureCanvasAgg):
    """Draws with Agg."""

    manager_class = FigureManager


def save_figures(close=True):
    """Saves the open figures as `<program>-figure-<number>.png` in the working directory.

    Args:
        close: Whether they are closed. A figure that stays open keeps its file, and is saved again
            only if it has changed.

    Returns:
        List of the paths written.
    """
    from matplotlib._pylab_helpers import Gcf

    written = []
    for manager in Gcf.get_all_fig_managers():
        figure = manager.canvas.figure
        path = getattr(manager, "saved_as", None)
        if path is None or figure.stale:
            if path is None:
                path = manager.saved_as = f"{_program()}-figure-{len(_saved) + 1}.png"
                _saved.append(path)
                print(f"hornbeam: there is no display; saved {path}", file=sys.stderr)
            figure.savefig(path)
            figure.stale = False
            written.append(path)
    if close:
        Gcf.destroy_all()
    return written


def _program():
    """The program's name without its ending."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None) or sys.argv[0]
    name = os.path.splitext(os.path.basename(path or ""))[0]
    return name if name and not name.startswith("-") else "program"
