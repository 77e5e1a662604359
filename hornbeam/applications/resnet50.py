"""ResNet50 of Keras 2.3.1: He et al. 2015, arXiv:1512.03385.

The one of tf.keras, with other layers and weights, is in `resnet`; a program that was written for
tf.keras finds that one here too.
"""

import warnings

from hornbeam.applications import resnet
from hornbeam.applications.building import Request, channel_axis
from hornbeam.applications.imagenet_utils import decode_predictions, preprocess_input
from hornbeam.applications.weight_files import FILES
from hornbeam.backend.config import conventions
from hornbeam.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)

__all__ = ["ResNet50", "conv_block", "decode_predictions", "identity_block", "preprocess_input"]

# Number of a stage, its filters, and its blocks: table 1.
_STAGES = (
    (2, (64, 64, 256), "abc"),
    (3, (128, 128, 512), "abcd"),
    (4, (256, 256, 1024), "abcdef"),
    (5, (512, 512, 2048), "abc"),
)


def ResNet50(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds ResNet50: 16 bottleneck blocks, 25.6 million weights.

    Args:
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 103 MB), None for random ones, or the path of a
            file of weights.
        input_tensor: Tensor to take as the image.
        input_shape: Tuple without the batch axis; default `(224, 224, 3)`, or any size from 32 on
            without the top.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'caffe'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows / 32, cols / 32, 2048)`, or
        pooled `(batch, 2048)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: He et al. 2015, arXiv:1512.03385, table 1; as in Keras 2.3.1. Before Keras 2.2.0 a
    model without its top ended in `AveragePooling2D((7, 7))`, of which a warning tells.
    """
    if conventions() == "tf.keras":
        return resnet.ResNet50(
            include_top, weights, input_tensor, input_shape, pooling, classes, **kwargs
        )

    def body(x):
        x = ZeroPadding2D((3, 3), name="conv1_pad")(x)
        x = Conv2D(64, 7, strides=2, kernel_initializer="he_normal", name="conv1")(x)
        x = BatchNormalization(axis=channel_axis(), name="bn_conv1")(x)
        x = Activation("relu")(x)
        x = ZeroPadding2D((1, 1), name="pool1_pad")(x)
        x = MaxPooling2D(3, strides=2)(x)
        for stage, filters, blocks in _STAGES:
            strides = (1, 1) if stage == 2 else (2, 2)
            x = conv_block(x, 3, filters, stage, blocks[0], strides)
            for block in blocks[1:]:
                x = identity_block(x, 3, filters, stage, block)
        if not include_top and pooling not in ("avg", "max"):
            warnings.warn(
                "The output shape of `ResNet50(include_top=False)` has been changed since Keras "
                "2.2.0.",
                stacklevel=4,
            )
        return x

    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    request.settle_shape(default_size=224, min_size=32)
    return request.build("resnet50", body, _top, FILES["resnet50 of Keras"])


def _top(x, classes, activation):
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Dense(classes, activation=activation, name="fc1000")(x)


def identity_block(input_tensor, kernel_size, filters, stage, block):
    """Adds a block beside which nothing stands.

    Args:
        input_tensor: Tensor, of `filters[2]` channels.
        kernel_size: Integer, of the middle one of the three convolutions.
        filters: Three integers.
        stage: Integer, for the names of the layers.
        block: String, a letter for the names of the layers.
    """
    x = _bottleneck(input_tensor, kernel_size, filters, f"{stage}{block}_branch", (1, 1))
    return Activation("relu")(Add()([x, input_tensor]))


def conv_block(input_tensor, kernel_size, filters, stage, block, strides=(2, 2)):
    """Adds a block beside which a 1 x 1 convolution stands.

    Args:
        input_tensor, kernel_size, filters, stage, block: As in `identity_block`.
        strides: Pair of integers, of the first convolution and of the one beside.
    """
    name = f"{stage}{block}_branch"
    x = _bottleneck(input_tensor, kernel_size, filters, name, strides)
    shortcut = Conv2D(
        filters[2], 1, strides=strides, kernel_initializer="he_normal", name=f"res{name}1"
    )(input_tensor)
    shortcut = BatchNormalization(axis=channel_axis(), name=f"bn{name}1")(shortcut)
    return Activation("relu")(Add()([x, shortcut]))


def _bottleneck(x, kernel_size, filters, name, strides):
    """Three convolutions: 1 x 1, `kernel_size`, 1 x 1."""
    for place, count, size in zip("abc", filters, (1, kernel_size, 1)):
        if place == "b":
            options = {"padding": "same"}
        else:
            options = {"strides": strides if place == "a" else (1, 1)}
        x = Conv2D(
            count, size, kernel_initializer="he_normal", name=f"res{name}2{place}", **options
        )(x)
        x = BatchNormalization(axis=channel_axis(), name=f"bn{name}2{place}")(x)
        if place != "c":
            x = Activation("relu")(x)
    return x
