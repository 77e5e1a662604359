"""Activation functions with parameters, as layers."""

from hornbeam import activations, constraints, initializers, regularizers
from hornbeam import backend as K
from hornbeam.engine.checks import InputSpec
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import known_axis

__all__ = ["ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU"]


def _number(value):
    """A number as Keras stores it: rounded to `floatx()`."""
    return float(K.cast_to_floatx(value))


class LeakyReLU(Layer):
    """`x` above 0, `alpha * x` below.

    Args:
        alpha: Float, at least 0.

    Input shape: any.
    Output shape: that of the input.

    Source: Maas et al. 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models.
    """

    supports_masking = True

    def __init__(self, alpha=0.3, **kwargs):
        super().__init__(**kwargs)
        self.alpha = _number(alpha)

    def call(self, inputs):
        return K.relu(inputs, alpha=self.alpha)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"alpha": self.alpha}


class PReLU(Layer):
    """`x` above 0, `alpha * x` below, with a learned `alpha` for each place.

    Args:
        alpha_initializer: Name, function of a shape, or `Initializer`.
        alpha_regularizer: Regularizer or None.
        alpha_constraint: Constraint or None.
        shared_axes: Integer or list of them, axes along which `alpha` is the same: `[1, 2]` for
            one number a channel after a convolution.

    Input shape: any; the sizes of the axes that are not shared must be known.
    Output shape: that of the input.

    Source: He et al. 2015, arXiv:1502.01852.
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer="zeros",
        alpha_regularizer=None,
        alpha_constraint=None,
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape):
        rank = len(input_shape)
        shared = {axis % rank for axis in self.shared_axes or ()}
        shape = [
            1 if axis in shared else known_axis(self, input_shape, axis)
            for axis in range(1, rank)
        ]
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            autocast=False,  # its gradient is a sum, which 16 bits would cut off
        )
        fixed = {axis: input_shape[axis] for axis in range(1, rank) if axis not in shared}
        self.input_spec = InputSpec(ndim=rank, axes=fixed)
        self.built = True

    def call(self, inputs, mask=None):  # a mask passes on; values do not depend on it
        outputs = K.relu(inputs) - self.alpha * K.relu(-inputs)
        return K.cast(outputs, K.dtype(inputs)) if self.dtype_policy.is_mixed else outputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


class ELU(Layer):
    """`x` above 0, `alpha * (exp(x) - 1)` below.

    Args:
        alpha: Float.

    Input shape: any.
    Output shape: that of the input.

    Source: Clevert et al. 2015, arXiv:1511.07289.
    """

    supports_masking = True

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = _number(alpha)

    def call(self, inputs):
        return K.elu(inputs, self.alpha)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"alpha": self.alpha}


class ThresholdedReLU(Layer):
    """`x` above `theta`, 0 below.

    Args:
        theta: Float, at least 0.

    Input shape: any.
    Output shape: that of the input.

    Source: Konda et al. 2014, arXiv:1402.3337.
    """

    supports_masking = True

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = _number(theta)

    def call(self, inputs, mask=None):  # a mask passes on; values do not depend on it
        return inputs * K.cast(K.greater(inputs, self.theta), K.dtype(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"theta": self.theta}


class Softmax(Layer):
    """Exponentials that add up to 1 along an axis.

    Args:
        axis: Integer.

    Input shape: any of rank 2 or more.
    Output shape: that of the input.
    """

    supports_masking = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs):
        return activations.softmax(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"axis": self.axis}


class ReLU(Layer):
    """`x` above `threshold`, `negative_slope * (x - threshold)` below, at most `max_value`.

    Args:
        max_value: Float, at least 0, or None for no limit.
        negative_slope: Float, at least 0.
        threshold: Float.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: for a negative `max_value` or `negative_slope`.
    """

    supports_masking = True

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0.0:
            raise ValueError(f"max_value of ReLU layer cannot be negative value: {max_value}.")
        if negative_slope < 0.0:
            raise ValueError(
                f"negative_slope of ReLU layer cannot be negative value: {negative_slope}."
            )
        self.max_value = None if max_value is None else _number(max_value)
        self.negative_slope = _number(negative_slope)
        self.threshold = _number(threshold)

    def call(self, inputs):
        return K.relu(
            inputs,
            alpha=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
