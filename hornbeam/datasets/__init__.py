"""Data sets: small ones that ship with hornbeam, larger ones downloaded on first use."""

from hornbeam.datasets import digits

__all__ = ["digits"]
