"""Learned activation functions that Keras 1 had and Keras 2 dropped: ParametricSoftplus, SReLU."""

from hornbeam import backend as K
from hornbeam import initializers
from hornbeam.engine.checks import InputSpec
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import known_axis

__all__ = ["ParametricSoftplus", "SReLU"]


class _LearnedActivation(Layer):
    """What the two layers share: weights of the input's shape, or of 1 along the shared axes."""

    supports_masking = True

    def __init__(self, shared_axes=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(shared_axes, int):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def _weight_shape(self, input_shape):
        rank = len(input_shape)
        shared = {axis % rank for axis in self.shared_axes or ()}
        self.input_spec = InputSpec(ndim=rank)
        return [
            1 if axis in shared else known_axis(self, input_shape, axis) for axis in range(1, rank)
        ]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"shared_axes": self.shared_axes}


class ParametricSoftplus(_LearnedActivation):
    """`alpha * log(1 + exp(beta * x))`, with learned `alpha` and `beta` for each place.

    Args:
        alpha_init: Float, the start of `alpha`.
        beta_init: Float, the start of `beta`.
        weights: List of two arrays, `alpha` and `beta`, in place of the floats.
        shared_axes: Integer or list of them, axes along which the weights are the same: `[1, 2]`
            for one pair a channel after a convolution with the channels last.

    Input shape: any; the sizes of the axes that are not shared must be known.
    Output shape: that of the input.

    Source: Keras 1.2.2; McFarland et al. 2013, doi:10.1371/journal.pcbi.1003143.
    """

    def __init__(self, alpha_init=0.2, beta_init=5.0, weights=None, shared_axes=None, **kwargs):
        super().__init__(shared_axes, weights=weights, **kwargs)
        self.alpha_init = float(K.cast_to_floatx(alpha_init))
        self.beta_init = float(K.cast_to_floatx(beta_init))

    def build(self, input_shape):
        shape = self._weight_shape(input_shape)
        self.alphas, self.betas = (
            self.add_weight(name=name, shape=shape, initializer=initializers.Constant(start))
            for name, start in (("alphas", self.alpha_init), ("betas", self.beta_init))
        )
        self.built = True

    def call(self, inputs, mask=None):  # a mask passes on; values do not depend on it
        return K.softplus(self.betas * inputs) * self.alphas

    def get_config(self):
        return super().get_config() | {"alpha_init": self.alpha_init, "beta_init": self.beta_init}


class SReLU(_LearnedActivation):
    """An S of three learned lines: `x` in the middle, a slope of its own at either end.

    Below `t_left` it is `t_left + a_left * (x - t_left)`, from there to `t = t_left + |t_right|`
    it is `x`, above that `t + a_right * (x - t)`.

    Args:
        t_left_init, a_left_init, t_right_init, a_right_init: Initializers of the weights.
        weights: List of four arrays, in this order, in place of the initializers.
        shared_axes: Integer or list of them, axes along which the weights are the same.

    Input shape: any; the sizes of the axes that are not shared must be known.
    Output shape: that of the input.

    Source: Keras 1.2.2; Jin et al. 2015, arXiv:1512.07030.
    """

    _names = ("t_left", "a_left", "t_right", "a_right")

    def __init__(
        self,
        t_left_init="zeros",
        a_left_init="glorot_uniform",
        t_right_init="glorot_uniform",
        a_right_init="ones",
        weights=None,
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(shared_axes, weights=weights, **kwargs)
        self.t_left_init = initializers.get(t_left_init)
        self.a_left_init = initializers.get(a_left_init)
        self.t_right_init = initializers.get(t_right_init)
        self.a_right_init = initializers.get(a_right_init)

    def build(self, input_shape):
        shape = self._weight_shape(input_shape)
        for name in self._names:
            initializer = getattr(self, f"{name}_init")
            setattr(self, name, self.add_weight(name=name, shape=shape, initializer=initializer))
        self.built = True

    def call(self, inputs, mask=None):  # a mask passes on; values do not depend on it
        width = K.abs(self.t_right)
        above = inputs - self.t_left
        left = self.a_left * K.minimum(above, K.zeros_like(above))
        middle = K.minimum(K.relu(above), width * K.ones_like(above))
        return self.t_left + left + middle + self.a_right * K.relu(above - width)

    def get_config(self):
        return super().get_config() | {
            f"{name}_init": initializers.serialize(getattr(self, f"{name}_init"))
            for name in self._names
        }
