"""Image files, Pillow images and arrays, each made of the other."""

import io
import os
import stat
import warnings

import numpy as np

from hornbeam import backend as K
from hornbeam.preprocessing.image.layouts import layout_of

# The endings of files that are taken for images, in lower case.
IMAGE_FORMATS = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


class ImageFileError(OSError):
    """A file cannot be read as an image; the message names it and says why.

    Iterators over files take `unreadable='skip'`, which leaves such files out with a warning.
    """


def load_img(
    path,
    grayscale=False,
    color_mode="rgb",
    target_size=None,
    interpolation="nearest",
    keep_aspect_ratio=False,
):
    """Reads an image file.

    Args:
        path: Path, or an open binary file.
        grayscale: Bool; older spelling of `color_mode='grayscale'`.
        color_mode: `'rgb'`, `'rgba'` or `'grayscale'`; grey images of 16 or 32 bits keep them.
            A tuple in this place is taken for `target_size`, as in Keras 1.
        target_size: None, or tuple `(height, width)` in pixels to resize to.
        interpolation: How to resize: `'nearest'`, `'bilinear'`, `'bicubic'`, `'lanczos'`, `'box'`
            or `'hamming'`.
        keep_aspect_ratio: Bool; whether the middle of the image is cut to the target's shape
            before it is resized, so that nothing is stretched.

    Returns:
        A `PIL.Image`, whose pixels have been read.

    Raises:
        ImageFileError: if the file is damaged, truncated, no image, no regular file, or has more
            pixels than `PIL.Image.MAX_IMAGE_PIXELS`.
        FileNotFoundError: if there is no such file.
        ValueError: for an unknown `color_mode` or `interpolation`.

    Source: keras_preprocessing 1.1.2; `keep_aspect_ratio` is tf.keras's.
    """
    if isinstance(color_mode, (tuple, list)) and target_size is None:
        color_mode, target_size = "rgb", color_mode
    if grayscale:
        color_mode = "grayscale"
    if color_mode not in ("grayscale", "rgb", "rgba"):
        raise ValueError(
            f'color_mode must be "grayscale", "rgb", or "rgba". Received: {color_mode!r}'
        )
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f"Invalid interpolation method {interpolation} specified. Supported methods are "
            f"{', '.join(INTERPOLATIONS)}"
        )
    image = _opened(path)
    if color_mode != "grayscale":
        mode = color_mode.upper()
    else:
        mode = image.mode if image.mode in ("L", "I;16", "I") else "L"
    if image.mode != mode:
        image = image.convert(mode)
    if target_size is not None:
        image = _resized(image, target_size, interpolation, keep_aspect_ratio)
    return image


def _opened(path):
    """Returns the image of a file, decoded."""
    import PIL.Image

    name = getattr(path, "name", path) if hasattr(path, "read") else os.fspath(path)
    if not hasattr(path, "read"):
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ImageFileError(f"{name} is not a regular file, so no image can be read from it.")
        with open(path, "rb") as file:
            path = io.BytesIO(file.read())
    try:
        image = PIL.Image.open(path)
        limit = PIL.Image.MAX_IMAGE_PIXELS
        if limit is not None and image.width * image.height > limit:
            raise _too_large(name, f"{image.width} x {image.height}", limit)
        image.load()
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise _too_large(name, str(error), PIL.Image.MAX_IMAGE_PIXELS) from error
    except ImageFileError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever damaged bytes lead them to
        raise ImageFileError(
            f"{name} cannot be read as an image: {error}. The file is damaged, truncated or not an "
            "image. Replace or remove it, or pass unreadable='skip' to leave such files out."
        ) from error
    return image


def _too_large(name, size, limit):
    return ImageFileError(
        f"{name} has too many pixels ({size}). At most {limit} are read, since a small file can "
        "unpack to fill the memory. Set PIL.Image.MAX_IMAGE_PIXELS higher if it can be trusted, or "
        "pass unreadable='skip' to leave such files out."
    )


def _resized(image, target_size, interpolation, keep_aspect_ratio):
    import PIL.Image

    height, width = target_size
    method = getattr(PIL.Image.Resampling, interpolation.upper())
    if keep_aspect_ratio:
        top, left, rows, cols = centred_crop(image.height, image.width, height, width)
        return image.resize((width, height), method, box=(left, top, left + cols, top + rows))
    return image if image.size == (width, height) else image.resize((width, height), method)


def centred_crop(rows, cols, height, width):
    """Returns `(top, left, rows, cols)` of the largest part of the shape `height : width`."""
    kept_rows = min(rows, cols * height // width)
    kept_cols = min(cols, rows * width // height)
    return (rows - kept_rows) // 2, (cols - kept_cols) // 2, kept_rows, kept_cols


def img_to_array(img, data_format=None, dtype=None, dim_ordering=None):
    """Makes an array of an image.

    Args:
        img: `PIL.Image`, or array of rank 2 or 3 with the channels last.
        data_format: Layout of the result; None means `K.image_data_format()`.
        dtype: Dtype of the result; None means `K.floatx()`.
        dim_ordering: Keras 1's name of `data_format`.

    Returns:
        Array `(rows, cols, channels)` or `(channels, rows, cols)`, values as in the image.

    Raises:
        ValueError: for another rank, or an unknown layout.
    """
    data_format = layout_of(data_format, dim_ordering)
    x = np.asarray(img, dtype=dtype or K.floatx())
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"Unsupported image shape: {x.shape}. Expected rank 2 or 3.")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def array_to_img(x, data_format=None, scale=True, dtype=None, dim_ordering=None):
    """Makes an image of an array.

    Args:
        x: Array of rank 3 with 1 channel (grey), 3 (RGB) or 4 (RGBA).
        data_format: Layout of `x`; None means `K.image_data_format()`.
        scale: Bool; whether values are stretched to 0..255.
        dtype: Floating dtype to compute in; None means `K.floatx()`.
        dim_ordering: Keras 1's name of `data_format`.

    Returns:
        A `PIL.Image`: mode L (I if values exceed 255), RGB or RGBA.

    Raises:
        ValueError: for another rank or number of channels.
    """
    import PIL.Image

    data_format = layout_of(data_format, dim_ordering)
    x = np.asarray(x, dtype=dtype or K.floatx())
    if x.ndim != 3:
        raise ValueError(
            f"Expected image array to have rank 3 (single image). Got array with shape: {x.shape}"
        )
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    channels = x.shape[2]
    if channels not in (1, 3, 4):
        raise ValueError(
            f"Unsupported channel number: {channels}. Expected 1 (grey), 3 (RGB) or 4 (RGBA), for "
            f"data_format={data_format!r}."
        )
    if scale:
        x = x - x.min()
        largest = x.max()
        x = (x / largest if largest else x) * 255
    if channels > 1:
        return PIL.Image.fromarray(x.astype("uint8"))
    return PIL.Image.fromarray(x[:, :, 0].astype("int32" if x.max() > 255 else "uint8"))


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Writes an array as an image file.

    Args:
        path: Path, or an open binary file (which needs `file_format`).
        x: Array of rank 3.
        data_format: Layout of `x`; None means `K.image_data_format()`.
        file_format: Name such as `'png'`; None means by the ending of `path`.
        scale: Bool; whether values are stretched to 0..255.
        **kwargs: Passed to `PIL.Image.save`.
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and file_format in ("jpg", "jpeg"):
        warnings.warn(
            "The JPG format does not support RGBA images, converting to RGB.", stacklevel=2
        )
        image = image.convert("RGB")
    image.save(path, format="jpeg" if file_format == "jpg" else file_format, **kwargs)


def list_pictures(directory, ext="jpg|jpeg|bmp|png|ppm"):
    """Lists the image files in a folder and those below it.

    Args:
        directory: Path.
        ext: Endings, separated by `|`, or a tuple of them; case does not count.

    Returns:
        List of paths, sorted within each folder.
    """
    endings = ext.split("|") if isinstance(ext, str) else ext
    endings = tuple(f".{ending.lower().lstrip('.')}" for ending in endings)
    found = []
    for folder, below, names in os.walk(directory):
        below.sort()
        found += [os.path.join(folder, n) for n in sorted(names) if n.lower().endswith(endings)]
    return found
