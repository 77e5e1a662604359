"""64-bit dtypes, real only where a program asks for them."""

import jax

try:
    _enable_x64 = jax.enable_x64
except AttributeError:  # JAX before 0.8
    from jax.experimental import enable_x64 as _enable_x64


def wide_scope(wide=True):
    """Context in which 64-bit dtypes are such if `wide`, or if the user turned them on for all."""
    return _enable_x64(bool(wide or jax.config.jax_enable_x64))
