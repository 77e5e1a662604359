"""Resizing images of arrays, as `tf.image.resize` does."""

import numpy as np

from hornbeam.preprocessing.image.loading import centred_crop


def smart_resize(x, size, interpolation="bilinear"):
    """Resizes images without stretching them: cuts out the largest part of the target's shape.

    Args:
        x: Array `(rows, cols, channels)` or `(n, rows, cols, channels)`.
        size: Tuple `(height, width)` in pixels.
        interpolation: `'bilinear'`, `'nearest'`, `'bicubic'`, `'area'`, `'lanczos3'`,
            `'lanczos5'`, `'gaussian'` or `'mitchellcubic'`.

    Returns:
        float32 array with the new rows and columns.

    Raises:
        ValueError: for another rank, or an unknown `interpolation`.

    Source: tf.keras.
    """
    x = np.asarray(x)
    if x.ndim not in (3, 4):
        raise ValueError(
            "smart_resize expects an image (rows, cols, channels) or a batch of them. Got an array "
            f"of shape {x.shape}."
        )
    top, left, rows, cols = centred_crop(*x.shape[-3:-1], *size)
    return resized(x[..., top : top + rows, left : left + cols, :], size, interpolation)


def resized(x, size, interpolation):
    """Resizes images as `tf.image.resize` does, without smoothing them first.

    Args:
        x: Array `(..., rows, cols, channels)`.
        size: Tuple `(height, width)`.
        interpolation: See `smart_resize`.

    Returns:
        float32 array.
    """
    if interpolation not in _KERNELS:
        raise ValueError(
            f"interpolation={interpolation!r} is unknown. Expected one of {tuple(_KERNELS)}."
        )
    x = np.asarray(x, "float32")
    for axis, target in zip((-3, -2), size):
        if x.shape[axis] == target and interpolation in ("bilinear", "nearest"):
            continue
        sources, weights = _taps(x.shape[axis], target, interpolation)  # (taps, target) each
        shape = [1] * x.ndim
        shape[axis] = target
        x = sum(
            np.take(x, source, axis) * weight.reshape(shape).astype("float32")
            for source, weight in zip(sources, weights)
        )
    return x


def _taps(size, target, interpolation):
    """Returns which pixels make each new one, and how much each counts."""
    radius, kernel = _KERNELS[interpolation]
    scale = size / target
    if interpolation == "area":
        return _area_taps(size, target, scale)
    centres = (np.arange(target) + 0.5) * scale  # of the new pixels, in the old ones' measure
    if interpolation == "nearest":
        return np.minimum(centres.astype(int), size - 1)[None], np.ones((1, target))
    first = np.ceil(centres - radius - 0.5).astype(int)
    sources = first + np.arange(int(np.ceil(2 * radius)) + 1)[:, None]
    weights = kernel(np.abs(sources + 0.5 - centres))
    weights[(sources < 0) | (sources >= size)] = 0
    return np.clip(sources, 0, size - 1), weights / weights.sum(0)


def _area_taps(size, target, scale):
    starts = np.arange(target) * scale
    sources = np.floor(starts).astype(int) + np.arange(int(np.ceil(scale)) + 1)[:, None]
    covered = np.minimum(sources + 1, starts + scale) - np.maximum(sources, starts)
    weights = np.clip(covered, 0, None)
    return np.clip(sources, 0, size - 1), weights / weights.sum(0)


def _cubic(b, c):
    """The cubic kernels of Mitchell and Netravali, 1988, equation 8."""

    def kernel(x):
        near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b
        far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x
        far += 8 * b + 24 * c
        return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6

    return kernel


def _lanczos(radius):
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


# Name -> (radius in pixels, weight by distance).
_KERNELS = {
    "bilinear": (1, lambda x: np.maximum(0, 1 - x)),
    "nearest": (0.5, None),
    "bicubic": (2, _cubic(0, 0.5)),
    "area": (0.5, None),
    "lanczos3": (3, _lanczos(3)),
    "lanczos5": (5, _lanczos(5)),
    "gaussian": (1.5, lambda x: np.where(x < 1.5, np.exp(-2 * x**2), 0)),
    "mitchellcubic": (2, _cubic(1 / 3, 1 / 3)),
}
