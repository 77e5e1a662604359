"""`LossScaleOptimizer`: gradients of a scaled loss, so that float16 keeps the small ones."""

import math

import jax.numpy as jnp
import numpy as np

from hornbeam.backend import running
from hornbeam.backend.function import normalize_updates, update
from hornbeam.backend.ops import op
from hornbeam.backend.tensors import Variable
from hornbeam.optimizers.base import Optimizer

_INITIAL_SCALE = 2.0**15
_GROWTH_STEPS = 2000
_OWN = frozenset(
    ["inner_optimizer", "loss_scale", "dynamic_counter", "dynamic", "initial_scale",
     "dynamic_growth_steps", "updates", "lr"]
)  # fmt: skip


def stepping(optimizer):
    """Returns the optimizer that makes the steps: the inner one of a `LossScaleOptimizer`."""
    return optimizer.inner_optimizer if isinstance(optimizer, LossScaleOptimizer) else optimizer


def arguments_of_loss_scale(loss_scale):
    """Returns what tf.keras before 2.4 called `loss_scale` as arguments of today, in a dict.

    Args:
        loss_scale: `'dynamic'`, a number, the config of TensorFlow's `DynamicLossScale` or
            `FixedLossScale`, or such an object.
    """
    if hasattr(loss_scale, "get_config"):
        name, settings = type(loss_scale).__name__, loss_scale.get_config()
    elif isinstance(loss_scale, dict):
        name, settings = loss_scale.get("class_name"), loss_scale.get("config", {})
    elif loss_scale == "dynamic":
        return {"dynamic": True}
    else:
        return {"dynamic": False, "initial_scale": float(loss_scale)}
    if name == "FixedLossScale":
        return {"dynamic": False, "initial_scale": float(settings["loss_scale_value"])}
    if name != "DynamicLossScale" or settings.get("multiplier", 2) != 2:
        raise ValueError(
            f"Unknown loss_scale {name!r} with {settings}. Expected 'dynamic', a number, or a "
            "DynamicLossScale whose multiplier is 2."
        )
    return {
        "dynamic": True,
        "initial_scale": settings.get("initial_loss_scale"),
        "dynamic_growth_steps": settings.get("increment_period"),
    }


@op
def _scaled(loss, scale):
    loss = jnp.asarray(loss)
    return loss * scale.astype(loss.dtype)


@op
def _unscaled(gradients, scale):
    return [g * (1.0 / scale).astype(g.dtype) for g in gradients]


@op
def _all_finite(gradients):
    finite = jnp.array(True)
    for gradient in gradients:
        finite = finite & jnp.all(jnp.isfinite(gradient))
    return finite


@op
def _chosen(finite, old, new):
    """The new values where the gradients were finite, else the old ones."""
    return [
        jnp.where(finite, jnp.asarray(after).astype(before.dtype), before)
        for before, after in zip(old, new)
    ]


@op
def _next_scale(finite, scale, counter, growth_steps):
    """The loss scale and the counter of finite steps after a step."""
    grown = scale * 2.0
    grows = counter + 1 >= growth_steps
    after_finite = jnp.where(grows & jnp.isfinite(grown), grown, scale)
    halved = jnp.maximum(scale / 2.0, 1.0)
    return [
        jnp.where(finite, after_finite, halved),
        jnp.where(finite & ~grows, counter + 1, jnp.zeros_like(counter)),
    ]


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale, divides the gradients by it, and lets another optimizer step.

    float16 has no numbers below 6e-8: gradients of a loss that is multiplied by a large number do
    not vanish in it. If the scale was too large, so that a gradient is infinite or NaN, the step is
    left out (weights and slots stay; `iterations` counts it, as in tf.keras) and the scale is
    halved; after `dynamic_growth_steps` good steps in a row it is doubled.

    `compile` makes one of the optimizer that it is given if the model's policy is
    `'mixed_float16'`, and `fit` does the rest. A training loop of one's own calls
    `get_scaled_loss`, `get_unscaled_gradients` and `apply_gradients`, or `minimize`.

    Args:
        inner_optimizer: The `Optimizer` that makes the steps. What is not told here, as
            `learning_rate` and `iterations`, is its own.
        dynamic: Bool, whether the scale changes.
        initial_scale: Float, the scale at first; None means 2**15. Needed if `dynamic` is False.
        dynamic_growth_steps: Integer, number of finite steps in a row after which the scale is
            doubled; None means 2000. Must be None if `dynamic` is False.

    Attributes:
        loss_scale: Float32 scalar variable.
        dynamic_counter: Int32 scalar variable, finite steps since the scale changed; None if
            `dynamic` is False.
        weights: Those of `inner_optimizer`, as in tf.keras.

    Raises:
        TypeError: if an argument has another type.
        ValueError: if arguments contradict each other.

    Example:
        >>> optimizer = LossScaleOptimizer(hornbeam.optimizers.SGD(0.1))
        >>> float(optimizer.loss_scale)
        32768.0

    Source: tf.keras 2; Micikevicius et al. 2018, arXiv:1710.03740.
    """

    def __init__(
        self, inner_optimizer, dynamic=True, initial_scale=None, dynamic_growth_steps=None
    ):
        if isinstance(inner_optimizer, LossScaleOptimizer):
            raise TypeError(
                "LossScaleOptimizer cannot wrap another LossScaleOptimizer, but got: "
                f"{inner_optimizer!r}"
            )
        if not isinstance(inner_optimizer, Optimizer):
            raise TypeError(
                '"inner_optimizer" must be an instance of `keras.optimizers.Optimizer`, but got: '
                f"{inner_optimizer!r}."
            )
        if not isinstance(dynamic, bool):
            raise TypeError(
                '"dynamic" argument to LossScaleOptimizer.__init__ must be a bool, but got: '
                f"{dynamic!r}"
            )
        if not dynamic and initial_scale is None:
            raise ValueError('"initial_scale" must be specified if "dynamic" is False')
        if not dynamic and dynamic_growth_steps is not None:
            raise ValueError(
                '"dynamic_growth_steps" must be None if "dynamic" is False, but got: '
                f"{dynamic_growth_steps!r}"
            )
        self.inner_optimizer = inner_optimizer
        self.dynamic = dynamic
        self.initial_scale = float(_INITIAL_SCALE if initial_scale is None else initial_scale)
        self.dynamic_growth_steps = None
        scale = np.float32(self.initial_scale)
        self.loss_scale = Variable(scale, name="loss_scale:0", dtype="float32", trainable=False)
        self.dynamic_counter = None
        if dynamic:
            steps = _GROWTH_STEPS if dynamic_growth_steps is None else dynamic_growth_steps
            self.dynamic_growth_steps = int(steps)
            counter = np.int32(0)
            self.dynamic_counter = Variable(
                counter, name="good_steps:0", dtype="int32", trainable=False
            )
        self.updates = []

    # ---- what is the inner optimizer's

    def __getattr__(self, name):
        if name.startswith("__") or "inner_optimizer" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.inner_optimizer, name)

    def __setattr__(self, name, value):
        inner = self.__dict__.get("inner_optimizer")
        if inner is None or name in _OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(inner, name, value)

    @property
    def lr(self):
        """The learning rate of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @lr.setter
    def lr(self, value):
        self.inner_optimizer.learning_rate = value

    @property
    def own_state(self):
        """List of the variables that change beside those of the inner optimizer."""
        return [self.loss_scale, self.dynamic_counter] if self.dynamic else []

    @property
    def weights(self):
        return self.inner_optimizer.weights

    def set_weights(self, weights):
        """Sets the values of `weights`, those of the inner optimizer. See `Optimizer`."""
        self.inner_optimizer.set_weights(weights)

    def set_scale(self, scale, counter):
        """Sets the loss scale and the counter, as a file holds them; a fixed scale stays.

        Raises:
            ValueError: if the scale is no finite number above 0, or the counter is negative.
        """
        try:
            scale, counter = float(scale), int(counter)
        except (TypeError, OverflowError) as error:
            raise ValueError(f"its loss scale is {scale!r}, of {counter!r} steps") from error
        if not (0 < scale < math.inf and 0 <= counter < 2**31):
            raise ValueError(f"its loss scale is {scale}, its count of good steps {counter}")
        if self.dynamic:
            self.loss_scale.set_value(np.float32(scale))
            self.dynamic_counter.set_value(np.int32(counter))

    @property
    def is_symbolic(self):
        return self.inner_optimizer.is_symbolic

    def build(self, params):
        self.inner_optimizer.build(params)

    # ---- scaling

    def get_scaled_loss(self, loss):
        """Returns the loss times the scale, in the loss's dtype.

        Args:
            loss: Tensor or array; or a function without arguments that returns one, then a
                function is returned.
        """
        if callable(loss):
            return lambda: self.get_scaled_loss(loss())
        return _scaled(loss, self.loss_scale)

    def get_unscaled_gradients(self, grads):
        """Returns gradients of the scaled loss, divided by the scale; a None stays None.

        Args:
            grads: List of tensors, arrays and Nones.
        """
        known = [g for g in grads if g is not None]
        found = iter(_unscaled(known, self.loss_scale) if known else ())
        return [None if g is None else next(found) for g in grads]

    scaled_loss = get_scaled_loss  # the names by which steps of training ask any optimizer
    unscaled_gradients = get_unscaled_gradients

    # ---- the step

    def compute_updates(self, params, grads):
        """See `Optimizer`. Where a gradient is not finite, each update keeps the old value."""
        grads = list(grads)
        inner = self.inner_optimizer
        updates = inner.compute_updates(params, inner.clip_gradients(grads))
        return self._guarded(updates, grads)

    def clip_gradients(self, grads):
        """Returns the gradients: `compute_updates` has the inner optimizer clip them."""
        return list(grads)

    def _guarded(self, updates, grads):
        """Makes updates that happen where all gradients are finite, and those of the scale."""
        if not self.dynamic:
            return updates
        finite = _all_finite(grads)
        counts = [(v, value) for v, value in updates if v is self.iterations]
        updates = [(v, value) for v, value in updates if v is not self.iterations]
        variables = [variable for variable, _ in updates]
        values = _chosen(finite, variables, [value for _, value in updates])
        state = _next_scale(finite, *self.own_state, self.dynamic_growth_steps)
        return [*counts, *zip(variables, values), *zip(self.own_state, state)]

    def get_gradients(self, loss, params):
        """Returns the gradients of a symbolic loss, computed of the scaled loss and unscaled."""
        scaled = Optimizer.get_gradients(self, self.get_scaled_loss(loss), params)
        return self.get_unscaled_gradients(scaled)

    def get_updates(self, loss, params):
        """Returns the updates that lower a symbolic loss. See `Optimizer.get_updates`."""
        with running.recording():
            found = []

            def gradients(loss, params):
                found[:] = self.get_gradients(loss, params)
                return self.inner_optimizer.clip_gradients(found)

            inner = self.inner_optimizer
            own = inner.__dict__.get("get_gradients")
            inner.get_gradients = gradients
            try:
                inner_updates = inner.symbolic_updates(loss, params)
            finally:
                del inner.get_gradients
                if own is not None:
                    inner.get_gradients = own
            pairs = [pair for pair in normalize_updates(inner_updates) if pair[0] is not None]
            self.updates = [update(v, value) for v, value in self._guarded(pairs, found)]
        return self.updates

    # ---- configuration

    def get_config(self):
        inner = self.inner_optimizer
        return {
            "inner_optimizer": {"class_name": type(inner).__name__, "config": inner.get_config()},
            "dynamic": self.dynamic,
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes an optimizer from what `get_config` returned.

        The older configs of tf.keras, with `optimizer` and `loss_scale`, are understood.
        """
        config = dict(config)
        if "loss_scale" in config:
            config.update(arguments_of_loss_scale(config.pop("loss_scale")))
        if "optimizer" in config:
            config["inner_optimizer"] = config.pop("optimizer")
        inner = config["inner_optimizer"]
        if not isinstance(inner, Optimizer):
            from hornbeam.optimizers.lookup import deserialize  # which knows this class

            config["inner_optimizer"] = deserialize(inner, custom_objects)
        return cls(**config)
