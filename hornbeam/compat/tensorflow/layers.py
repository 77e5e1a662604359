"""`tf.layers` of TensorFlow 1: functions that make a Keras layer and call it, and the layers."""

import importlib

from hornbeam import layers as _keras

__all__ = [
    "average_pooling1d", "average_pooling2d", "average_pooling3d", "batch_normalization",
    "conv1d", "conv2d", "conv2d_transpose", "conv3d", "conv3d_transpose", "dense", "dropout",
    "flatten", "max_pooling1d", "max_pooling2d", "max_pooling3d", "separable_conv1d",
    "separable_conv2d",
]  # fmt: skip


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(importlib.import_module("tensorflow.keras.layers"), name)


def _functional(name, phased=False):
    def call(inputs, *args, training=None, reuse=None, **kwargs):
        if reuse:
            raise ValueError(
                f"tf.layers: reuse={reuse!r} shares layers by name; here keep the layer itself: "
                f"layer = tf.keras.layers.{name}(...), then call it as often as you need."
            )
        layer = getattr(importlib.import_module("tensorflow.keras.layers"), name)(*args, **kwargs)
        return layer(inputs, training=training) if phased and training is not None else (
            layer(inputs)
        )

    call.__doc__ = f"Makes a layer `{name}` of the other arguments and calls it on `inputs`."
    return call


average_pooling1d = _functional("AveragePooling1D")
average_pooling2d = _functional("AveragePooling2D")
average_pooling3d = _functional("AveragePooling3D")
conv1d, conv2d, conv3d = (_functional(f"Conv{n}D") for n in (1, 2, 3))
conv2d_transpose, conv3d_transpose = (_functional(f"Conv{n}DTranspose") for n in (2, 3))
dense = _functional("Dense")
flatten = _functional("Flatten")
max_pooling1d, max_pooling2d, max_pooling3d = (_functional(f"MaxPooling{n}D") for n in (1, 2, 3))
separable_conv1d, separable_conv2d = (_functional(f"SeparableConv{n}D") for n in (1, 2))
batch_normalization = _functional("BatchNormalization", phased=True)


def dropout(inputs, rate=0.5, noise_shape=None, seed=None, training=False, name=None):
    """Applies dropout where `training`, a bool or boolean tensor, says so."""
    return _keras.Dropout(rate, noise_shape, seed, name=name)(inputs, training=training)
