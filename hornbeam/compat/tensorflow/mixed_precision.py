"""`tf.keras.mixed_precision`, and what it was called before TensorFlow 2.4."""

import inspect

from hornbeam import mixed_precision
from hornbeam.mixed_precision import Policy, global_policy, set_global_policy
from hornbeam.optimizers.loss_scale import arguments_of_loss_scale

__all__ = [
    "DynamicLossScale", "FixedLossScale", "LossScaleOptimizer", "Policy", "experimental",
    "global_policy", "set_global_policy", "set_policy",
]  # fmt: skip


class LossScaleOptimizer(mixed_precision.LossScaleOptimizer):
    """The class of hornbeam, which takes the older arguments too.

    Args:
        inner_optimizer: An optimizer; before TensorFlow 2.4 its name was `optimizer`.
        dynamic: Bool; or, in its place before 2.4, the loss scale: `'dynamic'`, a number, a
            `DynamicLossScale` or a `FixedLossScale`. By name it is `loss_scale`.
        initial_scale, dynamic_growth_steps: See `hornbeam.mixed_precision.LossScaleOptimizer`.

    Source: tf.keras 2.1 to 2.3, `tf.keras.mixed_precision.experimental.LossScaleOptimizer`.
    """

    def __init__(self, inner_optimizer=None, dynamic=True, initial_scale=None,
                 dynamic_growth_steps=None, *, optimizer=None, loss_scale=None):
        options = {"initial_scale": initial_scale, "dynamic_growth_steps": dynamic_growth_steps}
        if loss_scale is None and not isinstance(dynamic, bool):
            loss_scale, dynamic = dynamic, True
        if loss_scale is not None:
            options.update(arguments_of_loss_scale(loss_scale))
        super().__init__(optimizer if inner_optimizer is None else inner_optimizer,
                         **{"dynamic": dynamic, **options})


class DynamicLossScale:
    """A loss scale that is halved where gradients are not finite, and doubled now and then.

    Args:
        initial_loss_scale: Float.
        increment_period: Integer, finite steps after which the scale is doubled.
        multiplier: Float; `LossScaleOptimizer` knows 2 alone.

    Source: TensorFlow 2.1 to 2.3, `tf.mixed_precision.experimental.DynamicLossScale`.
    """

    def __init__(self, initial_loss_scale=2.0**15, increment_period=2000, multiplier=2.0):
        self.initial_loss_scale = initial_loss_scale
        self.increment_period = increment_period
        self.multiplier = multiplier

    def get_config(self):
        """Returns the arguments of the constructor, as a dict."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}


class FixedLossScale(DynamicLossScale):
    """A loss scale that stays.

    Args:
        loss_scale_value: Float.

    Source: TensorFlow 2.1 to 2.3, `tf.mixed_precision.experimental.FixedLossScale`.
    """

    def __init__(self, loss_scale_value):
        self.loss_scale_value = float(loss_scale_value)


set_policy = set_global_policy


class _Policy(Policy):
    """A policy that says how the loss is scaled.

    Args:
        name: See `hornbeam.mixed_precision.Policy`.
        loss_scale: What `compile` makes the `LossScaleOptimizer` of: `'dynamic'`, a number, a
            `DynamicLossScale` or a `FixedLossScale`; None for no scaling. `'auto'` is `'dynamic'`
            for 'mixed_float16', and None for any other name.

    Source: tf.keras 2.1 to 2.3, `tf.keras.mixed_precision.experimental.Policy`.
    """

    def __init__(self, name, loss_scale="auto"):
        super().__init__(name)
        scales = name == "mixed_float16"
        self.loss_scale = ("dynamic" if scales else None) if loss_scale == "auto" else loss_scale

    @property
    def loss_scaling(self):
        return None if self.loss_scale is None else arguments_of_loss_scale(self.loss_scale)


class experimental:  # noqa: N801  tf.keras's name
    """Older places of the same names."""

    Policy = _Policy
    LossScaleOptimizer = LossScaleOptimizer
    DynamicLossScale, FixedLossScale = DynamicLossScale, FixedLossScale
    global_policy = staticmethod(global_policy)
    set_policy = staticmethod(set_global_policy)
