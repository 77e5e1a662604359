"""Adam, Adamax and Nadam: moving averages of the gradient and of its size."""

import jax.numpy as jnp

from hornbeam.backend.config import epsilon
from hornbeam.backend.ops import op
from hornbeam.optimizers.base import Optimizer, number


class Adam(Optimizer):
    """Adam.

    Args:
        learning_rate: Float, default 0.001; `lr` is its older name.
        beta_1: Float in [0, 1), default 0.9: the share of the gradients' average that is kept.
        beta_2: Float in [0, 1), default 0.999: the same for their squares.
        amsgrad: Bool, default False: divide by the largest average of squares so far.
        **kwargs: `epsilon`, float, default `K.epsilon()`; `decay`, float, default 0: the learning
            rate is divided by `1 + decay * iterations`; and what `Optimizer` takes.

    Source: Keras 2.3.1; Kingma and Ba 2014, arXiv:1412.6980, end of section 2; Reddi et al. 2018.
        `m = b1 * m + (1 - b1) * g`; `v = b2 * v + (1 - b2) * g^2`;
        `p -= lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon)`.

    Notes: without `amsgrad` the third slot of each parameter is an unused `(1,)`, as in the files
        of Keras.
    """

    slot_names = ("m", "v", "vhat")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, amsgrad=False, **kwargs):
        self.initial_decay = kwargs.pop("decay", 0.0)
        self.epsilon = kwargs.pop("epsilon", None)
        if self.epsilon is None:
            self.epsilon = epsilon()
        learning_rate = kwargs.pop("lr", learning_rate)
        super().__init__(**kwargs)
        self.iterations = self._counter()
        self.learning_rate = self._hyperparameter("learning_rate", learning_rate)
        self.beta_1 = self._hyperparameter("beta_1", beta_1)
        self.beta_2 = self._hyperparameter("beta_2", beta_2)
        self.decay = self._hyperparameter("decay", self.initial_decay)
        self.amsgrad = amsgrad

    def slot_shape(self, slot, param):
        return (1,) if slot == "vhat" and not self.amsgrad else tuple(param.shape)

    def begin_step(self):
        return _adam_scalars(
            self.current_learning_rate(), self.iterations, self.beta_1, self.beta_2
        )

    def step(self, param, gradient, slots, *scalars):
        if self.amsgrad:
            return _amsgrad_step(param, gradient, *slots, *scalars, self.epsilon)
        return [*_adam_step(param, gradient, *slots[:2], *scalars, self.epsilon), None]

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate": number(self.learning_rate),
            "beta_1": number(self.beta_1),
            "beta_2": number(self.beta_2),
            "decay": number(self.decay),
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


@op
def _adam_scalars(learning_rate, iterations, beta_1, beta_2):
    t = iterations.astype(beta_1.dtype) + 1.0
    rate = learning_rate * (jnp.sqrt(1.0 - beta_2**t) / (1.0 - beta_1**t))
    return [rate, beta_1, 1.0 - beta_1, beta_2, 1.0 - beta_2]


@op
def _adam_step(param, gradient, m, v, rate, beta_1, rest_1, beta_2, rest_2, epsilon):
    m = beta_1 * m + rest_1 * gradient
    v = beta_2 * v + rest_2 * jnp.square(gradient)
    return [param - rate * m / (jnp.sqrt(v) + epsilon), m, v]


@op
def _amsgrad_step(param, gradient, m, v, vhat, rate, beta_1, rest_1, beta_2, rest_2, epsilon):
    m = beta_1 * m + rest_1 * gradient
    v = beta_2 * v + rest_2 * jnp.square(gradient)
    vhat = jnp.maximum(vhat, v)
    return [param - rate * m / (jnp.sqrt(vhat) + epsilon), m, v, vhat]


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the average of squares.

    Args:
        learning_rate: Float, default 0.002; `lr` is its older name.
        beta_1: Float in [0, 1), default 0.9: the share of the gradients' average that is kept.
        beta_2: Float in [0, 1), default 0.999: how much of the largest gradient is kept.
        **kwargs: `epsilon`, float, default `K.epsilon()`; `decay`, float, default 0: the learning
            rate is divided by `1 + decay * iterations`; and what `Optimizer` takes.

    Source: Keras 2.3.1; Kingma and Ba 2014, arXiv:1412.6980, section 7.1.
        `m = b1 * m + (1 - b1) * g`; `u = max(b2 * u, |g|)`;
        `p -= lr / (1 - b1^t) * m / (u + epsilon)`.
    """

    slot_names = ("m", "u")

    def __init__(self, learning_rate=0.002, beta_1=0.9, beta_2=0.999, **kwargs):
        self.initial_decay = kwargs.pop("decay", 0.0)
        self.epsilon = kwargs.pop("epsilon", None)
        if self.epsilon is None:
            self.epsilon = epsilon()
        learning_rate = kwargs.pop("lr", learning_rate)
        super().__init__(**kwargs)
        self.iterations = self._counter()
        self.learning_rate = self._hyperparameter("learning_rate", learning_rate)
        self.beta_1 = self._hyperparameter("beta_1", beta_1)
        self.beta_2 = self._hyperparameter("beta_2", beta_2)
        self.decay = self._hyperparameter("decay", self.initial_decay)

    def begin_step(self):
        return _adamax_scalars(
            self.current_learning_rate(), self.iterations, self.beta_1, self.beta_2
        )

    def step(self, param, gradient, slots, *scalars):
        return _adamax_step(param, gradient, *slots, *scalars, self.epsilon)

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate": number(self.learning_rate),
            "beta_1": number(self.beta_1),
            "beta_2": number(self.beta_2),
            "decay": number(self.decay),
            "epsilon": self.epsilon,
        }


@op
def _adamax_scalars(learning_rate, iterations, beta_1, beta_2):
    t = iterations.astype(beta_1.dtype) + 1.0
    return [learning_rate / (1.0 - beta_1**t), beta_1, 1.0 - beta_1, beta_2]


@op
def _adamax_step(param, gradient, m, u, rate, beta_1, rest_1, beta_2, epsilon):
    m = beta_1 * m + rest_1 * gradient
    u = jnp.maximum(beta_2 * u, jnp.abs(gradient))
    return [param - rate * m / (u + epsilon), m, u]


class Nadam(Optimizer):
    """Adam with Nesterov momentum, whose share grows over the first updates.

    Args:
        learning_rate: Float, default 0.002; `lr` is its older name.
        beta_1: Float in [0, 1), default 0.9: the share of the gradients' average that is kept.
        beta_2: Float in [0, 1), default 0.999: the same for their squares.
        **kwargs: `epsilon`, float, default `K.epsilon()`; `schedule_decay`, float, default 0.004:
            how fast the momentum grows; and what `Optimizer` takes.

    Source: Keras 2.3.1; Dozat 2015.
        `mu(t) = b1 * (1 - 0.5 * 0.96^(t * schedule_decay))`, `s(t) = mu(1) * ... * mu(t)`;
        `m_bar = (1 - mu(t)) * g / (1 - s(t)) + mu(t + 1) * m / (1 - s(t + 1))`;
        `p -= lr * m_bar / (sqrt(v / (1 - b2^t)) + epsilon)`.
    """

    slot_names = ("m", "v")
    _absent_in_old_files = (1, 1.0)  # m_schedule

    def __init__(self, learning_rate=0.002, beta_1=0.9, beta_2=0.999, **kwargs):
        self.schedule_decay = kwargs.pop("schedule_decay", 0.004)
        self.epsilon = kwargs.pop("epsilon", None)
        if self.epsilon is None:
            self.epsilon = epsilon()
        learning_rate = kwargs.pop("lr", learning_rate)
        super().__init__(**kwargs)
        self.iterations = self._counter()
        self.m_schedule = self._hyperparameter("m_schedule", 1.0)
        self.learning_rate = self._hyperparameter("learning_rate", learning_rate)
        self.beta_1 = self._hyperparameter("beta_1", beta_1)
        self.beta_2 = self._hyperparameter("beta_2", beta_2)

    def own_weights(self):
        return [self.iterations, self.m_schedule]

    def compute_updates(self, params, grads):
        schedule = _nadam_momenta(
            self.iterations, self.m_schedule, self.beta_1, self.schedule_decay
        )[0]
        counter, *updates = super().compute_updates(params, grads)
        return [counter, (self.m_schedule, schedule), *updates]

    def begin_step(self):
        return _nadam_scalars(
            self.learning_rate,
            self.iterations,
            self.m_schedule,
            self.beta_1,
            self.beta_2,
            self.schedule_decay,
        )

    def step(self, param, gradient, slots, *scalars):
        return _nadam_step(param, gradient, *slots, *scalars, self.epsilon)

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate": number(self.learning_rate),
            "beta_1": number(self.beta_1),
            "beta_2": number(self.beta_2),
            "epsilon": self.epsilon,
            "schedule_decay": self.schedule_decay,
        }


@op
def _nadam_momenta(iterations, m_schedule, beta_1, schedule_decay):
    """`[s(t), mu(t), mu(t + 1)]` of the docstring above."""
    t = iterations.astype(beta_1.dtype) + 1.0
    base = jnp.asarray(0.96, beta_1.dtype)
    now = beta_1 * (1.0 - 0.5 * base ** (t * schedule_decay))
    soon = beta_1 * (1.0 - 0.5 * base ** ((t + 1.0) * schedule_decay))
    return [m_schedule * now, now, soon]


@op
def _nadam_scalars(learning_rate, iterations, m_schedule, beta_1, beta_2, schedule_decay):
    schedule, now, soon = _nadam_momenta.of_arrays(iterations, m_schedule, beta_1, schedule_decay)
    t = iterations.astype(beta_1.dtype) + 1.0
    return [
        learning_rate,
        beta_1,
        1.0 - beta_1,
        beta_2,
        1.0 - beta_2,
        (1.0 - now) / (1.0 - schedule),  # the gradient's share
        soon / (1.0 - schedule * soon),  # the average's share
        1.0 - beta_2**t,
    ]


@op
def _nadam_step(
    param, gradient, m, v, rate, beta_1, rest_1, beta_2, rest_2, share_g, share_m, scale, epsilon
):
    m = beta_1 * m + rest_1 * gradient
    v = beta_2 * v + rest_2 * jnp.square(gradient)
    mean = share_g * gradient + share_m * m
    return [param - rate * mean / (jnp.sqrt(v / scale) + epsilon), m, v]
