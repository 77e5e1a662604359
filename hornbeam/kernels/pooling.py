"""Maximum over windows, with a gradient that is as fast as the pass forwards.

128 images of 24 x 24 x 64, windows of 2 x 2, two cores: 4 ms for the pass and its gradient, where
`lax.reduce_window` needs 90 ms, nearly all of it in the gradient (select-and-scatter).
"""

import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from hornbeam.kernels.windows import materialized, on_cpu, slices

__all__ = ["max_pool"]

_MOST_PLACES = 32  # a program grows with the window; 3 x 3 x 3 is 27


def max_pool(x, window, strides, padding):
    """The maximum of each window.

    Args:
        x: Array of numbers.
        window: Tuple of sizes, one for each axis of `x`.
        strides: Tuple of steps, likewise.
        padding: `'VALID'` or `'SAME'`; what is padded is never the maximum.

    Returns:
        An array of `x`'s dtype. NaN in a window makes its maximum NaN. The gradient goes to the
        first of equal elements, in row-major order, as in TensorFlow.
    """
    floats = jnp.issubdtype(x.dtype, jnp.floating)
    least = np.array(-np.inf if floats else jnp.iinfo(x.dtype).min, x.dtype)
    if not on_cpu() or math.prod(window) > _MOST_PLACES:
        return lax.reduce_window(x, least, lax.max, window, strides, padding)
    pads = lax.padtype_to_pads(x.shape, window, strides, padding)
    if any(pad != (0, 0) for pad in pads):
        x = lax.pad(x, least, [(low, high, 0) for low, high in pads])
    best = None
    for _, each in slices(x, window, strides):
        if best is None:
            best = each
        else:
            better = each > best
            best = jnp.where(better | jnp.isnan(each) if floats else better, each, best)
    return materialized(best)  # or what follows is computed anew for each place
