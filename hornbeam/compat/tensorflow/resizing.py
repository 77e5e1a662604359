"""Resizing of images: sizes become products with two small matrices, one for each axis."""

import enum

import jax.numpy as jnp
import numpy as np

from hornbeam.compat.tensorflow.wrapping import array, function, statically

__all__ = ["ResizeMethod", "crop_and_resize", "pad_to_bounding_box", "resize", "resize_area",
           "resize_bicubic", "resize_bilinear", "resize_nearest_neighbor",
           "resize_with_crop_or_pad", "resize_with_pad"]


class ResizeMethod(str, enum.Enum):
    """How the values between pixels are found."""

    AREA = "area"
    BICUBIC = "bicubic"
    BILINEAR = "bilinear"
    GAUSSIAN = "gaussian"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    MITCHELLCUBIC = "mitchellcubic"
    NEAREST_NEIGHBOR = "nearest"


_NUMBERED = ("bilinear", "nearest", "bicubic", "area")  # TensorFlow 1's methods were numbers


def _cubic(a, b=0.0):
    def kernel(x):
        x = np.abs(x)
        if b:  # Mitchell and Netravali, B = C = 1/3
            near = (7 * x**3 - 12 * x**2 + 16 / 3) / 6
            far = (-7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3) / 6
        else:  # Keys
            near = (a + 2) * x**3 - (a + 3) * x**2 + 1
            far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
        return np.where(x < 1, near, np.where(x < 2, far, 0))

    return kernel


def _lanczos(radius):
    return lambda x: np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0)


# Method -> (reach of its kernel in pixels, the kernel).
_KERNELS = {
    "bilinear": (1.0, lambda x: np.maximum(1 - np.abs(x), 0)),
    "bicubic": (2.0, _cubic(-0.5)),
    "gaussian": (1.5, lambda x: np.where(np.abs(x) < 1.5, np.exp(-2 * x**2), 0)),
    "lanczos3": (3.0, _lanczos(3)),
    "lanczos5": (5.0, _lanczos(5)),
    "mitchellcubic": (2.0, _cubic(0, 1 / 3)),
}


def _weights(size, new, method, antialias):
    """The matrix `(new, size)` that resizes an axis; pixels are where their centers are."""
    scale = size / new
    if method == "area":
        edges = np.arange(new + 1) * scale
        low, high = edges[:-1, None], edges[1:, None]
        pixels = np.arange(size)[None]
        found = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)
    else:
        _, kernel = _KERNELS[method]
        wide = max(scale, 1.0) if antialias else 1.0
        centers = (np.arange(new) + 0.5) * scale
        found = kernel((np.arange(size)[None] + 0.5 - centers[:, None]) / wide)
    total = found.sum(1, keepdims=True)
    return (found / np.where(np.abs(total) < 1e-8, 1, total)).astype("float32")


def _resized(images, rows, columns):
    """Applies the matrices of the two axes."""
    images = images.astype("float32")
    images = jnp.einsum("oh,bhwc->bowc", rows, images, precision="highest")
    return jnp.einsum("ow,bhwc->bhoc", columns, images, precision="highest")


def _batched(images):
    images = array(images)
    if images.ndim not in (3, 4):
        raise ValueError(f"'images' must have either 3 or 4 dimensions; got shape {images.shape}.")
    return (images[None], True) if images.ndim == 3 else (images, False)


@function
def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False,
           align_corners=False):
    """Resizes images to `size`, rows and columns.

    Args:
        images: Tensor `(batch, rows, columns, channels)` or `(rows, columns, channels)`.
        size: Two integers.
        method: One of `ResizeMethod`, or its name, or TensorFlow 1's number.
        preserve_aspect_ratio: Bool, whether the result is only as large as fits into `size`.
        antialias: Bool, whether shrinking takes all pixels into account.
        align_corners: TensorFlow 1's bool: the centers of the corners stay.

    Returns:
        float32, or the images' dtype for 'nearest' and where nothing changes.

    Raises:
        ValueError: for an unknown method or another rank.
    """
    if isinstance(method, int):
        method = _NUMBERED[method]
    method = str(getattr(method, "value", method)).lower()
    if method not in (*_KERNELS, "area", "nearest"):
        raise ValueError(f"tf.image.resize got method={method!r}. Expected one of "
                         f"{[m.value for m in ResizeMethod]}.")
    images, single = _batched(images)
    height, width = (int(n) for n in statically(size, "size"))
    if preserve_aspect_ratio:
        factor = min(height / images.shape[1], width / images.shape[2])
        height, width = (round(n * factor) for n in images.shape[1:3])
    if (height, width) != images.shape[1:3]:
        if align_corners:
            images = _by_corners(images, height, width, method, True)
        elif method == "nearest":
            rows, columns = (np.minimum((np.arange(n) + 0.5) * (m / n), m - 1).astype("int32")
                             for n, m in zip((height, width), images.shape[1:3]))
            images = images[:, rows][:, :, columns]
        else:
            images = _resized(jnp.asarray(images),
                              _weights(images.shape[1], height, method, antialias),
                              _weights(images.shape[2], width, method, antialias))
    return images[0] if single else images


def _by_corners(images, height, width, method, align_corners):
    """TensorFlow 1's sampling: pixels are where their first corners are."""
    matrices = []
    for new, size in ((height, images.shape[1]), (width, images.shape[2])):
        if align_corners and new > 1:
            places = np.arange(new) * ((size - 1) / (new - 1))
        else:
            places = np.arange(new) * (size / new)
        if method == "nearest":
            places = np.floor(places + 0.5) if align_corners else np.floor(places)
            found = np.eye(size)[np.minimum(places, size - 1).astype(int)]
        else:
            found = np.zeros((new, size))
            a = {"bicubic": -0.75}.get(method)
            reach, kernel = (2, _cubic(a)) if a else (1, _KERNELS["bilinear"][1])
            first = np.floor(places).astype(int)
            for step in range(1 - reach, reach + 1):
                near = np.clip(first + step, 0, size - 1)
                np.add.at(found, (np.arange(new), near), kernel(places - (first + step)))
        matrices.append(found.astype("float32"))
    if method == "nearest":
        rows, columns = (m.argmax(1) for m in matrices)
        return images[:, rows][:, :, columns]
    return _resized(jnp.asarray(images), *matrices)


def _v1(name, method):
    def body(images, size, align_corners=False, half_pixel_centers=False):
        if half_pixel_centers and not align_corners:
            return resize.__wrapped__(images, size, method)
        images, single = _batched(images)
        height, width = (int(n) for n in statically(size, "size"))
        images = _by_corners(images, height, width, method, align_corners)
        return images[0] if single else images

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"TensorFlow 1's {method} resizing, whose pixels are where their corners are."
    return function(body)


resize_bilinear = _v1("resize_bilinear", "bilinear")
resize_nearest_neighbor = _v1("resize_nearest_neighbor", "nearest")
resize_bicubic = _v1("resize_bicubic", "bicubic")


def resize_area(images, size, align_corners=False, name=None):
    """Resizes by the mean over the area of each new pixel."""
    return resize(images, size, "area", name=name)


def resize_with_pad(image, target_height, target_width, method="bilinear", antialias=False,
                    name=None):
    """Resizes keeping the proportions, and adds zeros around, to the target size."""
    size = (int(target_height), int(target_width))
    now = image.shape[-3:-1]
    ratio = max(now[0] / size[0], now[1] / size[1])
    fitting = [int(n / ratio) for n in now]
    top, left = (int(max((target - n / ratio) / 2, 0)) for target, n in zip(size, now))
    resized = resize(image, fitting, method, antialias=antialias)
    return pad_to_bounding_box(resized, top, left, *size)


@function
def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Adds zeros around, so that the image is at the offset in one of the target size."""
    x = array(image)
    top, left = int(offset_height), int(offset_width)
    pads = [(top, int(target_height) - top - x.shape[-3]),
            (left, int(target_width) - left - x.shape[-2]), (0, 0)]
    return jnp.pad(x, [(0, 0)] * (x.ndim - 3) + pads)


@function
def resize_with_crop_or_pad(image, target_height, target_width):
    """Cuts off or adds zeros on both sides, to the target size."""
    images, single = _batched(image)
    for axis, target in ((1, int(target_height)), (2, int(target_width))):
        extra = images.shape[axis] - target
        if extra > 0:
            images = jnp.take(images, np.arange(target) + extra // 2, axis)
        elif extra < 0:
            pads = [(0, 0)] * 4
            pads[axis] = (-extra // 2, -extra - (-extra // 2))
            images = jnp.pad(images, pads)
    return images[0] if single else images


@function
def crop_and_resize(image, boxes, box_indices, crop_size, method="bilinear",
                    extrapolation_value=0.0):
    """Cuts boxes out of images and resizes them to one size.

    Args:
        image: Tensor `(batch, rows, columns, channels)`.
        boxes: Tensor `(boxes, 4)`: top, left, bottom, right as parts of the image.
        box_indices: Integer tensor `(boxes,)`, the image of each box.
        crop_size: Two integers.
        method: 'bilinear' or 'nearest'.
        extrapolation_value: Number outside of the image.

    Returns:
        Tensor `(boxes, *crop_size, channels)`, float32.
    """
    image = jnp.asarray(image).astype("float32")
    boxes, which = jnp.asarray(boxes), jnp.asarray(box_indices)
    height, width = (int(n) for n in statically(crop_size, "crop_size"))

    def places(low, high, new, size):
        steps = jnp.arange(new, dtype="float32")
        if new == 1:
            return 0.5 * (low + high)[:, None] * (size - 1)
        return (low[:, None] + (high - low)[:, None] * steps / (new - 1)) * (size - 1)

    y = places(boxes[:, 0], boxes[:, 2], height, image.shape[1])
    x = places(boxes[:, 1], boxes[:, 3], width, image.shape[2])

    def taken(rows, columns):
        return image[which[:, None, None], rows[:, :, None], columns[:, None, :]]

    bottom, right = image.shape[1] - 1, image.shape[2] - 1
    if method == "nearest":
        result = taken(*(jnp.clip(jnp.floor(p + 0.5), 0, m).astype("int32")
                         for p, m in ((y, bottom), (x, right))))
    else:
        top = jnp.clip(jnp.floor(y), 0, bottom).astype("int32")
        left = jnp.clip(jnp.floor(x), 0, right).astype("int32")
        low, far = jnp.clip(jnp.ceil(y), 0, bottom), jnp.clip(jnp.ceil(x), 0, right)
        low, far = low.astype("int32"), far.astype("int32")
        dy, dx = (y - top)[:, :, None, None], (x - left)[:, None, :, None]
        upper = taken(top, left) * (1 - dx) + taken(top, far) * dx
        lower = taken(low, left) * (1 - dx) + taken(low, far) * dx
        result = upper * (1 - dy) + lower * dy
    inside = ((y >= 0) & (y <= bottom))[:, :, None] & ((x >= 0) & (x <= right))[:, None, :]
    return jnp.where(inside[..., None], result, extrapolation_value)


