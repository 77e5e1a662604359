"""Names that matplotlib had."""

__all__ = ["add_styles", "hold", "ishold"]


def hold(b=None):
    """Says that plots are added to those there are, which they always are now.

    Raises:
        ValueError: for `False`, which cannot be had any more.
    """
    if b is not None and not b:
        raise ValueError(
            "plt.hold(False) let each plot replace the one before. matplotlib always adds plots "
            "now: call plt.cla() before a plot that should stand alone."
        )


def ishold():
    """True: plots are added to those there are."""
    return True


def add_styles(style):
    """Lets the styles "seaborn-..." be used, which are called "seaborn-v0_8-..." now."""
    for name in [name for name in style.library if name.startswith("seaborn-v0_8")]:
        style.library.setdefault(name.replace("-v0_8", ""), style.library[name])
