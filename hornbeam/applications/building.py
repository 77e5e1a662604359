"""What all models share: their arguments, the image that enters, the top, the weights."""

import contextlib
import os
import warnings

from hornbeam import backend as K
from hornbeam.applications.imagenet_utils import _obtain_input_shape
from hornbeam.applications.modules import check_modules
from hornbeam.applications.weight_files import fetch
from hornbeam.backend.config import conventions
from hornbeam.engine.sources import get_source_inputs
from hornbeam.engine.weights import values_to_come
from hornbeam.layers import GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from hornbeam.models import Model

__all__ = ["Request", "channel_axis", "correct_pad", "top_name"]


class Request:
    """What the caller of a model's function asked for, checked.

    Args:
        include_top: Bool, whether the model ends in a classifier.
        weights: None (random), `'imagenet'`, or the path of a file of weights.
        input_tensor: Tensor to take as the image, or None. A tensor of another model's layers
            makes the new model go on from that model's inputs.
        input_shape: Tuple without the batch axis, or None.
        pooling: What a model without its top ends in: None (the last feature maps), `'avg'` or
            `'max'`: one number a feature map.
        classes: Integer, outputs of the classifier.
        others: Dict of further arguments: tf.keras's `classifier_activation` (`'softmax'` unless
            it says otherwise; None gives logits), and keras_applications's modules.

    Raises:
        ValueError: for weights that are neither known nor a file, or other than ImageNet's 1000
            classes with its weights.
    """

    def __init__(
        self, include_top, weights, input_tensor, input_shape, pooling, classes, others=()
    ):
        others = dict(others)
        self.activation = others.pop("classifier_activation", "softmax")
        check_modules(others)
        if weights is not None and weights != "imagenet" and not os.path.exists(weights):
            raise ValueError(
                "The `weights` argument should be either `None` (random initialization), "
                "`imagenet` (pre-training on ImageNet), or the path to the weights file to be "
                f"loaded. Got weights={weights!r}; no such file is there."
            )
        if weights == "imagenet" and include_top and classes != 1000:
            raise ValueError(
                'If using `weights` as `"imagenet"` with `include_top` as true, `classes` should '
                f"be 1000. Got classes={classes!r}. For other classes, build with "
                "include_top=False and put a classifier of your own on top."
            )
        if pooling not in (None, "avg", "max"):
            warnings.warn(
                f"pooling={pooling!r} is none of None, 'avg' and 'max', and pools nothing.",
                stacklevel=3,
            )
        self.include_top = include_top
        self.weights = weights
        self.input_tensor = input_tensor
        self.input_shape = input_shape
        self.pooling = pooling
        self.classes = classes

    @property
    def imagenet(self):
        """Whether ImageNet's weights are asked for."""
        return self.weights == "imagenet"

    def settle_shape(self, default_size, min_size, require_flatten=None):
        """Settles the shape of the image, and returns its rows and columns.

        Args:
            default_size: Integer, rows and columns where none are given.
            min_size: Integer, the least that the model can take.
            require_flatten: Bool, whether they must be known; None: if the model has its top.
        """
        self.input_shape = _obtain_input_shape(
            self.input_shape,
            default_size=default_size,
            min_size=min_size,
            require_flatten=self.include_top if require_flatten is None else require_flatten,
            weights=self.weights,
        )
        first = K.image_data_format() == "channels_first"
        return self.input_shape[1:] if first else self.input_shape[:2]

    def build(self, name, body, top, files=None, pool_names=(None, None)):
        """Returns the model.

        Args:
            name: String.
            body: Function from the image to the last feature maps.
            top: Function `(feature maps, classes, activation)` that returns the predictions.
            files: `Files` of ImageNet's weights; None if there are none.
            pool_names: Names of the layers that pool for `'avg'` and `'max'`.

        Raises:
            ValueError: if ImageNet's weights are wanted and there are none.
        """
        if self.imagenet and files is None:
            raise ValueError(
                f"There are no weights trained on ImageNet for this {name}. Build it with "
                "weights=None, or name a file."
            )
        drawn = contextlib.nullcontext() if self.weights is None else values_to_come()
        with drawn:
            image = self._image()
            x = body(image)
            if self.include_top:
                x = top(x, self.classes, self.activation)
            elif self.pooling == "avg":
                x = GlobalAveragePooling2D(name=pool_names[0])(x)
            elif self.pooling == "max":
                x = GlobalMaxPooling2D(name=pool_names[1])(x)
            inputs = image if self.input_tensor is None else get_source_inputs(image)
            model = Model(inputs, x, name=name)
        if self.imagenet:
            model.load_weights(fetch(files, self.include_top))
        elif self.weights is not None:
            model.load_weights(os.fspath(self.weights))
        return model

    def _image(self):
        if self.input_tensor is None:
            return Input(shape=self.input_shape)
        if K.is_keras_tensor(self.input_tensor):
            return self.input_tensor
        return Input(tensor=self.input_tensor, shape=self.input_shape)


def top_name(name):
    """Returns a classifier's name: `name` in Keras 2.3.1, `'predictions'` in tf.keras."""
    return "predictions" if conventions() == "tf.keras" else name


def channel_axis():
    """Returns the axis of the channels in a batch of images, 1 or 3."""
    return 1 if K.image_data_format() == "channels_first" else 3


def correct_pad(backend, inputs, kernel_size):
    """Returns the padding with which a convolution of stride 2 meets what `'same'` gives.

    Args:
        backend: Not needed: keras_applications passed the module `keras.backend`.
        inputs: Tensor, a batch of images.
        kernel_size: Integer or pair.

    Returns:
        `((before, after), (before, after))` for rows and columns.
    """
    axis = 2 if channel_axis() == 1 else 1
    sizes = K.int_shape(inputs)[axis : axis + 2]
    if isinstance(kernel_size, int):
        kernel_size = (kernel_size, kernel_size)
    odd = (0, 0) if sizes[0] is None else (sizes[0] % 2, sizes[1] % 2)
    return tuple((size // 2 - 1 + extra, size // 2) for size, extra in zip(kernel_size, odd))
