"""Compute where XLA's own way is slow: plain functions of arrays."""

from hornbeam.kernels.hashing import hashed_bits

__all__ = ["hashed_bits"]
