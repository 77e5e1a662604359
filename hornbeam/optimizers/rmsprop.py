"""RMSprop."""

import jax.numpy as jnp

from hornbeam.backend.config import epsilon
from hornbeam.backend.ops import op
from hornbeam.optimizers.base import Optimizer, number, read


class RMSprop(Optimizer):
    """Divides the gradient by a running average of its recent size.

    Args:
        learning_rate: Float, default 0.001; `lr` is its older name.
        rho: Float in [0, 1), default 0.9: the share of the average that is kept.
        **kwargs: `epsilon`, float, default `K.epsilon()`; `decay`, float, default 0: the learning
            rate is divided by `1 + decay * iterations`; and what `Optimizer` takes.

    Source: Keras 2.3.1; Tieleman and Hinton 2012, lecture 6.5.
        `a = rho * a + (1 - rho) * g^2`; `p -= lr * g / (sqrt(a) + epsilon)`.
    """

    slot_names = ("accumulator",)
    _absent_in_old_files = (0, 0)  # iterations

    def __init__(self, learning_rate=0.001, rho=0.9, **kwargs):
        self.initial_decay = kwargs.pop("decay", 0.0)
        self.epsilon = kwargs.pop("epsilon", None)
        if self.epsilon is None:
            self.epsilon = epsilon()
        learning_rate = kwargs.pop("lr", learning_rate)
        super().__init__(**kwargs)
        self.learning_rate = self._hyperparameter("learning_rate", learning_rate)
        self.rho = self._hyperparameter("rho", rho)
        self.decay = self._hyperparameter("decay", self.initial_decay)
        self.iterations = self._counter()

    def begin_step(self):
        rho = self.rho
        return read(self.current_learning_rate(), rho, 1.0 - rho)

    def step(self, param, gradient, slots, learning_rate, rho, rest):
        return _step(param, gradient, *slots, learning_rate, rho, rest, self.epsilon)

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate": number(self.learning_rate),
            "rho": number(self.rho),
            "decay": number(self.decay),
            "epsilon": self.epsilon,
        }


@op
def _step(param, gradient, average, learning_rate, rho, rest, epsilon):
    average = rho * average + rest * jnp.square(gradient)
    return [param - learning_rate * gradient / (jnp.sqrt(average) + epsilon), average]
