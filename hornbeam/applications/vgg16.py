"""VGG16: Simonyan and Zisserman 2014, arXiv:1409.1556."""

from hornbeam.applications.building import Request
from hornbeam.applications.imagenet_utils import decode_predictions, preprocess_input
from hornbeam.applications.vgg import vgg

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]


def VGG16(  # noqa: N802
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds VGG16: 13 convolutions and 3 dense layers, 138 million weights.

    Args:
        include_top: Bool, whether it ends in the dense layers.
        weights: `'imagenet'` (downloaded once, 530 MB; 57 MB without the top), None for random
            ones, or the path of a file of weights.
        input_tensor: Tensor to take as the image.
        input_shape: Tuple without the batch axis; default `(224, 224, 3)`, or any size from 32 on
            without the top.
        pooling: What it ends in without the top: None (maps of 512 channels), `'avg'` or `'max'`.
        classes: Integer, outputs of the classifier.
        **kwargs: `classifier_activation` as in tf.keras; `backend`, `layers`, `models`, `utils`.

    Input shape: `(batch, rows, cols, 3)`, as `preprocess_input` makes it (mode `'caffe'`).
    Output shape: `(batch, classes)`; without the top `(batch, rows / 32, cols / 32, 512)`, or
        pooled `(batch, 512)`.

    Raises:
        ValueError: for weights, classes or a shape that do not fit.

    Source: Simonyan and Zisserman 2014, arXiv:1409.1556, configuration D; as in Keras 2.3.1.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    return vgg("vgg16", (2, 2, 3, 3, 3), request)
