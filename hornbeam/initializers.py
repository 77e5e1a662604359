"""Initializers: the first values of weights, made on the host by NumPy.

Building a model compiles nothing and touches no device, and large weights are drawn when they are
first read. A `seed` fixes the values; without one they follow NumPy's global generator, so that
`np.random.seed` makes a whole program reproducible.
"""

import copy
import inspect
import math

import numpy as np

from hornbeam.backend.tensors import Later, dtype_name
from hornbeam.registry import (
    deserialize_keras_object,
    has_arg,
    instance_by_name,
    serialize_keras_object,
)

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "one",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "uniform",
    "variance_scaling",
    "zero",
    "zeros",
]

# Elements; more are drawn when they are first read: a model may be built to be loaded or looked at.
_DRAWN_AT_ONCE = 4096

# Standard deviation of a standard normal cut at two: scipy.stats.truncnorm.std(-2, 2).
_CUT_NORMAL_STDDEV = 0.87962566103423978


class Initializer:
    """Base class: an initializer is called with a shape and returns an array.

    Example:
        >>> class Halves(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.full(shape, 0.5, dtype)
        >>> Halves()((2,), "float32").tolist()
        [0.5, 0.5]
    """

    def __call__(self, shape, dtype=None):
        """Returns a NumPy array.

        Args:
            shape: Tuple of ints.
            dtype: Name of a dtype; None means `floatx()`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(shape, dtype).")

    def get_config(self):
        """Returns the constructor's arguments as a dict."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Makes an initializer from what `get_config` returned.

        A `dtype`, which tf.keras saved here, is left out: the weight decides.
        """
        return cls(**{key: value for key, value in config.items() if key != "dtype"})


class Zeros(Initializer):
    """Zeros everywhere."""

    def __call__(self, shape, dtype=None):
        return np.zeros(_checked(shape), _dtype(dtype))


class Ones(Initializer):
    """Ones everywhere."""

    def __call__(self, shape, dtype=None):
        return np.ones(_checked(shape), _dtype(dtype))


class Constant(Initializer):
    """One value everywhere, or the values of an array.

    Args:
        value: Number; or an array that broadcasts to the shape or has as many elements.
    """

    def __init__(self, value=0):
        self.value = value

    def __call__(self, shape, dtype=None):
        shape = _checked(shape)
        value = np.asarray(self.value, _dtype(dtype))
        if value.ndim and value.size == math.prod(shape):
            return value.reshape(shape).copy()
        try:
            return np.broadcast_to(value, shape).copy()
        except ValueError as error:
            raise ValueError(
                f"Constant got a value of shape {value.shape} for a weight of shape {shape}. "
                "Expected a number, or an array that broadcasts to that shape."
            ) from error

    def get_config(self):
        return {"value": self.value}


class _Random(Initializer):
    """What the random ones share: a generator from the seed, which then moves on by one.

    So one object that is given to two layers gives them different values, as in Keras 2.3.1.
    """

    seed = None

    def __call__(self, shape, dtype=None):
        return self.later(shape, dtype).make()

    def later(self, shape, dtype=None):
        """Returns the array as a `Later`, which draws from a seed that is settled now."""
        shape, dtype = self._checked(shape), _dtype(dtype)
        if self.seed is None:
            seed = np.random.randint(2**31 - 1)
        else:
            seed = int(self.seed) % 2**64
            self.seed += 1
        drawer = copy.copy(self)

        def make():
            # the fastest of NumPy's generators for normals
            return drawer._draw(np.random.Generator(np.random.SFC64(seed)), shape, dtype)

        return Later(make, shape)

    def _checked(self, shape):
        return _checked(shape)

    def _draw(self, generator, shape, dtype):
        """Returns an array drawn from `generator`; `shape` is checked, `dtype` NumPy's."""
        raise NotImplementedError(f"{type(self).__name__} does not define _draw.")


def makes_new_arrays(initializer):
    """Whether nobody else holds the arrays that it returns: so it is with those of this module."""
    return type(initializer).__module__ == __name__


def draws_later(initializer, shape):
    """Whether an array of that shape takes so long to draw that it should wait until it is read."""
    return (
        isinstance(initializer, _Random)
        and type(initializer).__call__ is _Random.__call__  # not a user's own
        and math.prod(shape) > _DRAWN_AT_ONCE
    )


class RandomNormal(_Random):
    """Normally distributed values.

    Args:
        mean: Float.
        stddev: Float, standard deviation.
        seed: Integer or None.
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def _draw(self, generator, shape, dtype):
        values = _normal(generator, shape, dtype)
        return _scaled(values, self.stddev, self.mean, dtype)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class RandomUniform(_Random):
    """Values evenly distributed over `[minval, maxval)`; whole numbers for an integer dtype.

    Args:
        minval: Float, the lower end.
        maxval: Float, the upper end. None means 1.
        seed: Integer or None.
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def _draw(self, generator, shape, dtype):
        maxval = 1 if self.maxval is None else self.maxval
        if dtype.kind in "iu":
            return generator.integers(int(self.minval), int(maxval), shape, dtype)
        return _uniform(generator, shape, self.minval, maxval, dtype)

    def get_config(self):
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class TruncatedNormal(_Random):
    """Normally distributed values; those beyond two standard deviations are drawn again.

    Args:
        mean: Float.
        stddev: Float, standard deviation before the cut.
        seed: Integer or None.
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def _draw(self, generator, shape, dtype):
        values = _cut_normal(generator, shape, dtype)
        return _scaled(values, self.stddev, self.mean, dtype)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class VarianceScaling(_Random):
    """Random values whose variance is `scale / n`, where `n` counts the units of the weight.

    Args:
        scale: Positive float.
        mode: What `n` is: `'fan_in'` (input units), `'fan_out'` (output units) or `'fan_avg'`
            (their mean).
        distribution: `'normal'` or `'truncated_normal'`: normal, cut at two standard deviations;
            `'untruncated_normal'`; or `'uniform'`, over `[-limit, limit]` with
            `limit = sqrt(3 * scale / n)`.
        seed: Integer or None.

    Raises:
        ValueError: for a scale that is not positive, or an unknown mode or distribution.
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="normal", seed=None):
        if not scale > 0.0:
            raise ValueError(f"`scale` must be a positive float. Got: {scale!r}")
        self.scale = scale
        self.mode = _one_of("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        self.distribution = _one_of(
            "distribution",
            distribution,
            ("normal", "uniform", "truncated_normal", "untruncated_normal"),
        )
        self.seed = seed

    def _draw(self, generator, shape, dtype):
        fan_in, fan_out = _compute_fans(shape)
        units = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        variance = self.scale / max(1.0, units[self.mode])
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return _uniform(generator, shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return _scaled(_normal(generator, shape, dtype), math.sqrt(variance), 0.0, dtype)
        stddev = math.sqrt(variance) / _CUT_NORMAL_STDDEV
        return _scaled(_cut_normal(generator, shape, dtype), stddev, 0.0, dtype)

    def get_config(self):
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
        }


class Orthogonal(_Random):
    """A random orthogonal matrix; of rows or columns, the fewer are orthonormal.

    A shape of more axes is that of a matrix with the last axis as columns.

    Args:
        gain: Float, a factor.
        seed: Integer or None.

    Raises:
        ValueError: when called with a shape of less than two axes.

    Source: Saxe et al. 2013, arXiv:1312.6120.
    """

    def __init__(self, gain=1.0, seed=None):
        self.gain = gain
        self.seed = seed

    def _checked(self, shape):
        shape = _checked(shape)
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal got the shape {shape}. It expects two axes or more: a matrix."
            )
        return shape

    def _draw(self, generator, shape, dtype):
        columns = shape[-1]
        rows = math.prod(shape[:-1])
        random = generator.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(random)
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)  # all orthogonal matrices equally likely
        if rows < columns:
            q = q.T
        return (float(self.gain) * q).astype(dtype).reshape(shape)

    def get_config(self):
        return {"gain": self.gain, "seed": self.seed}


class Identity(Initializer):
    """The identity matrix, filled up with zeros if it is not square.

    Args:
        gain: Float, a factor.

    Raises:
        ValueError: when called with a shape that is not of two axes.
    """

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        shape = _checked(shape)
        if len(shape) != 2:
            raise ValueError(
                "Identity matrix initializer can only be used for 2D matrices. "
                f"Got the shape {shape}."
            )
        return (float(self.gain) * np.eye(*shape)).astype(_dtype(dtype))

    def get_config(self):
        return {"gain": self.gain}


# ---- variance scaling under its authors' names


def lecun_uniform(seed=None):
    """Uniform over `[-limit, limit]`, `limit = sqrt(3 / fan_in)`. LeCun et al. 1998."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def lecun_normal(seed=None):
    """Cut normal with `stddev = sqrt(1 / fan_in)`. LeCun et al. 1998, arXiv:1706.02515."""
    return VarianceScaling(1.0, "fan_in", "normal", seed)


def glorot_uniform(seed=None):
    """Uniform over `[-limit, limit]`, `limit = sqrt(6 / (fan_in + fan_out))`. Glorot 2010."""
    return VarianceScaling(1.0, "fan_avg", "uniform", seed)


def glorot_normal(seed=None):
    """Cut normal with `stddev = sqrt(2 / (fan_in + fan_out))`. Glorot and Bengio 2010."""
    return VarianceScaling(1.0, "fan_avg", "normal", seed)


def he_uniform(seed=None):
    """Uniform over `[-limit, limit]`, `limit = sqrt(6 / fan_in)`. He et al., arXiv:1502.01852."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


def he_normal(seed=None):
    """Cut normal with `stddev = sqrt(2 / fan_in)`. He et al. 2015, arXiv:1502.01852."""
    return VarianceScaling(2.0, "fan_in", "normal", seed)


class _Named(VarianceScaling):
    """As a class of tf.keras: its config is the seed alone."""

    arguments = None

    def __init__(self, seed=None):
        super().__init__(*self.arguments, seed=seed)

    def get_config(self):
        return {"seed": self.seed}


class LecunUniform(_Named):
    """The class form of `lecun_uniform`, as in tf.keras."""

    arguments = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    """The class form of `lecun_normal`, as in tf.keras."""

    arguments = (1.0, "fan_in", "truncated_normal")


class GlorotUniform(_Named):
    """The class form of `glorot_uniform`, as in tf.keras."""

    arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    """The class form of `glorot_normal`, as in tf.keras."""

    arguments = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    """The class form of `he_uniform`, as in tf.keras."""

    arguments = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    """The class form of `he_normal`, as in tf.keras."""

    arguments = (2.0, "fan_in", "truncated_normal")


zero = zeros = Zeros
one = ones = Ones
constant = Constant
uniform = random_uniform = RandomUniform
normal = random_normal = RandomNormal
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
identity = Identity
orthogonal = Orthogonal


# ---- arrays


def _checked(shape):
    """Returns `shape` as a tuple of ints, or says what is wrong with it."""
    try:
        dims = tuple(int(dim) for dim in shape)
    except TypeError as error:
        raise ValueError(
            f"Cannot make values of shape {shape!r}. Expected a tuple of integers, all known."
        ) from error
    if any(dim < 0 for dim in dims):
        raise ValueError(f"Cannot make values of shape {dims}: a dimension is negative.")
    return dims


def _dtype(dtype):
    return np.dtype(dtype_name(dtype))


def _one_of(argument, value, choices):
    found = str(value).lower()
    if found not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"Invalid `{argument}` argument: expected one of {listed}. Got: {value!r}")
    return found


def _drawn_as(dtype):
    """The dtype to draw in: float64 where asked for, else float32, which takes half the time."""
    return np.float64 if dtype == np.float64 else np.float32


def _normal(generator, shape, dtype):
    return generator.standard_normal(shape, _drawn_as(dtype))


def _cut_normal(generator, shape, dtype):
    values = _normal(generator, math.prod(shape), dtype)
    beyond = np.flatnonzero(np.abs(values) > 2)
    while beyond.size:
        fresh = _normal(generator, beyond.size, dtype)
        values[beyond] = fresh
        beyond = beyond[np.abs(fresh) > 2]
    return values.reshape(shape)


def _uniform(generator, shape, low, high, dtype):
    drawn = generator.random(shape, _drawn_as(dtype))
    low = np.asarray(low, drawn.dtype)
    return _scaled(drawn, np.asarray(high, drawn.dtype) - low, low, dtype)


def _scaled(values, factor, offset, dtype):
    """Returns `values * factor + offset` in `dtype`, in place where it can."""
    values = np.asarray(values)
    factor, offset = np.asarray(factor, values.dtype), np.asarray(offset, values.dtype)
    if factor.ndim or offset.ndim or not values.ndim:
        return np.asarray(values * factor + offset, dtype)
    values *= factor
    if offset:
        values += offset
    return values.astype(dtype, copy=False)


def _compute_fans(shape, data_format="channels_last"):
    """Returns the numbers of input and output units of a weight.

    Args:
        shape: `(inputs, outputs)`, or the shape of a convolution kernel.
        data_format: Layout of that kernel: `'channels_last'` is `(*window, inputs, outputs)`, as
            all kernels are; `'channels_first'` is `(outputs, inputs, *window)`.

    Raises:
        ValueError: for another data format.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            f"Invalid data_format: {data_format!r}. Expected 'channels_last' or 'channels_first'."
        )
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) not in (3, 4, 5):
        mean = math.sqrt(math.prod(shape))
        return mean, mean
    if data_format == "channels_first":
        window, inputs, outputs = math.prod(shape[2:]), shape[1], shape[0]
    else:
        window, inputs, outputs = math.prod(shape[:-2]), shape[-2], shape[-1]
    return inputs * window, outputs * window


# ---- names and configs

_FUNCTIONS = ("Initializer", "deserialize", "get", "serialize")
_BY_NAME = {name: globals()[name] for name in __all__ if name not in _FUNCTIONS}
_BY_NAME |= {"IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal}


def serialize(initializer):
    """Returns the config of an initializer; of a function, its name."""
    return serialize_keras_object(initializer)


def deserialize(config, custom_objects=None):
    """Makes an initializer from its config.

    Args:
        config: Dict with `class_name` and `config`, or a name.
        custom_objects: Dict from name to class or function.

    Raises:
        ValueError: for an unknown name; the message lists the nearest right ones.
    """
    return deserialize_keras_object(config, _BY_NAME, custom_objects, "initializer")


def get(identifier):
    """Returns the initializer that `identifier` stands for.

    Args:
        identifier: An initializer or any function of a shape (`dtype` is passed to it if it takes
            one, so that Keras 1's functions `(shape, name)` work); a class of initializers; a
            name; a config; or None, which stays None.

    Raises:
        ValueError: for anything else, or an unknown name; the message lists the nearest right ones.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return _taking_dtype(instance_by_name(identifier, _BY_NAME, "initializer"))
    if inspect.isclass(identifier):
        return identifier()
    if callable(identifier):
        return _taking_dtype(identifier)
    raise ValueError(
        f"Could not interpret initializer identifier: {identifier!r}. Expected a name such as "
        "'glorot_uniform', an initializer, or a function of (shape, dtype)."
    )


def _taking_dtype(function):
    """Wraps a plain function that takes no dtype; anything else is returned as it is."""
    if not inspect.isfunction(function) or has_arg(function, "dtype", accept_all=True):
        return function

    # Keras 1 called it with a name; without one the variable's own name is taken.
    old = {"name": None} if has_arg(function, "name") else {}

    def initializer(shape, dtype=None):
        return function(shape, **old)

    initializer.__name__ = function.__name__
    initializer.__qualname__ = function.__qualname__
    initializer.__doc__ = function.__doc__
    return initializer
