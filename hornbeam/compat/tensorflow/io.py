"""`tf.io`: files, and images from and to their bytes."""

import io
import os

import numpy as np

from hornbeam.backend import running
from hornbeam.compat.tensorflow import gfile
from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.constants import constant
from hornbeam.compat.tensorflow.dtypes import as_dtype
from hornbeam.compat.tensorflow.errors import InvalidArgumentError

__all__ = [
    "decode_and_crop_jpeg", "decode_base64", "decode_bmp", "decode_gif", "decode_image",
    "decode_jpeg", "decode_png", "decode_raw", "encode_base64", "encode_jpeg", "encode_png",
    "gfile", "is_jpeg", "matching_files", "read_file", "write_file",
]  # fmt: skip


def _bytes(x):
    x = x.item() if hasattr(x, "item") and getattr(x, "shape", None) == () else x
    x = x.numpy() if hasattr(x, "numpy") else x
    return x.encode("latin-1") if isinstance(x, str) else bytes(x)


def _name(x):
    x = x.item() if hasattr(x, "item") else x
    return x.decode() if isinstance(x, bytes) else os.fspath(x)


def read_file(filename, name=None):
    """Returns the bytes of a file. Text has no tensors here: it is read at once."""
    with gfile.GFile(_name(filename), "rb") as file:
        return file.read()


def write_file(filename, contents, name=None):
    """Writes bytes to a file, and makes the folders above it."""
    path = _name(filename)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(_bytes(contents))


def matching_files(pattern, name=None):
    """Returns the paths that fit a pattern, sorted."""
    return np.array(gfile.glob(_name(pattern)))


_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def decode_image(contents, channels=None, dtype="uint8", name=None, expand_animations=True):
    """Returns the image in the bytes of a JPEG, PNG, BMP or GIF file.

    Args:
        contents: Bytes.
        channels: 0 or None for those of the file, 1 for gray, 3 for color, 4 with transparency.
        dtype: uint8, uint16, or a float type, whose range is from 0 to 1.
        name: String.
        expand_animations: Bool, whether a GIF gives `(frames, rows, columns, 3)`.

    Returns:
        Tensor `(rows, columns, channels)`.

    Raises:
        InvalidArgumentError: if the bytes are no image.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(_bytes(contents)))
        if image.format == "GIF" and expand_animations:
            frames = []
            for index in range(getattr(image, "n_frames", 1)):
                image.seek(index)
                frames.append(np.asarray(image.convert("RGB")))
            found = np.stack(frames)
        else:
            found = _pixels(image, channels, as_dtype(dtype))
    except (UnidentifiedImageError, OSError) as error:
        raise InvalidArgumentError(None, None, f"The bytes are no image: {error}") from error
    kind = as_dtype(dtype)
    if kind.is_floating:
        found = (found / np.iinfo(found.dtype).max).astype(kind.as_numpy_dtype)
    elif found.dtype != kind.as_numpy_dtype:
        found = found.astype(kind.as_numpy_dtype) * (257 if found.dtype == "uint8" else 1)
    return constant(found) if running.eager() is not None else found


def _pixels(image, channels, kind):
    if channels not in (None, 0, 1, 3, 4):
        raise ValueError(f"channels={channels!r}: expected 0, 1, 3 or 4.")
    if image.mode.startswith("I") and kind == "uint16":
        return np.asarray(image).astype("uint16")[..., None]
    if channels in (None, 0):
        plain = {"1": "L", "P": "RGBA" if "transparency" in image.info else "RGB", "CMYK": "RGB",
                 "YCbCr": "RGB", "I": "L", "I;16": "L", "F": "L"}
        image = image.convert(plain.get(image.mode, image.mode))
    else:
        image = image.convert(_MODES[channels])
    found = np.asarray(image)
    return found if found.ndim == 3 else found[..., None]


def decode_jpeg(contents, channels=0, ratio=1, fancy_upscaling=True, try_recover_truncated=False,
                acceptable_fraction=1, dct_method="", name=None):
    """See `decode_image`.

    Args:
        contents: Bytes.
        channels: 0, 1 or 3.
        ratio: Integer, of so many pixels one is kept.
        fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method: libjpeg's; Pillow
            decides.
        name: String.
    """
    found = decode_image(contents, channels, expand_animations=False)
    return found if ratio == 1 else found[::ratio, ::ratio]


def decode_and_crop_jpeg(contents, crop_window, channels=0, name=None, **options):
    """The part of an image: `crop_window` is top, left, rows and columns."""
    top, left, rows, columns = (int(n) for n in crop_window)
    return decode_image(contents, channels)[top : top + rows, left : left + columns]


def decode_png(contents, channels=0, dtype="uint8", name=None):
    """See `decode_image`."""
    return decode_image(contents, channels, dtype, expand_animations=False)


def decode_bmp(contents, channels=0, name=None):
    """See `decode_image`."""
    return decode_image(contents, channels, expand_animations=False)


def decode_gif(contents, name=None):
    """The frames of a GIF file, `(frames, rows, columns, 3)`."""
    return decode_image(contents)


def _encoded(image, kind, **options):
    from PIL import Image

    pixels = np.asarray(image)
    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def encode_jpeg(image, format="", quality=95, progressive=False, optimize_size=False, name=None,
                **options):
    """Returns the bytes of a JPEG file of a uint8 image."""
    return _encoded(image, "JPEG", quality=int(quality), progressive=bool(progressive),
                    optimize=bool(optimize_size))


def encode_png(image, compression=-1, name=None):
    """Returns the bytes of a PNG file of a uint8 or uint16 image."""
    options = {} if compression == -1 else {"compress_level": int(compression)}
    return _encoded(image, "PNG", **options)


def is_jpeg(contents, name=None):
    """Whether bytes are those of a JPEG file."""
    return _bytes(contents)[:3] == b"\xff\xd8\xff"


def decode_raw(input_bytes, out_type, little_endian=True, name=None):
    """Returns the numbers in bytes."""
    kind = np.dtype(as_dtype(out_type).as_numpy_dtype).newbyteorder("<" if little_endian else ">")
    found = np.frombuffer(_bytes(input_bytes), kind)
    return constant(found.astype(kind.newbyteorder("=")))


def encode_base64(input, pad=False, name=None):
    """Returns bytes in web-safe base64."""
    import base64

    found = base64.urlsafe_b64encode(_bytes(input))
    return found if pad else found.rstrip(b"=")


def decode_base64(input, name=None):
    """Undoes `encode_base64`."""
    import base64

    text = _bytes(input)
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


__getattr__ = teller("io")
