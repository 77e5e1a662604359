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
            rate is divided by `1 + decay * iterations`; `momentum`, float, default 0, the share
            of the last change that is made again; `centered`, bool, default False, whether the
            mean of the gradient is taken off its size; and what `Optimizer` takes.

    Source: Keras 2.3.1; Tieleman and Hinton 2012, lecture 6.5.
        `a = rho * a + (1 - rho) * g^2`; `p -= lr * g / (sqrt(a) + epsilon)`. `momentum` and
        `centered` are of tf.keras 2: `c = rho * c + (1 - rho) * g`, `a - c^2` in place of `a`;
        `v = momentum * v + lr * g / sqrt(a + epsilon)`; `p -= v`.
    """

    slot_names = ("accumulator",)
    _absent_in_old_files = (0, 0)  # iterations

    def __init__(self, learning_rate=0.001, rho=0.9, **kwargs):
        self.initial_decay = kwargs.pop("decay", 0.0)
        self.epsilon = kwargs.pop("epsilon", None)
        if self.epsilon is None:
            self.epsilon = epsilon()
        learning_rate = kwargs.pop("lr", learning_rate)
        self.momentum = float(kwargs.pop("momentum", 0.0))
        self.centered = bool(kwargs.pop("centered", False))
        self.slot_names = (
            "accumulator",
            *(["mean"] if self.centered else []),
            *(["momentum"] if self.momentum else []),
        )
        super().__init__(**kwargs)
        self.learning_rate = self._hyperparameter("learning_rate", learning_rate)
        self.rho = self._hyperparameter("rho", rho)
        self.decay = self._hyperparameter("decay", self.initial_decay)
        self.iterations = self._counter()

    def begin_step(self):
        rho = self.rho
        return read(self.current_learning_rate(), rho, 1.0 - rho)

    def step(self, param, gradient, slots, learning_rate, rho, rest):
        if not (self.momentum or self.centered):
            return _step(param, gradient, *slots, learning_rate, rho, rest, self.epsilon)
        return _full_step(param, gradient, list(slots), learning_rate, rho, rest, self.epsilon,
                          self.momentum, self.centered)

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate": number(self.learning_rate),
            "rho": number(self.rho),
            "decay": number(self.decay),
            "epsilon": self.epsilon,
            **({"momentum": self.momentum} if self.momentum else {}),
            **({"centered": True} if self.centered else {}),
        }


@op
def _step(param, gradient, average, learning_rate, rho, rest, epsilon):
    average = rho * average + rest * jnp.square(gradient)
    return [param - learning_rate * gradient / (jnp.sqrt(average) + epsilon), average]


@op
def _full_step(param, gradient, slots, rate, rho, rest, epsilon, momentum, centered):
    slots[0] = size = rho * slots[0] + rest * jnp.square(gradient)
    if centered:
        slots[1] = rho * slots[1] + rest * gradient
        size = size - jnp.square(slots[1])
    if not momentum:
        return [param - rate * gradient / (jnp.sqrt(size) + epsilon), *slots]
    slots[-1] = momentum * slots[-1] + rate * gradient / jnp.sqrt(size + epsilon)
    return [param - slots[-1], *slots]
