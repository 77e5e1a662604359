"""Normalization of each sample by itself: `LayerNormalization`, `GroupNormalization` and others."""

import jax.numpy as jnp

from hornbeam import backend as K
from hornbeam import constraints, initializers, regularizers
from hornbeam.backend.ops import op
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import known_axis

__all__ = ["GroupNormalization", "LayerNormalization", "UnitNormalization"]


def _axes(layer, axis, rank):
    """Sorted axes of at least 0.

    Raises:
        ShapeError: for an axis that the input lacks.
    """
    given = [axis] if isinstance(axis, int) else list(axis)
    if any(not -rank <= one < rank for one in given):
        raise ShapeError(
            f"{layer.name} ({type(layer).__name__}) got axis={axis!r} and an input of rank {rank}. "
            f"Expected axes from {-rank} to {rank - 1}."
        )
    return sorted({one % rank for one in given})


@op
def _normalized(x, axes, gamma, beta, epsilon):
    """Gives `x` mean 0 and variance 1 over `axes`; `gamma` and `beta` broadcast to it."""
    given, x = x.dtype, x.astype(jnp.promote_types(x.dtype, jnp.float32))
    mean = jnp.mean(x, axes, keepdims=True)
    centred = x - mean
    variance = jnp.mean(jnp.square(centred), axes, keepdims=True)
    scaled = centred * (variance + epsilon) ** -0.5
    if gamma is not None:
        scaled = scaled * gamma
    return (scaled if beta is None else scaled + beta).astype(given)


class _Scaled(Layer):
    """What learns a factor `gamma` and an offset `beta`."""

    supports_masking = True

    def _store(self, epsilon, center, scale, options):
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        for name in ("beta", "gamma"):
            for kind, module in _KINDS.items():
                setattr(self, f"{name}_{kind}", module.get(options[f"{name}_{kind}"]))

    def _add(self, name, wanted, shape):
        if not wanted:
            return None
        return self.add_weight(
            name=name,
            shape=shape,
            autocast=False,  # the normalized values are float32, in whatever dtype they came
            **{kind: getattr(self, f"{name}_{kind}") for kind in _KINDS},
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"epsilon": self.epsilon, "center": self.center, "scale": self.scale}
        for name in ("beta", "gamma"):
            for kind, module in _KINDS.items():
                config[f"{name}_{kind}"] = module.serialize(getattr(self, f"{name}_{kind}"))
        return super().get_config() | config


_KINDS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class LayerNormalization(_Scaled):
    """Normalizes each sample over its features, to a mean and a variance that are learned.

    Args:
        axis: Integer or list of integers, the axes that are normalized together.
        epsilon: Float, added to the variance.
        center: Bool, whether to add the learned `beta`.
        scale: Bool, whether to multiply by the learned `gamma`.
        beta_initializer, gamma_initializer: Name, function of a shape, or `Initializer`.
        beta_regularizer, gamma_regularizer: Regularizer or None.
        beta_constraint, gamma_constraint: Constraint or None.

    Input shape: any; the sizes of `axis` must be known.
    Output shape: that of the input.

    Raises:
        ShapeError: if the input has no such axis, or its size is unknown.

    Source: Ba et al. 2016, arXiv:1607.06450.
    """

    def __init__(
        self,
        axis=-1,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        options = {name: value for name, value in locals().items() if "_" in name}
        self._store(epsilon, center, scale, options)

    def build(self, input_shape):
        axes = _axes(self, self.axis, len(input_shape))
        sizes = tuple(known_axis(self, input_shape, axis) for axis in axes)
        self.gamma = self._add("gamma", self.scale, sizes)
        self.beta = self._add("beta", self.center, sizes)
        self.built = True

    def call(self, inputs):
        shape = K.int_shape(inputs)
        axes = _axes(self, self.axis, len(shape))
        places = tuple(shape[i] if i in axes else 1 for i in range(len(shape)))
        gamma, beta = (
            None if weight is None else K.reshape(weight, places)
            for weight in (self.gamma, self.beta)
        )
        return _normalized(inputs, tuple(axes), gamma, beta, self.epsilon)

    def get_config(self):
        return super().get_config() | {"axis": self.axis}


class GroupNormalization(_Scaled):
    """Normalizes each sample over groups of channels, and over all axes but the batch.

    Args:
        groups: Integer, number of groups, which divides the number of channels; -1 makes each
            channel a group of its own, which is instance normalization.
        axis: Integer, the axis of the channels; not the batch.
        epsilon: Float, added to the variance.
        center: Bool, whether to add the learned `beta`.
        scale: Bool, whether to multiply by the learned `gamma`.
        beta_initializer, gamma_initializer: Name, function of a shape, or `Initializer`.
        beta_regularizer, gamma_regularizer: Regularizer or None.
        beta_constraint, gamma_constraint: Constraint or None.

    Input shape: any of rank 2 or more; the number of channels must be known.
    Output shape: that of the input.

    Raises:
        ValueError: for groups that do not divide the channels, or an axis that is the batch.

    Source: Wu and He 2018, arXiv:1803.08494.
    """

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.groups = groups
        self.axis = axis
        options = {name: value for name, value in locals().items() if "_" in name}
        self._store(epsilon, center, scale, options)

    def build(self, input_shape):
        rank = len(input_shape)
        (axis,) = _axes(self, self.axis, rank)
        if axis == 0:
            raise ValueError(
                f"{self.name} (GroupNormalization) got axis={self.axis}, the batch. You are trying "
                "to normalize your batch axis; use BatchNormalization for that."
            )
        channels = known_axis(self, input_shape, axis)
        groups = channels if self.groups == -1 else self.groups
        if groups < 1 or channels % groups:
            raise ValueError(
                f"{self.name} (GroupNormalization) got groups={self.groups} and {channels} "
                "channels. The number of groups must divide the number of channels."
            )
        self.groups = groups
        self.input_spec = InputSpec(ndim=rank, axes={axis: channels})
        self.gamma = self._add("gamma", self.scale, (channels,))
        self.beta = self._add("beta", self.center, (channels,))
        self.built = True

    def call(self, inputs):
        rank = K.ndim(inputs)
        return _by_groups(
            inputs, self.gamma, self.beta, self.groups, self.axis % rank, self.epsilon
        )

    def get_config(self):
        return super().get_config() | {"groups": self.groups, "axis": self.axis}


@op
def _by_groups(x, gamma, beta, groups, axis, epsilon):
    shape = x.shape
    split = (*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :])
    axes = tuple(i for i in range(1, len(split)) if i != axis)
    y = _normalized(x.reshape(split), axes, None, None, epsilon).reshape(shape)
    places = tuple(shape[i] if i == axis else 1 for i in range(len(shape)))
    if gamma is not None:
        y = y * gamma.reshape(places)
    return (y if beta is None else y + beta.reshape(places)).astype(x.dtype)


class UnitNormalization(Layer):
    """Scales each vector of the input to the Euclidean length one.

    Args:
        axis: Integer or list of integers, the axes that make a vector.

    Input shape: any.
    Output shape: that of the input.

    Source: tf.keras.
    """

    supports_masking = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)

    def call(self, inputs):
        axes = tuple(_axes(self, self.axis, K.ndim(inputs)))
        return _unit(inputs, axes)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"axis": self.axis}


@op
def _unit(x, axes):
    square = jnp.sum(jnp.square(x), axes, keepdims=True)
    return x * jnp.maximum(square, 1e-12) ** -0.5
