"""DenseNet: Huang et al. 2016, arXiv:1608.06993."""

from hornbeam import backend as K
from hornbeam.applications import imagenet_utils
from hornbeam.applications.building import Request, channel_axis, top_name
from hornbeam.applications.imagenet_utils import decode_predictions
from hornbeam.applications.weight_files import FILES
from hornbeam.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)

__all__ = [
    "DenseNet",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "conv_block",
    "decode_predictions",
    "dense_block",
    "preprocess_input",
    "transition_block",
]

# Layers in each of the four blocks: table 1.
_BLOCKS = {
    "densenet121": [6, 12, 24, 16],
    "densenet169": [6, 12, 32, 32],
    "densenet201": [6, 12, 48, 32],
}
_GROWTH = 32


def DenseNet(  # noqa: N802
    blocks,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds a DenseNet of any depth.

    Args:
        blocks: Four integers, layers in each block. There are weights trained on ImageNet for
            those of DenseNet121, DenseNet169 and DenseNet201.
        include_top, weights, input_tensor, input_shape, pooling, classes, **kwargs: As in
            `DenseNet121`.

    Source: Huang et al. 2016, arXiv:1608.06993; as in Keras 2.3.1.
    """
    blocks = list(blocks)
    name = next((name for name, known in _BLOCKS.items() if known == blocks), "densenet")

    def body(x):
        x = ZeroPadding2D(((3, 3), (3, 3)))(x)
        x = Conv2D(64, 7, strides=2, use_bias=False, name="conv1/conv")(x)
        x = _normal_relu(x, "conv1/")
        x = ZeroPadding2D(((1, 1), (1, 1)))(x)
        x = MaxPooling2D(3, strides=2, name="pool1")(x)
        for number, depth in enumerate(blocks[:3], start=2):
            x = dense_block(x, depth, name=f"conv{number}")
            x = transition_block(x, 0.5, name=f"pool{number}")
        x = dense_block(x, blocks[3], name="conv5")
        return _normal_relu(x, "")

    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    request.settle_shape(default_size=224, min_size=32)
    return request.build(name, body, _top, FILES.get(name), ("avg_pool", "max_pool"))


def _top(x, classes, activation):
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Dense(classes, activation=activation, name=top_name("fc1000"))(x)


def dense_block(x, blocks, name):
    """Adds a block, whose layers each see the outputs of all before them.

    Args:
        x: Tensor.
        blocks: Integer, layers in the block.
        name: String, how the names of its layers begin.
    """
    for place in range(1, blocks + 1):
        x = conv_block(x, _GROWTH, name=f"{name}_block{place}")
    return x


def conv_block(x, growth_rate, name):
    """Adds a layer of a block: a 1 x 1 and a 3 x 3 convolution, put beside their input.

    Args:
        x: Tensor.
        growth_rate: Integer, channels that it adds.
        name: String, how the names of its layers begin.
    """
    fresh = _normal_relu(x, f"{name}_0_")
    fresh = Conv2D(4 * growth_rate, 1, use_bias=False, name=f"{name}_1_conv")(fresh)
    fresh = _normal_relu(fresh, f"{name}_1_")
    fresh = Conv2D(growth_rate, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(fresh)
    return Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, fresh])


def transition_block(x, reduction, name):
    """Adds what stands between two blocks: fewer channels, and half the rows and columns.

    Args:
        x: Tensor.
        reduction: Float, the part of the channels that stays.
        name: String, how the names of its layers begin.
    """
    x = _normal_relu(x, f"{name}_")
    filters = int(K.int_shape(x)[channel_axis()] * reduction)
    x = Conv2D(filters, 1, use_bias=False, name=f"{name}_conv")(x)
    return AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _normal_relu(x, prefix):
    x = BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=f"{prefix}bn")(x)
    return Activation("relu", name=f"{prefix}relu")(x)


def DenseNet121(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds DenseNet121: four dense blocks of 6, 12, 24 and 16 layers, 8.1 million weights.

    Args:
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 33 MB), None for random ones, or the path of a
            file of weights.
        input_tensor: Tensor to take as the image.
        input_shape: Tuple without the batch axis; default `(224, 224, 3)`, or any size from 32 on
            without the top.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'torch'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows / 32, cols / 32, 1024)`, or
        pooled `(batch, 1024)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Huang et al. 2016, arXiv:1608.06993, table 1; as in Keras 2.3.1.
    """
    blocks = _BLOCKS["densenet121"]
    return DenseNet(
        blocks, include_top, weights, input_tensor, input_shape, pooling, classes, **kwargs
    )


def DenseNet169(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds DenseNet169: dense blocks of 6, 12, 32 and 32 layers, 14.3 million weights (57 MB).

    Arguments, shapes and source are those of `DenseNet121`; it ends in 1664 channels.
    """
    blocks = _BLOCKS["densenet169"]
    return DenseNet(
        blocks, include_top, weights, input_tensor, input_shape, pooling, classes, **kwargs
    )


def DenseNet201(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds DenseNet201: dense blocks of 6, 12, 48 and 32 layers, 20.2 million weights (81 MB).

    Arguments, shapes and source are those of `DenseNet121`; it ends in 1920 channels.
    """
    blocks = _BLOCKS["densenet201"]
    return DenseNet(
        blocks, include_top, weights, input_tensor, input_shape, pooling, classes, **kwargs
    )


def preprocess_input(x, data_format=None, **kwargs):
    """Scales images from 0 to 255 to ImageNet's mean and deviation, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="torch", **kwargs)
