"""`BatchNormalization`."""

from hornbeam import backend as K
from hornbeam import constraints, initializers, regularizers
from hornbeam.backend.config import conventions
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import known_axis

__all__ = ["BatchNormalization"]


class BatchNormalization(Layer):
    """Normalizes each feature over the batch, to a mean and a variance that are learned.

    In training with the mean and variance of the batch, and moving averages of them are kept; in
    test with the moving averages.

    Args:
        axis: Integer, the axis of the features; 1 after layers with `'channels_first'`.
        momentum: Float, the part of a moving average that stays at each step.
        epsilon: Float, added to the variance.
        center: Bool, whether to add the learned `beta`.
        scale: Bool, whether to multiply by the learned `gamma`.
        beta_initializer, gamma_initializer: Name, function of a shape, or `Initializer`.
        moving_mean_initializer, moving_variance_initializer: The same.
        beta_regularizer, gamma_regularizer: Regularizer or None.
        beta_constraint, gamma_constraint: Constraint or None.

    Input shape: any; the size of `axis` must be known.
    Output shape: that of the input.

    Raises:
        ShapeError: if the input has no such axis, or its size is unknown.

    Source: Ioffe and Szegedy 2015, arXiv:1502.03167, as in Keras 2.3.1 on TensorFlow: with
    `trainable=False` the moving averages stay as they are, but in training the statistics of the
    batch are still used (tf.keras 2 uses the moving averages then). The variance that enters the
    moving average is multiplied by `n / (n - 1 - epsilon)`, `n` being the number of elements in
    the mean; for images (rank 4, axis 1 or -1) it has been multiplied by `n / (n - 1)` before,
    by TensorFlow's fused kernel. Where tf.keras's conventions hold, a layer with `trainable=False`
    uses the moving averages in training too, and the first of the two factors is left out.
    """

    supports_masking = True
    uses_learning_phase = True

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._as_in_tf_keras = conventions() == "tf.keras"
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]  # tf.keras's form
        self.axis = int(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape):
        rank = len(input_shape)
        if not -rank <= self.axis < rank:
            raise ShapeError(
                f"{self.name} (BatchNormalization) got an input of shape {tuple(input_shape)}, "
                f"which has no axis {self.axis}."
            )
        size = known_axis(self, input_shape, self.axis)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: size})
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=(size,),
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,  # all four stay as they are where the layer computes in 16 bits
            )
        if self.center:
            self.beta = self.add_weight(
                name="beta",
                shape=(size,),
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
            )
        self.moving_mean = self.add_weight(
            name="moving_mean",
            shape=(size,),
            initializer=self.moving_mean_initializer,
            trainable=False,
            autocast=False,
        )
        self.moving_variance = self.add_weight(
            name="moving_variance",
            shape=(size,),
            initializer=self.moving_variance_initializer,
            trainable=False,
            autocast=False,
        )
        self.built = True

    def call(self, inputs, training=None):
        if self._as_in_tf_keras and not self.trainable:
            training = False
        return K.in_train_phase(
            lambda: self._normalize_by_batch(inputs),
            lambda: K.batch_normalization(
                inputs,
                self.moving_mean,
                self.moving_variance,
                self.beta,
                self.gamma,
                axis=self.axis,
                epsilon=self.epsilon,
            ),
            training=training,
        )

    def _normalize_by_batch(self, inputs):
        rank = K.ndim(inputs)
        axes = [axis for axis in range(rank) if axis != self.axis % rank]
        normalized, mean, variance = K.normalize_batch_in_training(
            inputs, self.gamma, self.beta, axes, epsilon=self.epsilon
        )
        if not self._as_in_tf_keras:
            shape = K.int_shape(inputs)
            count = 1
            for axis in axes:
                count *= int(shape[axis])
            variance = variance * (count / (count - (1.0 + self.epsilon)))
        self.add_update(
            [
                K.moving_average_update(self.moving_mean, mean, self.momentum),
                K.moving_average_update(self.moving_variance, variance, self.momentum),
            ],
            inputs,
        )
        return normalized

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(
                self.moving_variance_initializer
            ),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
