"""Xception: Chollet 2016, arXiv:1610.02357."""

from hornbeam import backend as K
from hornbeam.applications import imagenet_utils
from hornbeam.applications.building import Request
from hornbeam.applications.imagenet_utils import decode_predictions
from hornbeam.applications.weight_files import FILES
from hornbeam.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
)

__all__ = ["Xception", "decode_predictions", "preprocess_input"]


def Xception(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds Xception: 34 separable convolutions with residuals around them, 22.9 million weights.

    Args:
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 91 MB), None for random ones, or the path of a
            file of weights.
        input_tensor: Tensor to take as the image.
        input_shape: Tuple without the batch axis; default `(299, 299, 3)`, or any size from 71 on
            without the top.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'tf'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows, cols, 2048)` with sizes about
        1/32 of the image's, or pooled `(batch, 2048)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Chollet 2016, arXiv:1610.02357, figure 5; as in Keras 2.3.1.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    request.settle_shape(default_size=299, min_size=71)
    return request.build("xception", _body, _top, FILES["xception"])


def _body(x):
    x = Conv2D(32, 3, strides=2, use_bias=False, name="block1_conv1")(x)
    x = _relu(_normal(x, "block1_conv1_bn"), "block1_conv1_act")
    x = Conv2D(64, 3, use_bias=False, name="block1_conv2")(x)
    x = _relu(_normal(x, "block1_conv2_bn"), "block1_conv2_act")
    for number, filters in ((2, 128), (3, 256), (4, 728)):
        x = _shrinking_block(x, number, filters, filters)
    for number in range(5, 13):
        residual = x
        for place in (1, 2, 3):
            x = _relu(x, f"block{number}_sepconv{place}_act")
            x = _separable(x, 728, f"block{number}_sepconv{place}")
        x = Add()([x, residual])
    x = _shrinking_block(x, 13, 728, 1024)
    x = _relu(_separable(x, 1536, "block14_sepconv1"), "block14_sepconv1_act")
    return _relu(_separable(x, 2048, "block14_sepconv2"), "block14_sepconv2_act")


def _shrinking_block(x, number, first, second):
    """Two separable convolutions and pooling; a 1 x 1 convolution of stride 2 beside them."""
    residual = Conv2D(second, 1, strides=2, padding="same", use_bias=False)(x)
    residual = _normal(residual)
    if number > 2:  # what enters the second block has been through a ReLU
        x = _relu(x, f"block{number}_sepconv1_act")
    x = _separable(x, first, f"block{number}_sepconv1")
    x = _relu(x, f"block{number}_sepconv2_act")
    x = _separable(x, second, f"block{number}_sepconv2")
    x = MaxPooling2D(3, strides=2, padding="same", name=f"block{number}_pool")(x)
    return Add()([x, residual])


def _separable(x, filters, name):
    x = SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _normal(x, f"{name}_bn")


def _normal(x, name=None):
    axis = 1 if K.image_data_format() == "channels_first" else -1
    return BatchNormalization(axis=axis, name=name)(x)


def _relu(x, name):
    return Activation("relu", name=name)(x)


def _top(x, classes, activation):
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Dense(classes, activation=activation, name="predictions")(x)


def preprocess_input(x, data_format=None, **kwargs):
    """Scales images from 0 to 255 to -1 to 1, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf", **kwargs)
