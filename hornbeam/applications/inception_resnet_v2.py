"""Inception-ResNet v2: Szegedy et al. 2016, arXiv:1602.07261."""

from hornbeam import backend as K
from hornbeam.applications import imagenet_utils
from hornbeam.applications.building import Request, channel_axis
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
    Lambda,
    MaxPooling2D,
)
from hornbeam.layers.known_functions import scaled_sum

__all__ = [
    "InceptionResNetV2",
    "conv2d_bn",
    "decode_predictions",
    "inception_resnet_block",
    "preprocess_input",
]

# A step of a branch: a convolution as (filters, kernel size), padded unless "valid" stands behind
# it, or "shrink": not padded, of stride 2. Or a pooling: "average", or "max", which halves.
_STEM = (
    (32, 3, "shrink"),
    (32, 3, "valid"),
    (64, 3),
    "max",
    (80, 1, "valid"),
    (192, 3, "valid"),
    "max",
)
_MIXED_5B = (
    ((96, 1),),
    ((48, 1), (64, 5)),
    ((64, 1), (96, 3), (96, 3)),
    ("average", (64, 1)),
)
_MIXED_6A = (  # figure 7
    ((384, 3, "shrink"),),
    ((256, 1), (256, 3), (384, 3, "shrink")),
    ("max",),
)
_MIXED_7A = (  # figure 18
    ((256, 1), (384, 3, "shrink")),
    ((256, 1), (288, 3, "shrink")),
    ((256, 1), (288, 3), (320, 3, "shrink")),
    ("max",),
)
_RESIDUALS = {  # figures 16, 17 and 19
    "block35": (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    "block17": (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    "block8": (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
}


def InceptionResNetV2(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds Inception-ResNet v2: 40 inception blocks with residuals, 55.9 million weights.

    Args:
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 225 MB), None for random ones, or the path of a
            file of weights.
        input_tensor: Tensor to take as the image.
        input_shape: Tuple without the batch axis; default `(299, 299, 3)`, or any size from 75 on
            without the top.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'tf'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows, cols, 1536)` with sizes about
        1/32 of the image's, or pooled `(batch, 1536)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Szegedy et al. 2016, arXiv:1602.07261, figure 15; as in Keras 2.3.1.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    request.settle_shape(default_size=299, min_size=75)
    return request.build("inception_resnet_v2", _body, _top, FILES["inception_resnet_v2"])


def _body(x):
    x = _branch(x, _STEM)
    x = _side_by_side(x, _MIXED_5B, "mixed_5b")
    for number in range(1, 11):
        x = inception_resnet_block(x, 0.17, "block35", number)
    x = _side_by_side(x, _MIXED_6A, "mixed_6a")
    for number in range(1, 21):
        x = inception_resnet_block(x, 0.1, "block17", number)
    x = _side_by_side(x, _MIXED_7A, "mixed_7a")
    for number in range(1, 10):
        x = inception_resnet_block(x, 0.2, "block8", number)
    x = inception_resnet_block(x, 1.0, "block8", 10, activation=None)
    return conv2d_bn(x, 1536, 1, name="conv_7b")


def _side_by_side(x, branches, name):
    made = [_branch(x, steps) for steps in branches]
    return Concatenate(axis=channel_axis(), name=name)(made)


def _branch(x, steps):
    for step in steps:
        if step == "average":
            x = AveragePooling2D(3, strides=1, padding="same")(x)
        elif step == "max":
            x = MaxPooling2D(3, strides=2)(x)
        else:
            how = step[2] if len(step) > 2 else "same"
            x = conv2d_bn(
                x,
                *step[:2],
                strides=2 if how == "shrink" else 1,
                padding="same" if how == "same" else "valid",
            )
    return x


def conv2d_bn(
    x, filters, kernel_size, strides=1, padding="same", activation="relu", use_bias=False, name=None
):
    """Adds a convolution; without bias, batch normalization without scale; an activation.

    Args:
        x: Tensor.
        filters, kernel_size, strides, padding: As in `Conv2D`.
        activation: Name or None.
        use_bias: Bool; True leaves out the normalization.
        name: String, the convolution's; `_bn` and `_ac` are put behind it for the others.
    """
    x = Conv2D(
        filters, kernel_size, strides=strides, padding=padding, use_bias=use_bias, name=name
    )(x)
    if not use_bias:
        x = BatchNormalization(axis=channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    if activation is not None:
        x = Activation(activation, name=name and f"{name}_ac")(x)
    return x


def inception_resnet_block(x, scale, block_type, block_idx, activation="relu"):
    """Adds a block: the branches beside each other, scaled, are added to their input.

    Args:
        x: Tensor.
        scale: Float, the factor of the residual, which keeps training stable (section 3.3).
        block_type: `'block35'`, `'block17'` or `'block8'`: the size of the maps, in which they
            differ.
        block_idx: Integer, for the names of the layers.
        activation: Name, or None, of what follows the sum.

    Raises:
        ValueError: for another type.
    """
    if block_type not in _RESIDUALS:
        raise ValueError(
            'Unknown Inception-ResNet block type. Expects "block35", "block17" or "block8", but '
            f"got: {block_type!r}"
        )
    name, shape = f"{block_type}_{block_idx}", K.int_shape(x)
    mixed = _side_by_side(x, _RESIDUALS[block_type], f"{name}_mixed")
    residual = conv2d_bn(
        mixed, shape[channel_axis()], 1, activation=None, use_bias=True, name=f"{name}_conv"
    )
    x = Lambda(scaled_sum, shape[1:], arguments={"scale": scale}, name=name)([x, residual])
    return x if activation is None else Activation(activation, name=f"{name}_ac")(x)


def _top(x, classes, activation):
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Dense(classes, activation=activation, name="predictions")(x)


def preprocess_input(x, data_format=None, **kwargs):
    """Scales images from 0 to 255 to -1 to 1, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf", **kwargs)
