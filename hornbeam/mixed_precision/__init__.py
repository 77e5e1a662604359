"""Mixed precision: weights in float32, computing in 16 bits.

`set_global_policy("mixed_bfloat16")` before the layers are made is all that a model needs. With
`"mixed_float16"`, `compile` scales the loss as well, see `LossScaleOptimizer`. Losses and metrics
are computed in float32.
"""

from hornbeam.engine.policy import Policy, global_policy, serialize, set_global_policy
from hornbeam.engine.policy import policy_of as _policy_of
from hornbeam.optimizers.loss_scale import LossScaleOptimizer

__all__ = [
    "LossScaleOptimizer", "Policy", "deserialize", "global_policy", "serialize",
    "set_global_policy",
]  # fmt: skip


def deserialize(config):
    """Makes a policy from its name or from what `serialize` returned."""
    return _policy_of(config)
