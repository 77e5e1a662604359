"""Images into what ImageNet models were trained on, and their predictions into words."""

import json
import warnings

import numpy as np

from hornbeam import backend as K
from hornbeam.applications.modules import check_modules
from hornbeam.backend.tensors import Operand
from hornbeam.renames import takes_old_names
from hornbeam.utils.downloads import get_file

__all__ = ["decode_predictions", "preprocess_input"]

CLASS_INDEX = None  # the file below, once it was read
CLASS_INDEX_PATH = (
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
)
_CLASS_INDEX_HASH = "c2c37ea517e94d9795004a39431a14cb"

# Mean and standard deviation of each channel over ImageNet: BGR from 0 to 255, RGB from 0 to 1.
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_TORCH_MEAN = (0.485, 0.456, 0.406)
_TORCH_STD = (0.229, 0.224, 0.225)

_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}  # Keras 1


@takes_old_names(dim_ordering="data_format")
def preprocess_input(x, data_format=None, mode="caffe", **kwargs):
    """Turns RGB images, from 0 to 255, into what a model was trained on.

    Args:
        x: Images: a NumPy array, which is changed in place if its dtype is a float (pass
            `x.copy()` to keep it); or a symbolic tensor.
        data_format: `'channels_last'` or `'channels_first'`; None means `image_data_format()`.
        mode: `'caffe'`: RGB becomes BGR, and ImageNet's mean is subtracted; `'tf'`: scaled to
            -1 to 1; `'torch'`: scaled to 0 to 1, then to ImageNet's mean and deviation.
        **kwargs: `backend`, `layers`, `models`, `utils`, as keras_applications asks for them.

    Input shape: `(batch, rows, cols, 3)` or `(rows, cols, 3)`, or with the channels first.
    Output shape: that of the input. Integers become `floatx()`.

    Raises:
        ValueError: for another data format or mode, or images without 3 channels where channels
            are told apart.

    Source: Keras 2.3.1.
    """
    check_modules(kwargs)
    data_format = data_format or K.image_data_format()
    data_format = _ORDERINGS.get(data_format, data_format)
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            f"Unknown data_format {data_format}. Expected 'channels_first' or 'channels_last'."
        )
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(f"Expected mode to be one of 'caffe', 'tf' or 'torch'. Got: {mode!r}.")
    if not isinstance(x, np.ndarray) and not hasattr(x, "dtype"):
        x = np.asarray(x)
    symbolic = not isinstance(x, np.ndarray)
    if not str(x.dtype).startswith(("float", "bfloat")):
        x = K.cast(x, K.floatx()) if symbolic else x.astype(K.floatx())
    if mode == "tf":
        return _scaled(x, 127.5, 1.0)

    axis = len(x.shape) - 3 if data_format == "channels_first" else len(x.shape) - 1
    if x.shape[axis] not in (3, None):
        raise ValueError(
            f"preprocess_input got images of shape {tuple(x.shape)}. Mode {mode!r} expects 3 "
            f"channels on axis {axis} ({data_format}); grey images can be repeated: "
            "np.repeat(x, 3, axis=-1)."
        )
    if mode == "torch":
        x = _scaled(x, 255.0)
        return _scaled(x, 1.0, _along(_TORCH_MEAN, x, axis), _along(_TORCH_STD, x, axis))
    backwards = (slice(None),) * axis + (slice(None, None, -1),)  # RGB to BGR
    x = x[backwards]
    return _scaled(x, 1.0, _along(_CAFFE_MEAN, x, axis))


def _scaled(x, divisor, offset=0.0, scale=1.0):
    """Returns `(x / divisor - offset) / scale`; an array is changed in place."""
    for value, divides in ((divisor, True), (offset, False), (scale, True)):
        if np.ndim(value) == 0 and value == (1.0 if divides else 0.0):
            continue
        if isinstance(x, np.ndarray):
            np.divide(x, value, out=x) if divides else np.subtract(x, value, out=x)
        else:
            x = x / value if divides else x - value
    return x


def _along(values, x, axis):
    """Returns one number a channel, shaped to meet the channels of `x`."""
    dtype = x.dtype if isinstance(x, np.ndarray) else K.dtype(x)
    shape = [1] * len(x.shape)
    shape[axis] = 3
    values = np.asarray(values, dtype).reshape(shape)
    return K.constant(values, dtype) if isinstance(x, Operand) else values


def decode_predictions(preds, top=5, **kwargs):
    """Names the classes that an ImageNet model found.

    Args:
        preds: Array of shape `(batch, 1000)`.
        top: Integer, how many classes to name for each image.
        **kwargs: `backend`, `layers`, `models`, `utils`, as keras_applications asks for them.

    Returns:
        For each image a list of tuples `(WordNet id, description, score)`, best first:
        `[[('n02123045', 'tabby', 0.81), ...], ...]`.

    Raises:
        ValueError: for another shape.
        DownloadError: if the names, a file of 35 kB, are neither in `~/.keras/models` nor to be
            had.
    """
    global CLASS_INDEX
    check_modules(kwargs)
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise ValueError(
            "`decode_predictions` expects a batch of predictions (i.e. a 2D array of shape "
            f"(samples, 1000)). Found array with shape: {preds.shape}. Only models with ImageNet's "
            "1000 classes, include_top=True, predict them."
        )
    if CLASS_INDEX is None:
        path = get_file(
            "imagenet_class_index.json",
            CLASS_INDEX_PATH,
            cache_subdir="models",
            file_hash=_CLASS_INDEX_HASH,
        )
        with open(path, encoding="utf-8") as file:
            CLASS_INDEX = json.load(file)
    results = []
    for scores in preds:
        best = scores.argsort()[-top:][::-1] if top > 0 else []
        results.append([(*CLASS_INDEX[str(index)], scores[index]) for index in best])
    return results


def _obtain_input_shape(
    input_shape,
    default_size,
    min_size,
    data_format=None,
    require_flatten=True,
    weights=None,
    dim_ordering=None,
    include_top=None,
):
    """Returns the shape of a model's images, without the batch axis, after Keras's checks.

    Args:
        input_shape: Tuple that the user gave, or None.
        default_size: Integer, rows and columns where the user gave none.
        min_size: Integer, the least rows and columns.
        data_format: `'channels_last'` or `'channels_first'`; None means `image_data_format()`.
        require_flatten: Bool, whether the size must be known: the model ends in a classifier.
        weights: `'imagenet'` asks for 3 channels.
        dim_ordering: Keras 1's `data_format`: `'tf'` or `'th'`.
        include_top: The name of `require_flatten` up to Keras 2.0.8.

    Raises:
        ValueError: for a shape that the model cannot take.
    """
    data_format = {"th": "channels_first", "tf": "channels_last"}.get(dim_ordering, data_format)
    first = (data_format or K.image_data_format()) == "channels_first"
    require_flatten = require_flatten if include_top is None else include_top
    imagenet = weights == "imagenet"
    given = None if input_shape is None else tuple(input_shape)

    channels = 3
    if given and len(given) == 3 and not imagenet:
        channels = given[0] if first else given[-1]
        if channels not in (1, 3):
            warnings.warn(
                "This model usually expects 1 or 3 input channels. However, it was passed an "
                f"input_shape with {channels} input channels.",
                stacklevel=2,
            )
    default = _image_shape(default_size, channels, first)
    if imagenet and require_flatten:
        if given is not None and given != default:
            raise ValueError(
                "When setting `include_top=True` and loading `imagenet` weights, `input_shape` "
                f"should be {default}. Got `input_shape={given}`."
            )
        return default
    if not given:
        return default if require_flatten else _image_shape(None, 3, first)
    if len(given) != 3:
        raise ValueError(
            f"`input_shape` must be a tuple of three integers. Got `input_shape={given}`."
        )
    if imagenet and (given[0] if first else given[-1]) != 3:
        raise ValueError(f"The input must have 3 channels; got `input_shape={given}`")
    sizes = given[1:] if first else given[:2]
    if any(size is not None and size < min_size for size in sizes):
        raise ValueError(
            f"Input size must be at least {min_size}x{min_size}; got `input_shape={given}`"
        )
    if require_flatten and None in given:
        raise ValueError(
            "If `include_top` is True, you should specify a static `input_shape`. "
            f"Got `input_shape={given}`"
        )
    return given


def _image_shape(size, channels, first):
    return (channels, size, size) if first else (size, size, channels)
