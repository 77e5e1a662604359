"""Compute where XLA's own way is slow: plain functions of arrays."""

from hornbeam.kernels.convolution import convolve, has_native, input_gradient, pointwise
from hornbeam.kernels.depthwise import MOST_PLACES, depthwise
from hornbeam.kernels.hashing import hashed_bits
from hornbeam.kernels.pooling import max_pool
from hornbeam.kernels.windows import materialized, on_cpu

__all__ = [
    "MOST_PLACES",
    "convolve",
    "depthwise",
    "has_native",
    "hashed_bits",
    "input_gradient",
    "materialized",
    "max_pool",
    "on_cpu",
    "pointwise",
]
