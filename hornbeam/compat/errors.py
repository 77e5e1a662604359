"""What the launcher and its neighbours raise."""

__all__ = ["KernelError", "NotebookError"]


class NotebookError(ValueError):
    """A file is no notebook of Python code."""


class KernelError(ValueError):
    """A kernel for Jupyter cannot be installed or removed."""
