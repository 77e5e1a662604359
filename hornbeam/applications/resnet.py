"""ResNet50, 101 and 152, as tf.keras has them: He et al. 2015, arXiv:1512.03385.

Keras 2.3.1's own ResNet50, with other layers and weights, is in `resnet50`.
"""

from hornbeam.applications import imagenet_utils
from hornbeam.applications.imagenet_utils import decode_predictions
from hornbeam.applications.resnet_common import named_resnet

__all__ = ["ResNet101", "ResNet152", "ResNet50", "decode_predictions", "preprocess_input"]


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

    Notes: the layers are those of tf.keras; `keras.applications.ResNet50` of Keras 2.3.1 is in
        `resnet50`, and files of one do not fit the other.

    Source: He et al. 2015, arXiv:1512.03385, table 1; as in keras_applications 1.0.8.
    """
    arguments = include_top, weights, input_tensor, input_shape, pooling, classes
    return named_resnet("resnet50", arguments, kwargs)


def ResNet101(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds ResNet101: 33 bottleneck blocks, 44.7 million weights (179 MB).

    Arguments and shapes are those of `ResNet50`.

    Source: He et al. 2015, arXiv:1512.03385, table 1; as in keras_applications 1.0.8.
    """
    arguments = include_top, weights, input_tensor, input_shape, pooling, classes
    return named_resnet("resnet101", arguments, kwargs)


def ResNet152(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds ResNet152: 50 bottleneck blocks, 60.4 million weights (242 MB).

    Arguments and shapes are those of `ResNet50`.

    Source: He et al. 2015, arXiv:1512.03385, table 1; as in keras_applications 1.0.8.
    """
    arguments = include_top, weights, input_tensor, input_shape, pooling, classes
    return named_resnet("resnet152", arguments, kwargs)


def preprocess_input(x, data_format=None, **kwargs):
    """Turns RGB images into BGR and subtracts ImageNet's mean, in place for a float array.

    Args:
        x, data_format, **kwargs: As in `imagenet_utils.preprocess_input`.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="caffe", **kwargs)
