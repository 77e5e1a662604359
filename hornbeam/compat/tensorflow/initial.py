"""Initializers at the root of `tensorflow`: `tf.zeros_initializer()`, ..."""

from hornbeam import initializers

# Name -> hornbeam's class.
_CLASSES = {
    "constant_initializer": "Constant",
    "ones_initializer": "Ones",
    "random_normal_initializer": "RandomNormal",
    "random_uniform_initializer": "RandomUniform",
    "zeros_initializer": "Zeros",
    "orthogonal_initializer": "Orthogonal",
    "truncated_normal_initializer": "TruncatedNormal",
    "uniform_unit_scaling_initializer": "VarianceScaling",
    "variance_scaling_initializer": "VarianceScaling",
}
globals().update({name: getattr(initializers, own) for name, own in _CLASSES.items()})


def glorot_uniform_initializer(seed=None, dtype="float32"):
    """Glorot's uniform initializer."""
    return initializers.get("glorot_uniform") if seed is None else initializers.VarianceScaling(
        1.0, "fan_avg", "uniform", seed
    )


def glorot_normal_initializer(seed=None, dtype="float32"):
    """Glorot's normal initializer."""
    return initializers.VarianceScaling(1.0, "fan_avg", "normal", seed)


__all__ = sorted([*_CLASSES, "glorot_normal_initializer", "glorot_uniform_initializer"])
