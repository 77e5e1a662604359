"""`Progbar`, for loops of one's own. It lives with the callbacks, which use it."""

from hornbeam.callbacks.progbar import Progbar

__all__ = ["Progbar"]
