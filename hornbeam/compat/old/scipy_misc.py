"""The image functions of `scipy.misc`, which left SciPy with 1.3; they were and are Pillow's.

Source: the documentation of SciPy 1.0, and what it gave.
"""

import numpy as np
from PIL import Image, ImageFilter

__all__ = ["ascent", "bytescale", "face", "fromimage", "imfilter", "imread", "imresize", "imrotate",
           "imsave", "imshow", "toimage"]

_RESAMPLING = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "cubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}
_FILTERS = ("blur", "contour", "detail", "edge_enhance", "edge_enhance_more", "emboss",
            "find_edges", "sharpen", "smooth", "smooth_more")


def bytescale(data, cmin=None, cmax=None, high=255, low=0):
    """Scales numbers from `cmin`...`cmax` (default: those of the data) to bytes `low`...`high`.

    Data that are bytes already come back as they are.
    """
    data = np.asarray(data)
    if data.dtype == np.uint8:
        return data
    if not 0 <= low <= high <= 255:
        raise ValueError(f"bytescale got low={low!r} and high={high!r}. Expected 0 <= low <= high "
                         "<= 255.")
    return (_scaled(data, cmin, cmax, high, low).clip(low, high) + 0.5).astype(np.uint8)


def _scaled(data, cmin, cmax, high, low):
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    if cmax < cmin:
        raise ValueError(f"The image got cmin={cmin!r} above cmax={cmax!r}.")
    return (data - cmin) * (float(high - low) / ((cmax - cmin) or 1)) + low


def fromimage(im, flatten=False, mode=None):
    """The array of a Pillow image: `(rows, cols)` or `(rows, cols, channels)`.

    Args:
        im: Pillow image.
        flatten: Whether it becomes grey first, as float32.
        mode: Pillow's name of the mode that it is brought into first, such as `"RGB"`.
    """
    if not isinstance(im, Image.Image):
        raise TypeError(f"fromimage got {type(im).__name__}. Expected an image of Pillow.")
    if mode is not None:
        im = im.convert(mode) if mode != im.mode else im
    elif im.mode == "P":  # by number of a colour: the colours are meant
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    elif im.mode == "1":
        im = im.convert("L")
    return np.array(im)


def toimage(arr, high=255, low=0, cmin=None, cmax=None, pal=None, mode=None, channel_axis=None):
    """A Pillow image of an array, whose numbers are scaled to bytes if they are none.

    Args:
        arr: Array `(rows, cols)`, or one with an axis of 3 or 4 channels.
        high, low, cmin, cmax: As in `bytescale`.
        pal: Palette for mode `"P"`: 256 colours as rows of three bytes.
        mode: `"L"`, `"P"`, `"1"`, `"I"`, `"F"`; with channels `"RGB"`, `"RGBA"`, `"YCbCr"`,
            `"CMYK"`.
        channel_axis: Which axis holds the channels. Default: the first one of size 3, else of
            size 4.
    """
    data = np.asarray(arr)
    if np.iscomplexobj(data):
        raise ValueError("toimage got complex numbers. Take np.abs of them, or their parts.")
    if data.ndim == 2:
        return _grey(data, high, low, cmin, cmax, pal, mode)
    if data.ndim != 3 or not {3, 4} & set(data.shape):
        raise ValueError(
            f"toimage got an array of shape {data.shape}. Expected (rows, cols), or three axes "
            "one of which has 3 or 4 channels."
        )
    if channel_axis is None:
        channel_axis = data.shape.index(3 if 3 in data.shape else 4)
    channels = data.shape[channel_axis]
    if channels not in (3, 4):
        raise ValueError(f"toimage got channel_axis={channel_axis!r}, which has {channels} "
                         "channels. Expected 3 or 4.")
    mode = mode or ("RGB" if channels == 3 else "RGBA")
    if mode not in (("RGB", "YCbCr") if channels == 3 else ("RGBA", "CMYK")):
        raise ValueError(f"toimage got mode={mode!r} for {channels} channels.")
    pixels = np.moveaxis(bytescale(data, cmin, cmax, high, low), channel_axis, -1)
    rows, cols = pixels.shape[:2]
    return Image.frombytes(mode, (cols, rows), np.ascontiguousarray(pixels).tobytes())


def _grey(data, high, low, cmin, cmax, pal, mode):
    size = data.shape[::-1]
    if mode == "F":
        return Image.frombytes("F", size, data.astype(np.float32).tobytes())
    if mode not in (None, "L", "P", "1", "I"):
        raise ValueError(f"toimage got mode={mode!r} for an array of two axes. Expected L, P, 1, I "
                         "or F.")
    if mode == "I":  # scaled as well, but cut off and not rounded
        scaled = _scaled(data, cmin, cmax, high, low)
        return Image.frombytes("I", size, scaled.astype(np.uint32).tobytes())
    pixels = bytescale(data, cmin, cmax, high, low)
    if mode == "1":
        return Image.frombytes("L", size, pixels.tobytes()).point(
            lambda value: 255 * (value > high), "1")
    image = Image.frombytes("L", size, pixels.tobytes())
    if pal is None and mode != "P":
        return image
    image = Image.frombytes("P", size, pixels.tobytes())
    grey = np.repeat(np.arange(256, dtype=np.uint8), 3)
    image.putpalette(np.asarray(grey if pal is None else pal, np.uint8).tobytes())
    return image


def imread(name, flatten=False, mode=None):
    """Reads an image file as an array. See `fromimage`."""
    with Image.open(name) as image:
        return fromimage(image, flatten=flatten, mode=mode)


def imsave(name, arr, format=None):
    """Writes an array as an image file, in the format that its name's ending or `format` names."""
    image = toimage(arr, channel_axis=2)
    image.save(name, format)


def imresize(arr, size, interp="bilinear", mode=None):
    """An array resized as an image; the result has bytes, scaled as in `bytescale`.

    Args:
        arr: See `toimage`.
        size: An int, in percent; a float, as a fraction; or a tuple `(rows, cols)`.
        interp: `"nearest"`, `"lanczos"`, `"bilinear"`, `"bicubic"` or `"cubic"`.
        mode: Of the image, see `toimage`.
    """
    image = toimage(arr, mode=mode)
    if np.ndim(size):
        new = (int(size[1]), int(size[0]))
    else:
        fraction = size / 100.0 if isinstance(size, (int, np.integer)) else size
        new = tuple(int(length * fraction) for length in image.size)
    return fromimage(image.resize(new, resample=_resampling("imresize", interp)))


def imrotate(arr, angle, interp="bilinear"):
    """An array turned as an image by `angle` degrees, counterclockwise, about its centre."""
    return fromimage(toimage(arr).rotate(angle, resample=_resampling("imrotate", interp)))


def _resampling(function, interp):
    if interp not in _RESAMPLING:
        raise ValueError(f"{function} got interp={interp!r}. Expected one of "
                         f"{sorted(_RESAMPLING)}.")
    return _RESAMPLING[interp]


def imfilter(arr, ftype):
    """An array filtered as an image by one of Pillow's filters, such as `"blur"`."""
    if ftype not in _FILTERS:
        raise ValueError(f"imfilter got ftype={ftype!r}. Expected one of {_FILTERS}.")
    return fromimage(toimage(arr).filter(getattr(ImageFilter, ftype.upper())))


def imshow(arr):
    """Shows an array as an image, in the system's viewer of pictures."""
    toimage(arr).show()


def ascent():
    """A picture of stairs, `(512, 512)`, downloaded once."""
    from scipy.datasets import ascent as dataset

    return dataset()


def face(gray=False):
    """A picture of a raccoon, `(768, 1024, 3)` or grey `(768, 1024)`, downloaded once."""
    from scipy.datasets import face as dataset

    return dataset(gray=gray)
