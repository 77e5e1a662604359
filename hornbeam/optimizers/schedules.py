"""Learning rates that change with the number of updates: `Adam(ExponentialDecay(0.1, 1000, 0.9))`.

A schedule is a function of the step, a scalar, and can be saved by its `get_config`.
"""

import jax.numpy as jnp
import numpy as np

from hornbeam.backend.config import floatx
from hornbeam.backend.ops import op
from hornbeam.registry import deserialize_keras_object, serialize_keras_object

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


class LearningRateSchedule:
    """Base of all: to write one, give `__call__(step)` and `get_config()`.

    `step` is the number of updates so far, a scalar array in training; return a scalar.

    Source: tf.keras 2.
    """

    def __call__(self, step):
        raise NotImplementedError(f"{type(self).__name__} must implement __call__(step).")

    def get_config(self):
        raise NotImplementedError(
            f"{type(self).__name__} must implement get_config(), so that it can be saved."
        )

    @classmethod
    def from_config(cls, config):
        """Makes a schedule from what `get_config` returned."""
        return cls(**config)


class _Formula(LearningRateSchedule):
    """A schedule whose arguments are its configuration."""

    arguments = ()

    def __init__(self, *values):
        self.__dict__.update(zip(self.arguments, values))

    def __call__(self, step):
        return _evaluated(step, self.rate)

    def get_config(self):
        return {name: getattr(self, name) for name in self.arguments}


@op
def _evaluated(step, rate):
    return rate(jnp.asarray(step, floatx())).astype(floatx())


class ExponentialDecay(_Formula):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: Float.
        decay_steps: Integer, after so many steps it is multiplied by `decay_rate`.
        decay_rate: Float.
        staircase: Bool, whether the exponent is rounded down.
        name: String or None.
    """

    arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name=None):
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def rate(self, step):
        """The rate at a step, an array."""
        passed = step / self.decay_steps
        passed = jnp.floor(passed) if self.staircase else passed
        return self.initial_learning_rate * jnp.power(float(self.decay_rate), passed)


class InverseTimeDecay(_Formula):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: Float.
        decay_steps: Integer.
        decay_rate: Float.
        staircase: Bool, whether `step / decay_steps` is rounded down.
        name: String or None.
    """

    arguments = ExponentialDecay.arguments

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name=None):
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def rate(self, step):
        """The rate at a step, an array."""
        passed = step / self.decay_steps
        passed = jnp.floor(passed) if self.staircase else passed
        return self.initial_learning_rate / (1 + self.decay_rate * passed)


class PiecewiseConstantDecay(_Formula):
    """`values[0]` up to the step `boundaries[0]`, then `values[1]`, and so on.

    Args:
        boundaries: List of increasing numbers.
        values: List of floats, one more than `boundaries`.
        name: String or None.

    Raises:
        ValueError: if it is not one more.
    """

    arguments = ("boundaries", "values", "name")

    def __init__(self, boundaries, values, name=None):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"PiecewiseConstantDecay got {len(boundaries)} boundaries and {len(values)} "
                "values. The length of boundaries should be 1 less than the length of values."
            )
        super().__init__(list(boundaries), list(values), name)

    def rate(self, step):
        """The rate at a step, an array."""
        place = jnp.sum(step > np.asarray(self.boundaries, floatx()))
        return jnp.asarray(self.values, floatx())[place]


class PolynomialDecay(_Formula):
    """From the initial rate to `end_learning_rate` in `decay_steps`, by a power of what is left.

    Args:
        initial_learning_rate: Float.
        decay_steps: Integer.
        end_learning_rate: Float.
        power: Float; 1 is a straight line.
        cycle: Bool, whether it begins anew, with twice, three times, ... the steps.
        name: String or None.
    """

    arguments = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle",
                 "name")

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0,
                 cycle=False, name=None):
        super().__init__(initial_learning_rate, decay_steps, end_learning_rate, power, cycle, name)

    def rate(self, step):
        """The rate at a step, an array."""
        steps = float(self.decay_steps)
        if self.cycle:
            steps = steps * jnp.maximum(jnp.ceil(step / steps), 1)
        else:
            step = jnp.minimum(step, steps)
        left = jnp.power(1 - step / steps, float(self.power))
        return (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate


class CosineDecay(_Formula):
    """Half a cosine from the initial rate to `alpha` times it, after a linear start.

    Args:
        initial_learning_rate: Float.
        decay_steps: Integer.
        alpha: Float, the part of the rate that is left at the end.
        name: String or None.
        warmup_target: Float, the rate after `warmup_steps`; None for no such start.
        warmup_steps: Integer.

    Source: Loshchilov and Hutter 2016, arXiv:1608.03983; tf.keras 2.
    """

    arguments = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target",
                 "warmup_steps")

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name=None,
                 warmup_target=None, warmup_steps=0):
        super().__init__(initial_learning_rate, decay_steps, alpha, name, warmup_target,
                         warmup_steps)

    def rate(self, step):
        """The rate at a step, an array."""
        start, steps = self.initial_learning_rate, float(self.decay_steps)
        if self.warmup_target is None:
            return start * self._part(jnp.minimum(step, steps) / steps)
        warm = float(self.warmup_steps)
        rising = (self.warmup_target - start) * step / max(warm, 1.0) + start
        falling = self.warmup_target * self._part(jnp.minimum(step, warm + steps) - warm, steps)
        return jnp.where(step < warm, rising, falling)

    def _part(self, passed, steps=1.0):
        cosine = 0.5 * (1 + jnp.cos(np.pi * passed / steps))
        return (1 - self.alpha) * cosine + self.alpha


class CosineDecayRestarts(_Formula):
    """`CosineDecay` again and again, each time `t_mul` times as long from `m_mul` times the rate.

    Args:
        initial_learning_rate: Float.
        first_decay_steps: Integer.
        t_mul: Float.
        m_mul: Float.
        alpha: Float, the part of the rate that is left at the end.
        name: String or None.

    Source: Loshchilov and Hutter 2016, arXiv:1608.03983.
    """

    arguments = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0,
                 name=None):
        super().__init__(initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha, name)

    def rate(self, step):
        """The rate at a step, an array."""
        passed = step / self.first_decay_steps
        if self.t_mul == 1.0:
            round_ = jnp.floor(passed)
            passed = passed - round_
        else:
            ratio = float(self.t_mul)
            round_ = jnp.floor(jnp.log(1 - passed * (1 - ratio)) / np.log(ratio))
            before = (1 - jnp.power(ratio, round_)) / (1 - ratio)
            passed = (passed - before) / jnp.power(ratio, round_)
        height = jnp.power(float(self.m_mul), round_)
        cosine = 0.5 * height * (1 + jnp.cos(np.pi * passed))
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)


_CLASSES = {
    kind.__name__: kind
    for kind in (CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay,
                 PiecewiseConstantDecay, PolynomialDecay)
}


def serialize(learning_rate_schedule):
    """Returns `{"class_name": ..., "config": ...}` of a schedule."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config, custom_objects=None):
    """Makes a schedule from what `serialize` returned.

    Raises:
        ValueError: for an unknown name; the nearest right ones are listed.
    """
    return deserialize_keras_object(config, _CLASSES, custom_objects, "decay")
