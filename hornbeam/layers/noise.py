"""Noise, in training only."""

from hornbeam import backend as K
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import checked_rate

__all__ = ["AlphaDropout", "GaussianDropout", "GaussianNoise"]

# Klambauer et al. 2017, arXiv:1706.02515: the parameters of `selu`.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


class GaussianNoise(Layer):
    """Adds normal random numbers in training.

    Args:
        stddev: Float, their standard deviation.

    Input shape: any.
    Output shape: that of the input.
    """

    supports_masking = True
    uses_learning_phase = True

    def __init__(self, stddev, **kwargs):
        super().__init__(**kwargs)
        self.stddev = stddev

    def call(self, inputs, training=None):
        return K.in_train_phase(
            lambda: inputs
            + K.random_normal(
                K.shape(inputs), mean=0.0, stddev=self.stddev, dtype=K.dtype(inputs)
            ),
            inputs,
            training=training,
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"stddev": self.stddev}


class GaussianDropout(Layer):
    """Multiplies by normal random numbers around 1 in training.

    Args:
        rate: Float from 0 to 1; the standard deviation is `sqrt(rate / (1 - rate))`. At 0 and at 1
            nothing happens, as in Keras 2.3.1.

    Input shape: any.
    Output shape: that of the input.

    Source: Srivastava et al. 2014, JMLR 15, section 10.
    """

    supports_masking = True

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = checked_rate(self, rate)
        self.uses_learning_phase = 0 < self.rate < 1

    def call(self, inputs, training=None):
        if not 0 < self.rate < 1:
            return inputs
        stddev = (self.rate / (1.0 - self.rate)) ** 0.5
        return K.in_train_phase(
            lambda: inputs
            * K.random_normal(K.shape(inputs), mean=1.0, stddev=stddev, dtype=K.dtype(inputs)),
            inputs,
            training=training,
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"rate": self.rate}


class AlphaDropout(Layer):
    """Dropout that keeps the mean and variance of what `selu` gives.

    Args:
        rate: Float from 0 to 1, the part that is dropped. At 0 and at 1 nothing happens.
        noise_shape: Tuple of ints and None, the shape of the random choice, which is broadcast.
        seed: Integer, fixes the random choices.

    Input shape: any.
    Output shape: that of the input.

    Source: Klambauer et al. 2017, arXiv:1706.02515.
    """

    supports_masking = True

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = checked_rate(self, rate)
        self.noise_shape = noise_shape
        self.seed = seed
        self.uses_learning_phase = 0 < self.rate < 1

    def _get_noise_shape(self, inputs):
        shape = K.shape(inputs)
        if self.noise_shape is None:
            return shape
        return [shape[i] if size is None else size for i, size in enumerate(self.noise_shape)]

    def call(self, inputs, training=None):
        if not 0 < self.rate < 1:
            return inputs
        return K.in_train_phase(lambda: self._dropped(inputs), inputs, training=training)

    def _dropped(self, inputs):
        rate, low = self.rate, -_SELU_ALPHA * _SELU_SCALE  # what selu tends to at -infinity
        scale = ((1 - rate) * (1 + rate * low**2)) ** -0.5
        offset = -scale * low * rate
        shape, dtype = self._get_noise_shape(inputs), K.dtype(inputs)
        kept = K.random_binomial(shape, p=1.0 - rate, dtype=dtype, seed=self.seed)
        return scale * (inputs * kept + low * (1 - kept)) + offset

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config() | {"rate": self.rate}
        # Keras 2.3.1 forgets these.
        if self.noise_shape is not None:
            config["noise_shape"] = self.noise_shape
        if self.seed is not None:
            config["seed"] = self.seed
        return config
