"""NASNet-A: Zoph et al. 2017, arXiv:1707.07012."""

import contextlib
import warnings

from hornbeam import backend as K
from hornbeam.applications import imagenet_utils
from hornbeam.applications.building import Request, correct_pad
from hornbeam.applications.imagenet_utils import decode_predictions
from hornbeam.applications.weight_files import FILES
from hornbeam.layers import (
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Cropping2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
)

__all__ = ["NASNet", "NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

# Penultimate filters, blocks, filters of the stem, whether reduction cells are skipped as inputs.
_LARGE = (4032, 6, 96, True)
_MOBILE = (1056, 4, 32, False)
_FILES = {224: "nasnet_mobile", 331: "nasnet_large"}  # by the default size of the image


def NASNet(  # noqa: N802
    input_shape=None,
    penultimate_filters=4032,
    num_blocks=6,
    stem_block_filters=96,
    skip_reduction=True,
    filter_multiplier=2,
    include_top=True,
    weights=None,
    input_tensor=None,
    pooling=None,
    classes=1000,
    default_size=None,
    **kwargs,
):
    """Builds a NASNet-A of any size, "NASNet-A (N @ P)" in the paper.

    Args:
        penultimate_filters: Integer, P: channels at the end; a multiple of
            `24 * filter_multiplier ** 2`.
        num_blocks: Integer, N: normal cells in each of the three stacks.
        stem_block_filters: Integer, of the first convolution.
        skip_reduction: Bool, whether the first normal cell of a stack takes as its second input
            what the reduction cell before it took, not what that one was made from.
        filter_multiplier: Integer, by which a reduction cell multiplies the filters.
        default_size: Integer, rows and columns of the image where none are given: None means 331.
            224 and 331 say whose weights ImageNet's are, NASNetMobile's or NASNetLarge's.
        input_shape, include_top, weights, input_tensor, pooling, classes, **kwargs: As in
            `NASNetLarge`.

    Raises:
        ValueError: for weights, classes, filters or a shape that do not fit.

    Source: Zoph et al. 2017, arXiv:1707.07012; as in Keras 2.3.1.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    if request.imagenet and input_shape is not None and None in input_shape:
        raise ValueError(
            "When specifying the input shape of a NASNet and loading `ImageNet` weights, the "
            "input_shape argument must be static (no None entries). Got: "
            f"`input_shape={tuple(input_shape)}`."
        )
    if penultimate_filters % (24 * filter_multiplier**2):
        raise ValueError(
            "For NASNet-A models, the `penultimate_filters` must be a multiple of 24 * "
            f"(`filter_multiplier` ** 2). Current value: {penultimate_filters}"
        )
    default_size = 331 if default_size is None else default_size
    if request.imagenet and default_size not in _FILES:
        raise ValueError("ImageNet weights can only be loaded with NASNetLarge or NASNetMobile")
    filters = penultimate_filters // 24

    def body(x):
        x = Conv2D(
            stem_block_filters,
            3,
            strides=2,
            use_bias=False,
            kernel_initializer="he_normal",
            name="stem_conv1",
        )(x)
        x, before = _normal(x, "stem_bn1"), None
        x, before = _reduction_cell(x, before, filters // filter_multiplier**2, "stem_1")
        x, before = _reduction_cell(x, before, filters // filter_multiplier, "stem_2")
        for stack in range(3):
            width = filters * filter_multiplier**stack
            if stack:
                x, entered = _reduction_cell(x, before, width, f"reduce_{stack * num_blocks}")
                before = before if skip_reduction else entered
            first = stack * num_blocks + min(stack, 1)
            for number in range(first, first + num_blocks):
                x, before = _normal_cell(x, before, width, str(number))
        return Activation("relu")(x)

    with _channels_last():
        request.settle_shape(default_size, min_size=32, require_flatten=True)
        return request.build("NASNet", body, _top, FILES.get(_FILES.get(default_size)))


@contextlib.contextmanager
def _channels_last():
    """Context in which images have their channels last: the only layout NASNet was made for."""
    if K.image_data_format() == "channels_last":
        yield
        return
    warnings.warn(
        "The NASNet family of models is only available for the input data format "
        '"channels_last" (width, height, channels). However your settings specify the default '
        'data format "channels_first" (channels, width, height). You should set '
        '`image_data_format="channels_last"` in your Keras config located at '
        "~/.keras/keras.json. The model being returned right now will expect inputs to follow "
        'the "channels_last" data format.',
        stacklevel=4,
    )
    K.set_image_data_format("channels_last")
    try:
        yield
    finally:
        K.set_image_data_format("channels_first")


def _top(x, classes, activation):
    x = GlobalAveragePooling2D()(x)
    return Dense(classes, activation=activation, name="predictions")(x)


# ---- cells: figure 4. `x` is the input, `before` the one of the cell before, `block` a label.


def _normal_cell(x, before, filters, block):
    """Keeps the size. Returns the output, and `x` for the next cell."""
    p = _fitted(before, x, filters, block)
    h = _convolved(x, filters, f"normal_conv_1_{block}", f"normal_bn_1_{block}")

    left = _separable_pair(h, filters, 5, f"normal_left1_{block}")
    right = _separable_pair(p, filters, 3, f"normal_right1_{block}")
    one = Add(name=f"normal_add_1_{block}")([left, right])

    left = _separable_pair(p, filters, 5, f"normal_left2_{block}")
    right = _separable_pair(p, filters, 3, f"normal_right2_{block}")
    two = Add(name=f"normal_add_2_{block}")([left, right])

    three = Add(name=f"normal_add_3_{block}")([_averaged(h, f"normal_left3_{block}"), p])

    left, right = _averaged(p, f"normal_left4_{block}"), _averaged(p, f"normal_right4_{block}")
    four = Add(name=f"normal_add_4_{block}")([left, right])

    five = _separable_pair(h, filters, 3, f"normal_left5_{block}")
    five = Add(name=f"normal_add_5_{block}")([five, h])

    parts = [p, one, two, three, four, five]
    return Concatenate(axis=-1, name=f"normal_concat_{block}")(parts), x


def _reduction_cell(x, before, filters, block):
    """Halves rows and columns. Returns the output, and `x` for the next cell."""
    p = _fitted(before, x, filters, block)
    h = _convolved(x, filters, f"reduction_conv_1_{block}", f"reduction_bn_1_{block}")
    padded = ZeroPadding2D(correct_pad(K, h, 3), name=f"reduction_pad_1_{block}")(h)

    left = _separable_pair(h, filters, 5, f"reduction_left1_{block}", strides=2)
    right = _separable_pair(p, filters, 7, f"reduction_right1_{block}", strides=2)
    one = Add(name=f"reduction_add_1_{block}")([left, right])

    left = MaxPooling2D(3, strides=2, name=f"reduction_left2_{block}")(padded)
    right = _separable_pair(p, filters, 7, f"reduction_right2_{block}", strides=2)
    two = Add(name=f"reduction_add_2_{block}")([left, right])

    left = AveragePooling2D(3, strides=2, name=f"reduction_left3_{block}")(padded)
    right = _separable_pair(p, filters, 5, f"reduction_right3_{block}", strides=2)
    three = Add(name=f"reduction_add3_{block}")([left, right])

    four = Add()([two, _averaged(one, f"reduction_left4_{block}")])

    left = _separable_pair(one, filters, 3, f"reduction_left4_{block}")
    right = MaxPooling2D(3, strides=2, name=f"reduction_right5_{block}")(padded)
    five = Add(name=f"reduction_add4_{block}")([left, right])

    return Concatenate(axis=-1, name=f"reduction_concat_{block}")([two, three, four, five]), x


def _fitted(before, x, filters, block):
    """Brings the input of the cell before to the size of this one's, and to `filters`."""
    if before is None:
        return x
    if K.int_shape(before)[2] != K.int_shape(x)[2]:
        return _halved(before, filters, block)
    if K.int_shape(before)[-1] != filters:
        return _convolved(before, filters, f"adjust_conv_projection_{block}", f"adjust_bn_{block}")
    return before


def _halved(x, filters, block):
    """Every second pixel, and beside it every second one from one row and column further on."""
    x = Activation("relu", name=f"adjust_relu_1_{block}")(x)
    even = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_1_{block}")(x)
    even = _convolution(even, filters // 2, f"adjust_conv_1_{block}")
    odd = ZeroPadding2D(((0, 1), (0, 1)))(x)
    odd = Cropping2D(((1, 0), (1, 0)))(odd)
    odd = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_2_{block}")(odd)
    odd = _convolution(odd, filters // 2, f"adjust_conv_2_{block}")
    return _normal(Concatenate(axis=-1)([even, odd]), f"adjust_bn_{block}")


def _separable_pair(x, filters, kernel_size, label, strides=1):
    """ReLU, separable convolution, normalization: twice. The first may have a stride of 2."""
    x = Activation("relu")(x)
    if strides == 2:
        padding = correct_pad(K, x, kernel_size)
        x = ZeroPadding2D(padding, name=f"separable_conv_1_pad_{label}")(x)
    for place in (1, 2):
        if place == 2:
            x = Activation("relu")(x)
        shrinks = place == 1 and strides == 2
        x = SeparableConv2D(
            filters,
            kernel_size,
            strides=2 if shrinks else 1,
            padding="valid" if shrinks else "same",
            use_bias=False,
            name=f"separable_conv_{place}_{label}",
        )(x)
        x = _normal(x, f"separable_conv_{place}_bn_{label}")
    return x


def _convolved(x, filters, conv_name, bn_name):
    x = _convolution(Activation("relu")(x), filters, conv_name)
    return _normal(x, bn_name)


def _convolution(x, filters, name):
    return Conv2D(
        filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)


def _averaged(x, name):
    return AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _normal(x, name):
    return BatchNormalization(axis=-1, momentum=0.9997, epsilon=1e-3, name=name)(x)


def NASNetLarge(  # noqa: N802
    input_shape=None,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds NASNetLarge, NASNet-A (6 @ 4032): 88.9 million weights.

    Args:
        input_shape: Tuple without the batch axis, of known sizes from 32 on; default
            `(331, 331, 3)`.
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 359 MB), None for random ones, or the path of a
            file of weights.
        input_tensor: Tensor to take as the image.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'tf'`). It is
        that also where `image_data_format()` is `'channels_first'`, of which a warning tells.
    Output shape: `(batch, classes)`; without the top `(batch, rows, cols, 4032)` with sizes about
        1/32 of the image's, or pooled `(batch, 4032)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Zoph et al. 2017, arXiv:1707.07012; as in Keras 2.3.1.
    """
    return NASNet(
        input_shape,
        *_LARGE,
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        pooling=pooling,
        classes=classes,
        default_size=331,
        **kwargs,
    )


def NASNetMobile(  # noqa: N802
    input_shape=None,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds NASNetMobile, NASNet-A (4 @ 1056): 5.3 million weights (24 MB).

    Arguments, shapes and source are those of `NASNetLarge`; images are `(224, 224, 3)` by default,
    and it ends in 1056 channels.
    """
    return NASNet(
        input_shape,
        *_MOBILE,
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        pooling=pooling,
        classes=classes,
        default_size=224,
        **kwargs,
    )


def preprocess_input(x, data_format=None, **kwargs):
    """Scales images from 0 to 255 to -1 to 1, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf", **kwargs)
