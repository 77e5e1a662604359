"""ResNeXt50 and 101: Xie et al. 2016, arXiv:1611.05431."""

from hornbeam.applications import imagenet_utils
from hornbeam.applications.imagenet_utils import decode_predictions
from hornbeam.applications.resnet_common import named_resnet

__all__ = ["ResNeXt101", "ResNeXt50", "decode_predictions", "preprocess_input"]


def ResNeXt50(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds ResNeXt50: 16 blocks of 32 groups of 4 channels, 25.1 million weights.

    Args:
        include_top: Bool, whether it ends in the classifier.
        weights: `'imagenet'` (downloaded once, 101 MB), None for random ones, or the path of a
            file of weights.
        input_tensor: Tensor to take as the image.
        input_shape: Tuple without the batch axis; default `(224, 224, 3)`, or any known size
            from 32 on without the top.
        pooling: What it ends in without the top: None (maps), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'torch'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows / 32, cols / 32, 2048)`, or
        pooled `(batch, 2048)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Xie et al. 2016, arXiv:1611.05431, table 1; as in keras_applications 1.0.8.
    """
    arguments = include_top, weights, input_tensor, input_shape, pooling, classes
    return named_resnet("resnext50", arguments, kwargs)


def ResNeXt101(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds ResNeXt101: 33 blocks of 32 groups of 4 channels, 44.3 million weights (179 MB).

    Arguments and shapes are those of `ResNeXt50`.

    Source: Xie et al. 2016, arXiv:1611.05431, table 1; as in keras_applications 1.0.8.
    """
    arguments = include_top, weights, input_tensor, input_shape, pooling, classes
    return named_resnet("resnext101", arguments, kwargs)


def preprocess_input(x, data_format=None, **kwargs):
    """Scales images from 0 to 255 to ImageNet's mean and deviation, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="torch", **kwargs)
