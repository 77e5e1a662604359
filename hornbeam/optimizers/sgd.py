"""Stochastic gradient descent."""

from hornbeam.backend.ops import op
from hornbeam.optimizers.base import Optimizer, number, read


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

    Args:
        learning_rate: Float, default 0.01; `lr` is its older name.
        momentum: Float >= 0, default 0: the share of the last change that is made again.
        nesterov: Bool, default False: look ahead by the momentum.
        **kwargs: `decay`, float, default 0: the learning rate is divided by
            `1 + decay * iterations`; and what `Optimizer` takes.

    Source: Keras 2.3.1. `v = momentum * v - lr * g`; `p += v`, with Nesterov
        `p += momentum * v - lr * g`.
    """

    slot_names = ("moment",)

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **kwargs):
        learning_rate = kwargs.pop("lr", learning_rate)
        self.initial_decay = kwargs.pop("decay", 0.0)
        super().__init__(**kwargs)
        self.iterations = self._counter()
        self.learning_rate = self._hyperparameter("learning_rate", learning_rate)
        self.momentum = self._hyperparameter("momentum", momentum)
        self.decay = self._hyperparameter("decay", self.initial_decay)
        self.nesterov = nesterov

    def begin_step(self):
        return read(self.current_learning_rate(), self.momentum)

    def step(self, param, gradient, slots, learning_rate, momentum):
        return _step(param, gradient, *slots, learning_rate, momentum, bool(self.nesterov))

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate": number(self.learning_rate),
            "momentum": number(self.momentum),
            "decay": number(self.decay),
            "nesterov": self.nesterov,
        }


@op
def _step(param, gradient, moment, learning_rate, momentum, nesterov):
    change = learning_rate * gradient
    velocity = momentum * moment - change
    if nesterov:
        return [param + momentum * velocity - change, velocity]
    return [param + velocity, velocity]
