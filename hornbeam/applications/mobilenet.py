"""MobileNet: Howard et al. 2017, arXiv:1704.04861."""

import warnings

from hornbeam import backend as K
from hornbeam.applications import imagenet_utils
from hornbeam.applications.building import Request, top_name
from hornbeam.applications.imagenet_utils import decode_predictions
from hornbeam.applications.weight_files import mobilenet_file
from hornbeam.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)

__all__ = ["DepthwiseConv2D", "MobileNet", "decode_predictions", "preprocess_input", "relu6"]

_SIZES = (128, 160, 192, 224)  # of images, and
_WIDTHS = (0.25, 0.5, 0.75, 1.0)  # for which there are weights

# Filters of each block's 1 x 1 convolution and the stride of its depthwise one: table 1.
_BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
)


def relu6(x):
    """Returns `x` cut at 0 and 6; files of Keras before 2.2 name it in `custom_objects`."""
    return K.relu(x, max_value=6)


def MobileNet(  # noqa: N802
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=1e-3,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds MobileNet: 13 depthwise separable convolutions, 4.3 million weights.

    Args:
        input_shape: Tuple without the batch axis; default `(224, 224, 3)`, or any size from 32 on
            without the top.
        alpha: Float, a factor of the number of filters; 0.25, 0.5, 0.75 or 1 with ImageNet's
            weights.
        depth_multiplier: Integer, outputs of each depthwise convolution for each input.
        dropout: Float, the rate before the classifier.
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 17 MB), None for random ones, or the path of a
            file of weights. ImageNet's are for images of 128, 160, 192 or 224 rows and columns;
            those for 224 are taken for other sizes, with a warning.
        input_tensor: Tensor to take as the image.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'tf'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows / 32, cols / 32, 1024 alpha)`,
        or pooled `(batch, 1024 alpha)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Howard et al. 2017, arXiv:1704.04861, table 1; as in Keras 2.3.1.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    rows, cols = request.settle_shape(default_size=known_size(input_shape, _SIZES), min_size=32)
    files = None
    if request.imagenet:
        if depth_multiplier != 1:
            raise ValueError(
                "If imagenet weights are being loaded, depth multiplier must be 1; "
                f"got depth_multiplier={depth_multiplier!r}."
            )
        check_width(alpha, _WIDTHS)
        rows = trained_size(rows, cols, _SIZES)
        files = mobilenet_file(alpha, rows)

    def body(x):
        x = ZeroPadding2D(((0, 1), (0, 1)), name="conv1_pad")(x)
        x = Conv2D(int(32 * alpha), 3, strides=2, use_bias=False, name="conv1")(x)
        x = _normal_relu6(x, "conv1")
        for number, (filters, stride) in enumerate(_BLOCKS, start=1):
            x = _block(x, int(filters * alpha), depth_multiplier, stride, number)
        return x

    def top(x, classes, activation):
        features = int(1024 * alpha)
        first = K.image_data_format() == "channels_first"
        x = GlobalAveragePooling2D()(x)
        x = Reshape((features, 1, 1) if first else (1, 1, features), name="reshape_1")(x)
        x = Dropout(dropout, name="dropout")(x)
        x = Conv2D(classes, 1, padding="same", name="conv_preds")(x)
        x = Reshape((classes,), name="reshape_2")(x)
        return Activation(activation, name=top_name("act_softmax"))(x)

    return request.build(f"mobilenet_{alpha:0.2f}_{rows}", body, top, files)


def _block(x, filters, depth_multiplier, stride, number):
    """A depthwise 3 x 3 convolution and a 1 x 1 convolution."""
    if stride == 2:
        x = ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
    x = DepthwiseConv2D(
        3,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        depth_multiplier=depth_multiplier,
        use_bias=False,
        name=f"conv_dw_{number}",
    )(x)
    x = _normal_relu6(x, f"conv_dw_{number}")
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    return _normal_relu6(x, f"conv_pw_{number}")


def _normal_relu6(x, name):
    axis = 1 if K.image_data_format() == "channels_first" else -1
    x = BatchNormalization(axis=axis, name=f"{name}_bn")(x)
    return ReLU(6.0, name=f"{name}_relu")(x)


# ---- what both MobileNets ask


def known_size(input_shape, sizes, otherwise=224):
    """Returns the rows of a square shape, if there are weights for them, else `otherwise`."""
    if input_shape is None or len(input_shape) != 3:
        return otherwise
    first = K.image_data_format() == "channels_first"
    rows, cols = input_shape[1:] if first else input_shape[:2]
    return rows if rows == cols and rows in sizes else otherwise


def check_width(alpha, widths):
    """Raises a ValueError if there are no weights for that `alpha`."""
    if alpha not in widths:
        listed = ", ".join(f"`{width:.2f}`" for width in widths[:-1])
        raise ValueError(
            "If imagenet weights are being loaded, alpha can be one of "
            f"{listed} or `{widths[-1]:.2f}` only. Got alpha={alpha!r}."
        )


def trained_size(rows, cols, sizes):
    """Returns the image size whose weights fit best; says so where it is another."""
    if rows == cols and rows in sizes:
        return rows
    warnings.warn(
        f"`input_shape` is undefined or non-square, or `rows` is not in {list(sizes)}. Weights "
        "for input shape (224, 224) will be loaded as the default.",
        stacklevel=3,
    )
    return 224


def preprocess_input(x, data_format=None, **kwargs):
    """Scales images from 0 to 255 to -1 to 1, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf", **kwargs)
