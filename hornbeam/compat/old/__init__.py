"""What other packages had under names of theirs that are gone; see `compat.old_packages`."""

__all__ = []
