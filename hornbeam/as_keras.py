"""`import hornbeam.as_keras`: from here on `keras` means hornbeam.

For notebooks and programs; put it above the first import of `keras`. Programs that should stay as
they are can be started with `hornbeam run` instead.
"""

from hornbeam.compat.names import activate

__all__ = []

activate()
