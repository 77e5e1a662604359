"""`tf.random`: random numbers, in graphs, in running code and at once; seeds and generators.

The numbers are JAX's, not TensorFlow's: a seed makes a program repeat itself, not TensorFlow.
"""

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam import backend as K
from hornbeam.backend.ops import op
from hornbeam.backend.random import random_key
from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.shaping import kind_of, sizes_of
from hornbeam.compat.tensorflow.wrapping import function, spelled

__all__ = [
    "Algorithm", "Generator", "all_candidate_sampler", "categorical",
    "create_rng_state", "experimental", "fixed_unigram_candidate_sampler", "gamma",
    "get_global_generator", "get_seed", "log_uniform_candidate_sampler", "normal", "poisson",
    "poisson_v1", "set_global_generator", "set_seed", "shuffle", "split", "stateless_binomial",
    "stateless_categorical", "stateless_gamma", "stateless_normal", "stateless_poisson",
    "stateless_shuffle", "stateless_truncated_normal", "stateless_uniform", "truncated_normal",
    "uniform",
]  # fmt: skip


def set_seed(seed):
    """Seeds everything that is random here: Python's, NumPy's and hornbeam's numbers.

    Args:
        seed: Integer, or None for a fresh one.
    """
    K.set_random_seed(np.random.SeedSequence().entropy % 2**32 if seed is None
                      else int(seed) % 2**32)


def get_seed(op_seed):
    """Returns the pair of the seeds of an operation: None, and `op_seed`."""
    return None, op_seed


# ---- distributions: functions of (key, shape, dtype, parameters)


def _normal(key, shape, dtype, mean, stddev):
    return jax.random.normal(key, _with(shape, mean, stddev), dtype) * stddev + mean


def _truncated(key, shape, dtype, mean, stddev):
    shape = _with(shape, mean, stddev)
    return jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype) * stddev + mean


def _uniform(key, shape, dtype, minval, maxval):
    if jnp.issubdtype(dtype, jnp.integer):
        if maxval is None:
            raise ValueError("Must specify maxval for integer dtype.")
        return jax.random.randint(key, _with(shape, minval, maxval), minval, maxval, dtype)
    maxval = 1 if maxval is None else maxval
    low, high = jnp.asarray(minval, dtype), jnp.asarray(maxval, dtype)
    return jax.random.uniform(key, _with(shape, low, high), dtype) * (high - low) + low


def _gamma(key, shape, dtype, alpha, beta):
    alpha = jnp.asarray(alpha, dtype)
    beta = jnp.ones((), dtype) if beta is None else jnp.asarray(beta, dtype)
    alpha, beta = jnp.broadcast_arrays(alpha, beta)
    return jax.random.gamma(key, alpha, (*shape, *alpha.shape), dtype) / beta


def _poisson(key, shape, dtype, lam):
    lam = jnp.asarray(lam)
    return jax.random.poisson(key, lam, (*shape, *lam.shape)).astype(dtype)


def _categorical(key, logits, num_samples, dtype):
    logits = jnp.asarray(logits)
    drawn = jax.random.categorical(
        key, logits[:, None], -1, shape=(logits.shape[0], int(num_samples))
    )
    return drawn.astype(dtype)


def _with(shape, *parameters):
    """The shape, which parameters that are tensors may broadcast with."""
    return np.broadcast_shapes(shape, *(np.shape(p) for p in parameters))


@function(source=True)
def normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None):
    """Normal random numbers."""
    return _normal(random_key(seed), sizes_of(shape), kind_of(dtype), mean, stddev)


@function(source=True)
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None):
    """Normal random numbers no further than two standard deviations from the mean."""
    return _truncated(random_key(seed), sizes_of(shape), kind_of(dtype), mean, stddev)


@function(source=True)
def uniform(shape, minval=0, maxval=None, dtype="float32", seed=None):
    """Uniform random numbers in [minval, maxval), 1 by default; whole ones for integer dtypes."""
    return _uniform(random_key(seed), sizes_of(shape), kind_of(dtype), minval, maxval)


@function(source=True)
def gamma(shape, alpha, beta=None, dtype="float32", seed=None):
    """Random numbers of the gamma distribution: `shape`, then that of the parameters."""
    return _gamma(random_key(seed), sizes_of(shape), kind_of(dtype), alpha, beta)


@function(source=True)
def poisson(shape, lam, dtype="float32", seed=None):
    """Random numbers of Poisson's distribution: `shape`, then that of `lam`."""
    return _poisson(random_key(seed), sizes_of(shape), kind_of(dtype), lam)


@function(source=True)
def poisson_v1(lam, shape, dtype="float32", seed=None):
    """TensorFlow 1's `poisson`, with its arguments the other way round."""
    return _poisson(random_key(seed), sizes_of(shape), kind_of(dtype), lam)


@function(source=True)
def categorical(logits, num_samples, dtype="int64", seed=None):
    """Draws classes from rows of unnormalized log-probabilities: `(batch, num_samples)`."""
    return _categorical(random_key(seed), logits, num_samples, kind_of(dtype))


@function(source=True)
def shuffle(value, seed=None):
    """The parts along the first axis in random order."""
    return jax.random.permutation(random_key(seed), jnp.asarray(value))


# ---- stateless: the same numbers for the same seed


def _key(seed):
    seed = jnp.asarray(seed).astype("uint32").reshape(-1)
    key = jax.random.key(0)
    for index in range(seed.size):
        key = jax.random.fold_in(key, seed[index])
    return key


@function(source=True)
def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32", alg="auto_select"):
    """`normal` of a seed, a pair of integers."""
    return _normal(_key(seed), sizes_of(shape), kind_of(dtype), mean, stddev)


@function(source=True)
def stateless_truncated_normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32",
                               alg="auto_select"):
    """`truncated_normal` of a seed, a pair of integers."""
    return _truncated(_key(seed), sizes_of(shape), kind_of(dtype), mean, stddev)


@function(source=True)
def stateless_uniform(shape, seed, minval=0, maxval=None, dtype="float32", alg="auto_select"):
    """`uniform` of a seed, a pair of integers."""
    return _uniform(_key(seed), sizes_of(shape), kind_of(dtype), minval, maxval)


@function(source=True)
def stateless_gamma(shape, seed, alpha, beta=None, dtype="float32", alg="auto_select"):
    """`gamma` of a seed, a pair of integers; `shape` is that of the whole result."""
    alpha = jnp.broadcast_to(jnp.asarray(alpha), sizes_of(shape))
    return _gamma(_key(seed), (), kind_of(dtype), alpha, beta)


@function(source=True)
def stateless_poisson(shape, seed, lam, dtype="int32", alg="auto_select"):
    """`poisson` of a seed, a pair of integers; `shape` is that of the whole result."""
    return _poisson(_key(seed), (), kind_of(dtype), jnp.broadcast_to(lam, sizes_of(shape)))


@function(source=True)
def stateless_binomial(shape, seed, counts, probs, output_dtype="int32"):
    """Numbers of successes in `counts` trials, of a seed, a pair of integers."""
    drawn = jax.random.binomial(_key(seed), counts, probs, sizes_of(shape))
    return drawn.astype(kind_of(output_dtype))


@function(source=True)
def stateless_categorical(logits, num_samples, seed, dtype="int64", alg="auto_select"):
    """`categorical` of a seed, a pair of integers."""
    return _categorical(_key(seed), logits, num_samples, kind_of(dtype))


@function(source=True)
def stateless_shuffle(value, seed, alg="auto_select"):
    """`shuffle` of a seed, a pair of integers."""
    return jax.random.permutation(_key(seed), jnp.asarray(value))


@function(source=True)
def split(seed, num=2, alg="auto_select"):
    """`num` new seeds of one: `(num, 2)`."""
    return jax.random.bits(_key(seed), (int(num), 2), "uint32").astype("int32")


# ---- generators


class Algorithm:
    """Names of algorithms; the numbers are JAX's whichever is named."""

    PHILOX, THREEFRY, AUTO_SELECT = 1, 2, 3


def create_rng_state(seed, alg="philox"):
    """Returns the state of a generator, two int64 numbers and the seed."""
    return np.array([0, 0, int(np.ravel(seed)[0])], "int64")


class Generator:
    """A source of random numbers with a state of its own.

    Args:
        state: Of `create_rng_state`.
        alg: Name of an algorithm.

    Example:
        >>> Generator.from_seed(1).normal((2,)).shape
        (2,)
    """

    def __init__(self, copy_from=None, state=None, alg=None):
        state = copy_from.state if copy_from is not None else state
        self.state = np.array(state, "int64")
        self.algorithm = alg

    @classmethod
    def from_seed(cls, seed, alg=None):
        """Makes a generator of a seed."""
        return cls(state=create_rng_state(seed), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        """Makes a generator that differs each time."""
        return cls.from_seed(np.random.SeedSequence().entropy % 2**62, alg)

    @classmethod
    def from_state(cls, state, alg=None):
        """Makes a generator of a state."""
        return cls(state=state, alg=alg)

    @classmethod
    def from_key_counter(cls, key, counter, alg=None):
        """Makes a generator of a key and a counter."""
        return cls(state=[*np.ravel(counter), int(key)], alg=alg)

    @property
    def key(self):
        return self.state[-1]

    def reset_from_seed(self, seed):
        """Begins anew with a seed."""
        self.state = create_rng_state(seed)

    def reset(self, state):
        """Goes back to a state."""
        self.state = np.array(state, "int64")

    def skip(self, delta):
        """Leaves `delta` draws out."""
        self.state[0] += int(delta)

    def make_seeds(self, count=1):
        """Returns new seeds, `(2, count)`."""
        return K.permute_dimensions(split(self._next(), count), (1, 0))

    def split(self, count=1):
        """Returns `count` new generators."""
        seeds = np.random.RandomState(int(abs(self._next()[1])) % 2**32).randint(
            2**31 - 1, size=count
        )
        return [Generator.from_seed(int(seed)) for seed in seeds]

    def _next(self):
        self.state[0] += 1
        return [int(self.state[-1] & 0x7FFFFFFF), int(self.state[0])]

    def normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        """See `tf.random.normal`."""
        return stateless_normal(shape, self._next(), mean, stddev, dtype, name=name)

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        """See `tf.random.truncated_normal`."""
        return stateless_truncated_normal(shape, self._next(), mean, stddev, dtype, name=name)

    def uniform(self, shape, minval=0, maxval=None, dtype="float32", name=None):
        """See `tf.random.uniform`."""
        return stateless_uniform(shape, self._next(), minval, maxval, dtype, name=name)

    def uniform_full_int(self, shape, dtype="int32", name=None):
        """Whole numbers of the whole range of a dtype."""
        info = np.iinfo(str(dtype))
        return stateless_uniform(shape, self._next(), int(info.min), int(info.max), dtype,
                                 name=name)

    def binomial(self, shape, counts, probs, dtype="int32", name=None):
        """Numbers of successes in `counts` trials."""
        return stateless_binomial(shape, self._next(), counts, probs, dtype, name=name)


_global = None


def get_global_generator():
    """Returns the generator that all share."""
    global _global
    if _global is None:
        _global = Generator.from_seed(np.random.randint(2**31 - 1))
    return _global


def set_global_generator(generator):
    """Makes `generator` the one that all share."""
    global _global
    _global = generator


class experimental:  # noqa: N801  TensorFlow's name
    """Older places of the same names."""

    Generator = Generator
    Algorithm = Algorithm
    create_rng_state = staticmethod(create_rng_state)
    get_global_generator = staticmethod(get_global_generator)
    set_global_generator = staticmethod(set_global_generator)
    stateless_shuffle = staticmethod(stateless_shuffle)
    stateless_split = staticmethod(split)


# ---- candidates for sampled losses


@op(source=True)
def _log_uniform(true_classes, num_sampled, unique, range_max, seed):
    key = random_key(seed)
    classes = jnp.arange(range_max)
    chances = jnp.log1p(1 / (classes + 1.0)) / np.log(range_max + 1)
    if unique:  # the greatest of perturbed log-probabilities are draws without repetition
        noise = jax.random.gumbel(key, (range_max,))
        drawn = jax.lax.top_k(jnp.log(chances) + noise, num_sampled)[1]
    else:
        drawn = jax.random.categorical(key, jnp.log(chances), shape=(num_sampled,))
    expected = -jnp.expm1(num_sampled * jnp.log1p(-chances)) if unique else chances * num_sampled
    return [drawn, jnp.take(expected, jnp.asarray(true_classes)), jnp.take(expected, drawn)]


def _log_uniform_candidates(true_classes, num_true, num_sampled, unique, range_max, seed=None):
    """Draws classes with the chance of their rank: `[sampled, expected true, expected sampled]`."""
    return _log_uniform(true_classes, int(num_sampled), bool(unique), int(range_max), seed)


log_uniform_candidate_sampler = spelled(_log_uniform_candidates)


@function
def all_candidate_sampler(true_classes, num_true, num_sampled, unique, seed=None):
    """All classes: `[sampled, expected true, expected sampled]`."""
    ones = jnp.ones(np.shape(true_classes))
    return [jnp.arange(int(num_sampled)), ones, jnp.ones(int(num_sampled))]


def fixed_unigram_candidate_sampler(*args, **kwargs):
    """Raises NotImplementedError: use `log_uniform_candidate_sampler`."""
    raise NotImplementedError(
        "fixed_unigram_candidate_sampler is not provided; log_uniform_candidate_sampler is."
    )


__getattr__ = teller("random")
