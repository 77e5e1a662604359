"""Random numbers. In a graph they are drawn each time it runs; in running code, at once.

Where no `seed` is given, keys come from the program, whose own seed comes from NumPy's global
generator: `np.random.seed(n)` fixes everything.
"""

import random as python_random

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend import running
from hornbeam.backend.ops import op
from hornbeam.backend.program import draw_seed
from hornbeam.backend.tensors import dtype_name
from hornbeam.backend.variables import compute_dtype, host_shape
from hornbeam.kernels import hashed_bits


def set_random_seed(seed):
    """Seeds Python's, NumPy's and so also hornbeam's random numbers.

    Args:
        seed: Integer from 0 to 2**32 - 1.
    """
    python_random.seed(seed)
    np.random.seed(seed)


def random_key(seed=None):
    """Returns a fresh key: from the program that runs, else from NumPy's global generator."""
    program = running.program()
    if program is not None:
        return program.next_key(seed)
    return jax.random.key(draw_seed() if seed is None else int(seed))


def _shape(shape):
    return host_shape((shape,) if np.ndim(shape) == 0 else shape)


@op(source=True)
def _normal(shape, mean, stddev, dtype, seed):
    numbers = jax.random.normal(random_key(seed), _shape(shape), compute_dtype(dtype))
    return mean + stddev * numbers


@op(source=True)
def _truncated_normal(shape, mean, stddev, dtype, seed):
    dtype = compute_dtype(dtype)
    numbers = jax.random.truncated_normal(random_key(seed), -2.0, 2.0, _shape(shape), dtype)
    return mean + stddev * numbers


@op(source=True)
def _uniform(shape, minval, maxval, dtype, seed):
    dtype, shape = compute_dtype(dtype), _shape(shape)
    if jnp.issubdtype(dtype, jnp.integer):
        return jax.random.randint(random_key(seed), shape, minval, maxval, dtype)
    numbers = jax.random.uniform(random_key(seed), shape, dtype)
    return minval + (maxval - minval) * numbers


@op(source=True)
def _binomial(shape, p, dtype, seed):
    ones = keep_mask(random_key(seed), p, _shape(shape))
    return ones.astype(compute_dtype(dtype))


def keep_mask(key, probability, shape):
    """Returns a bool array that is true with `probability`."""
    bits = hashed_bits(jax.random.key_data(key), shape)
    if isinstance(probability, (int, float)):
        threshold = round(probability * 2**32)
        if threshold >= 2**32:
            return jnp.ones(shape, "bool")
        return bits < np.uint32(max(threshold, 0))
    # 24 bits are what a float32 holds exactly.
    return (bits >> 8).astype("float32") < jnp.asarray(probability, "float32") * 2**24


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Returns normal random numbers.

    Args:
        shape: Tuple of ints, or of parts of shapes.
        mean: Float.
        stddev: Float, standard deviation.
        dtype: Name of the dtype; None means `floatx()`.
        seed: Integer; None draws from the program's own seed.
    """
    return _normal(shape, mean, stddev, dtype_name(dtype), seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Returns normal random numbers no further than two standard deviations from the mean.

    Args:
        shape: Tuple of ints, or of parts of shapes.
        mean: Float.
        stddev: Float, standard deviation before the cut.
        dtype: Name of the dtype; None means `floatx()`.
        seed: Integer; None draws from the program's own seed.
    """
    return _truncated_normal(shape, mean, stddev, dtype_name(dtype), seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Returns uniform random numbers in [minval, maxval).

    Args:
        shape: Tuple of ints, or of parts of shapes.
        minval: Number, lower end.
        maxval: Number, upper end, not included.
        dtype: Name of the dtype, which may be an integer one; None means `floatx()`.
        seed: Integer; None draws from the program's own seed.
    """
    return _uniform(shape, minval, maxval, dtype_name(dtype), seed)


def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """Returns 1 with probability `p`, else 0.

    Args:
        shape: Tuple of ints, or of parts of shapes.
        p: Float from 0 to 1.
        dtype: Name of the dtype; None means `floatx()`.
        seed: Integer; None draws from the program's own seed.
    """
    return _binomial(shape, p, dtype_name(dtype), seed)
