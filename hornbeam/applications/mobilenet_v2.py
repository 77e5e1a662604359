"""MobileNetV2: Sandler et al. 2018, arXiv:1801.04381."""

from hornbeam import backend as K
from hornbeam.applications import imagenet_utils
from hornbeam.applications.building import Request, channel_axis, correct_pad, top_name
from hornbeam.applications.imagenet_utils import decode_predictions
from hornbeam.applications.mobilenet import check_width, known_size, trained_size
from hornbeam.applications.weight_files import mobilenet_v2_file
from hornbeam.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    ReLU,
    ZeroPadding2D,
)

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

_SIZES = (96, 128, 160, 192, 224)  # of images, and
_WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)  # for which there are weights

# Factor by which a block widens its input, filters, repetitions, stride of the first: table 2.
_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def MobileNetV2(  # noqa: N802
    input_shape=None,
    alpha=1.0,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds MobileNetV2: 17 inverted residual blocks, 3.5 million weights.

    Args:
        input_shape: Tuple without the batch axis; default `(224, 224, 3)`, or any size from 32 on
            without the top. With an `input_tensor` it must have the same size.
        alpha: Float, a factor of the number of filters; 0.35, 0.5, 0.75, 1, 1.3 or 1.4 with
            ImageNet's weights.
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 14 MB), None for random ones, or the path of a
            file of weights. ImageNet's are for images of 96, 128, 160, 192 or 224 rows and
            columns; those for 224 are taken for other sizes, with a warning.
        input_tensor: Tensor to take as the image.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'tf'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows / 32, cols / 32, 1280)`, or
        pooled `(batch, 1280)`; there are `1280 alpha` channels for an `alpha` above 1.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Sandler et al. 2018, arXiv:1801.04381, table 2; as in Keras 2.3.1.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    if input_tensor is not None:
        input_shape = _shape_with(input_tensor, input_shape)
    rows, cols = request.settle_shape(default_size=known_size(input_shape, _SIZES), min_size=32)
    files = None
    if request.imagenet:
        check_width(alpha, _WIDTHS)
        rows = trained_size(rows, cols, _SIZES)
        files = mobilenet_v2_file(alpha, rows)

    def body(x):
        x = ZeroPadding2D(correct_pad(K, x, 3), name="Conv1_pad")(x)
        filters = _divisible(32 * alpha)
        x = Conv2D(filters, 3, strides=2, use_bias=False, name="Conv1")(x)
        x = ReLU(6.0, name="Conv1_relu")(_normal(x, "bn_Conv1"))
        number = 0
        for expansion, filters, repetitions, stride in _BLOCKS:
            for place in range(repetitions):
                width = _divisible(int(filters * alpha))
                x = _block(x, width, expansion, stride if place == 0 else 1, number)
                number += 1
        last = _divisible(1280 * alpha) if alpha > 1.0 else 1280  # section 4.1: never fewer
        x = Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
        return ReLU(6.0, name="out_relu")(_normal(x, "Conv_1_bn"))

    return request.build(f"mobilenetv2_{alpha:0.2f}_{rows}", body, _top, files)


def _top(x, classes, activation):
    x = GlobalAveragePooling2D()(x)
    return Dense(classes, activation=activation, name=top_name("Logits"))(x)


def _block(x, filters, expansion, stride, number):
    """Widens the input, filters it depthwise, narrows it; with a residual if the shape stays."""
    inputs, channels = x, K.int_shape(x)[channel_axis()]
    prefix = f"block_{number}_" if number else "expanded_conv_"
    if number:
        x = Conv2D(
            expansion * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand"
        )(x)
        x = ReLU(6.0, name=f"{prefix}expand_relu")(_normal(x, f"{prefix}expand_BN"))
    if stride == 2:
        x = ZeroPadding2D(correct_pad(K, x, 3), name=f"{prefix}pad")(x)
    x = DepthwiseConv2D(
        3,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        name=f"{prefix}depthwise",
    )(x)
    x = ReLU(6.0, name=f"{prefix}depthwise_relu")(_normal(x, f"{prefix}depthwise_BN"))
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _normal(x, f"{prefix}project_BN")
    return Add(name=f"{prefix}add")([inputs, x]) if channels == filters and stride == 1 else x


def _normal(x, name):
    axis = 1 if K.image_data_format() == "channels_first" else -1
    return BatchNormalization(axis=axis, epsilon=1e-3, momentum=0.999, name=name)(x)


def _divisible(filters, divisor=8):
    """Returns the nearest multiple of 8, but not less than nine tenths of `filters`."""
    rounded = max(divisor, int(filters + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * filters else rounded


def _shape_with(input_tensor, input_shape):
    """Returns the shape of the image if a tensor is given; both must agree."""
    shape = K.int_shape(input_tensor)[1:]
    if input_shape is None:
        return shape if K.is_keras_tensor(input_tensor) else None
    first = K.image_data_format() == "channels_first"
    here, there = (shape[1:], input_shape[1:]) if first else (shape[:2], input_shape[:2])
    if tuple(here) != tuple(there):
        raise ValueError(
            f"input_shape {tuple(input_shape)} and input_tensor {input_tensor!r} do not meet the "
            "same shape requirements: leave input_shape out."
        )
    return input_shape


def preprocess_input(x, data_format=None, **kwargs):
    """Scales images from 0 to 255 to -1 to 1, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf", **kwargs)
