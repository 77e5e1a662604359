"""`tf.keras.mixed_precision`: everything is computed in `floatx()`; other policies say so."""

import warnings

from hornbeam import backend as K

__all__ = [
    "LossScaleOptimizer", "Policy", "experimental", "global_policy", "set_global_policy",
    "set_policy",
]  # fmt: skip


class Policy:
    """In which dtypes layers compute and keep their weights.

    Args:
        name: 'float32', 'float64', 'float16', 'bfloat16', or 'mixed_float16' and
            'mixed_bfloat16', for which a warning says that float32 is used instead.
        loss_scale: Not needed in float32.

    Raises:
        ValueError: for another name.
    """

    def __init__(self, name, loss_scale=None):
        known = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
        if name not in known:
            raise ValueError(f"Cannot convert value {name!r} to a Policy. Expected one of {known}.")
        if name.startswith("mixed"):
            warnings.warn(
                f"Mixed precision ({name}) is not provided by hornbeam: the model is computed in "
                "float32, so results are as exact or more. K.set_floatx('bfloat16') computes "
                "everything in 16 bits.",
                stacklevel=2,
            )
        self.name = name

    @property
    def compute_dtype(self):
        """The dtype in which layers compute."""
        return "float32" if self.name.startswith("mixed") else self.name

    variable_dtype = compute_dtype

    def get_config(self):
        """Returns the arguments of the constructor, as a dict."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        """Makes a policy from what `get_config` returned."""
        return cls(**config)


_policy = None


def global_policy():
    """Returns the policy that was set, or that of `floatx()`."""
    return _policy or Policy(K.floatx())


def set_global_policy(policy):
    """Sets the dtype of the layers made from here on. See `Policy`."""
    global _policy
    _policy = policy if isinstance(policy, Policy) else Policy(policy)
    K.set_floatx(_policy.compute_dtype)


set_policy = set_global_policy


def LossScaleOptimizer(optimizer=None, dynamic=True, initial_scale=None,  # noqa: N802
                       dynamic_growth_steps=None, inner_optimizer=None, loss_scale=None):
    """Returns the optimizer inside: float32 needs no scaling of losses."""
    return inner_optimizer or optimizer


class experimental:  # noqa: N801  tf.keras's name
    """Older places of the same names."""

    Policy = Policy
    LossScaleOptimizer = staticmethod(LossScaleOptimizer)
    global_policy = staticmethod(global_policy)
    set_policy = staticmethod(set_global_policy)
