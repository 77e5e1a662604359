"""Inception v3: Szegedy et al. 2015, arXiv:1512.00567."""

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
    MaxPooling2D,
)

__all__ = ["InceptionV3", "conv2d_bn", "decode_predictions", "preprocess_input"]

# A step of a branch: a convolution as (filters, rows, columns), padded unless "valid" stands behind
# it, or "shrink": not padded, of stride 2. Or a pooling: "average", or "max", which halves.
_STEM = (
    (32, 3, 3, "shrink"),
    (32, 3, 3, "valid"),
    (64, 3, 3),
    "max",
    (80, 1, 1, "valid"),
    (192, 3, 3, "valid"),
    "max",
)


def _module_a(pooled):
    """Figure 5: convolutions of 1 x 1, 5 x 5 and twice 3 x 3."""
    return (
        ((64, 1, 1),),
        ((48, 1, 1), (64, 5, 5)),
        ((64, 1, 1), (96, 3, 3), (96, 3, 3)),
        ("average", (pooled, 1, 1)),
    )


def _module_b(width):
    """Figure 6: 7 x 7 convolutions as rows and columns."""
    return (
        ((192, 1, 1),),
        ((width, 1, 1), (width, 1, 7), (192, 7, 1)),
        ((width, 1, 1), (width, 7, 1), (width, 1, 7), (width, 7, 1), (192, 1, 7)),
        ("average", (192, 1, 1)),
    )


# The modules up to the one before the last two, by name: table 1.
_MODULES = {
    "mixed0": _module_a(32),
    "mixed1": _module_a(64),
    "mixed2": _module_a(64),
    "mixed3": (
        ((384, 3, 3, "shrink"),),
        ((64, 1, 1), (96, 3, 3), (96, 3, 3, "shrink")),
        ("max",),
    ),
    "mixed4": _module_b(128),
    "mixed5": _module_b(160),
    "mixed6": _module_b(160),
    "mixed7": _module_b(192),
    "mixed8": (
        ((192, 1, 1), (320, 3, 3, "shrink")),
        ((192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3, "shrink")),
        ("max",),
    ),
}


def InceptionV3(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds Inception v3: 94 convolutions in 11 modules and a stem, 23.9 million weights.

    Args:
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 96 MB), None for random ones, or the path of a
            file of weights.
        input_tensor: Tensor to take as the image.
        input_shape: Tuple without the batch axis; default `(299, 299, 3)`, or any size from 75 on
            without the top.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'tf'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows, cols, 2048)` with sizes about
        1/32 of the image's, or pooled `(batch, 2048)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Szegedy et al. 2015, arXiv:1512.00567, table 1; as in Keras 2.3.1.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    request.settle_shape(default_size=299, min_size=75)
    return request.build("inception_v3", _body, _top, FILES["inception_v3"])


def _body(x):
    x = _branch(x, _STEM)
    for name, branches in _MODULES.items():
        x = _side_by_side([_branch(x, steps) for steps in branches], name)
    for place in range(2):
        x = _widest_module(x, place)
    return x


def _widest_module(x, place):
    """Figure 7: branches that end in rows and columns beside each other."""
    single = _branch(x, ((320, 1, 1),))
    short = _branch(x, ((384, 1, 1),))
    short = _rows_and_columns(short, f"mixed9_{place}")
    long = _branch(x, ((448, 1, 1), (384, 3, 3)))
    long = _rows_and_columns(long, None)
    pooled = _branch(x, ("average", (192, 1, 1)))
    return _side_by_side([single, short, long, pooled], f"mixed{9 + place}")


def _rows_and_columns(x, name):
    return _side_by_side([_branch(x, ((384, 1, 3),)), _branch(x, ((384, 3, 1),))], name)


def _branch(x, steps):
    for step in steps:
        if step == "average":
            x = AveragePooling2D(3, strides=1, padding="same")(x)
        elif step == "max":
            x = MaxPooling2D(3, strides=2)(x)
        else:
            how = step[3] if len(step) > 3 else "same"
            x = conv2d_bn(
                x,
                *step[:3],
                padding="same" if how == "same" else "valid",
                strides=(2, 2) if how == "shrink" else (1, 1),
            )
    return x


def _side_by_side(branches, name):
    return Concatenate(axis=channel_axis(), name=name)(branches)


def conv2d_bn(x, filters, num_row, num_col, padding="same", strides=(1, 1), name=None):
    """Adds a convolution without bias, batch normalization without scale, and a ReLU.

    Args:
        x: Tensor.
        filters: Integer.
        num_row, num_col: Integers, rows and columns of the kernel.
        padding: `'same'` or `'valid'`.
        strides: Pair of integers.
        name: String, the activation's name; `_conv` and `_bn` are put behind it for the others.
    """
    x = Conv2D(
        filters,
        (num_row, num_col),
        strides=strides,
        padding=padding,
        use_bias=False,
        name=name and f"{name}_conv",
    )(x)
    x = BatchNormalization(axis=channel_axis(), scale=False, name=name and f"{name}_bn")(x)
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
