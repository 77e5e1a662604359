"""ResNet50V2, 101V2 and 152V2: He et al. 2016, arXiv:1603.05027."""

from hornbeam.applications import imagenet_utils
from hornbeam.applications.imagenet_utils import decode_predictions
from hornbeam.applications.resnet_common import named_resnet

__all__ = ["ResNet101V2", "ResNet152V2", "ResNet50V2", "decode_predictions", "preprocess_input"]


def ResNet50V2(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds ResNet50V2: 16 blocks that normalize first, 25.6 million weights.

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

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'tf'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows / 32, cols / 32, 2048)`, or
        pooled `(batch, 2048)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: He et al. 2016, arXiv:1603.05027; as in keras_applications 1.0.8.
    """
    arguments = include_top, weights, input_tensor, input_shape, pooling, classes
    return named_resnet("resnet50v2", arguments, kwargs)


def ResNet101V2(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds ResNet101V2: 33 blocks that normalize first, 44.7 million weights (179 MB).

    Arguments and shapes are those of `ResNet50V2`.

    Source: He et al. 2016, arXiv:1603.05027; as in keras_applications 1.0.8.
    """
    arguments = include_top, weights, input_tensor, input_shape, pooling, classes
    return named_resnet("resnet101v2", arguments, kwargs)


def ResNet152V2(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds ResNet152V2: 50 blocks that normalize first, 60.4 million weights (242 MB).

    Arguments and shapes are those of `ResNet50V2`.

    Source: He et al. 2016, arXiv:1603.05027; as in keras_applications 1.0.8.
    """
    arguments = include_top, weights, input_tensor, input_shape, pooling, classes
    return named_resnet("resnet152v2", arguments, kwargs)


def preprocess_input(x, data_format=None, **kwargs):
    """Scales images from 0 to 255 to -1 to 1, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf", **kwargs)
