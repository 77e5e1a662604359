"""What the launcher raises."""

__all__ = ["NotebookError"]


class NotebookError(ValueError):
    """A file is no notebook of Python code."""
