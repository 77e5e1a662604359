"""Adagrad and Adadelta: rates of learning that each element of a parameter has for itself."""

import jax.numpy as jnp

from hornbeam.backend.config import epsilon
from hornbeam.backend.ops import op
from hornbeam.optimizers.base import Optimizer, number, read


class Adagrad(Optimizer):
    """Divides the gradient by the root of the sum of its squares so far.

    Args:
        learning_rate: Float, default 0.01; `lr` is its older name.
        **kwargs: `epsilon`, float, default `K.epsilon()`; `decay`, float, default 0: the learning
            rate is divided by `1 + decay * iterations`; `initial_accumulator_value`, float,
            default 0: what the sums begin with; and what `Optimizer` takes.

    Source: Keras 2.3.1; Duchi et al. 2011. `a += g^2`; `p -= lr * g / (sqrt(a) + epsilon)`.

    Notes: tf.keras starts from another learning rate (0.001) and from `a = 0.1`.
    """

    slot_names = ("accumulator",)
    _absent_in_old_files = (0, 0)  # iterations

    def __init__(self, learning_rate=0.01, **kwargs):
        self.initial_decay = kwargs.pop("decay", 0.0)
        self.epsilon = kwargs.pop("epsilon", None)
        if self.epsilon is None:
            self.epsilon = epsilon()
        learning_rate = kwargs.pop("lr", learning_rate)
        self.initial_accumulator_value = float(kwargs.pop("initial_accumulator_value", 0.0))
        super().__init__(**kwargs)
        self.learning_rate = self._hyperparameter("learning_rate", learning_rate)
        self.decay = self._hyperparameter("decay", self.initial_decay)
        self.iterations = self._counter()

    def slot_start(self, slot):
        return self.initial_accumulator_value

    def begin_step(self):
        return read(self.current_learning_rate())

    def step(self, param, gradient, slots, learning_rate):
        return _adagrad_step(param, gradient, *slots, learning_rate, self.epsilon)

    def get_config(self):
        first = self.initial_accumulator_value
        return {
            **super().get_config(),
            "learning_rate": number(self.learning_rate),
            "decay": number(self.decay),
            "epsilon": self.epsilon,
            **({"initial_accumulator_value": first} if first else {}),
        }


@op
def _adagrad_step(param, gradient, total, learning_rate, epsilon):
    total = total + jnp.square(gradient)
    return [param - learning_rate * gradient / (jnp.sqrt(total) + epsilon), total]


class Adadelta(Optimizer):
    """Adagrad with a moving window: changes in the unit of the changes before them.

    Args:
        learning_rate: Float, default 1.0, best left so; `lr` is its older name.
        rho: Float in [0, 1), default 0.95: the share of the averages that is kept.
        **kwargs: `epsilon`, float, default `K.epsilon()`; `decay`, float, default 0: the learning
            rate is divided by `1 + decay * iterations`; and what `Optimizer` takes.

    Source: Keras 2.3.1; Zeiler 2012, arXiv:1212.5701. `a = rho * a + (1 - rho) * g^2`;
        `u = g * sqrt(d + epsilon) / sqrt(a + epsilon)`; `p -= lr * u`;
        `d = rho * d + (1 - rho) * u^2`.
    """

    slot_names = ("accumulator", "delta_accumulator")
    _absent_in_old_files = (0, 0)  # iterations

    def __init__(self, learning_rate=1.0, rho=0.95, **kwargs):
        self.initial_decay = kwargs.pop("decay", 0.0)
        self.epsilon = kwargs.pop("epsilon", None)
        if self.epsilon is None:
            self.epsilon = epsilon()
        learning_rate = kwargs.pop("lr", learning_rate)
        super().__init__(**kwargs)
        self.learning_rate = self._hyperparameter("learning_rate", learning_rate)
        self.decay = self._hyperparameter("decay", self.initial_decay)
        self.iterations = self._counter()
        self.rho = rho

    def begin_step(self):
        return read(self.current_learning_rate())

    def step(self, param, gradient, slots, learning_rate):
        return _adadelta_step(param, gradient, *slots, learning_rate, self.rho, self.epsilon)

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate": number(self.learning_rate),
            "rho": self.rho,
            "decay": number(self.decay),
            "epsilon": self.epsilon,
        }


@op
def _adadelta_step(param, gradient, average, changes, learning_rate, rho, epsilon):
    average = rho * average + (1.0 - rho) * jnp.square(gradient)
    change = gradient * jnp.sqrt(changes + epsilon) / jnp.sqrt(average + epsilon)
    changes = rho * changes + (1.0 - rho) * jnp.square(change)
    return [param - learning_rate * change, average, changes]
