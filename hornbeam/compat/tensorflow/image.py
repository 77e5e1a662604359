"""`tf.image`: what is done to images `(rows, columns, channels)` or batches of them."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np

from hornbeam.backend.ops import op
from hornbeam.backend.random import random_key
from hornbeam.compat.tensorflow import resizing, windows
from hornbeam.compat.tensorflow.dtypes import as_dtype
from hornbeam.compat.tensorflow.shaping import sizes_of
from hornbeam.compat.tensorflow.wrapping import array, exported, function


def __getattr__(name):
    for module, names in _OTHERS.items():
        if name in names:
            return getattr(importlib.import_module(f"hornbeam.compat.tensorflow.{module}"), name)
    raise AttributeError(f"tensorflow.image.{name} is not provided by hornbeam.")


# ---- colors and types


@function
def convert_image_dtype(image, dtype, saturate=False):
    """Converts between ranges: floats are from 0 to 1, integers use their whole range."""
    image, kind = array(image), as_dtype(dtype)
    old = as_dtype(image.dtype)
    if old == kind:
        return image
    if old.is_floating and kind.is_floating:
        return image.astype(str(kind))
    if kind.is_floating:
        return image.astype(str(kind)) * (1.0 / old.max)
    if old.is_floating:
        scaled = image * (kind.max + 0.5)
        return (jnp.clip(scaled, kind.min, kind.max) if saturate else scaled).astype(str(kind))
    if old.max > kind.max:
        return (image // ((old.max + 1) // (kind.max + 1))).astype(str(kind))
    return image.astype(str(kind)) * ((kind.max + 1) // (old.max + 1))


def _in_floats(image, change):
    """Changes an image in float32, from 0 to 1; the dtype stays."""
    image = jnp.asarray(image)
    kind = as_dtype(image.dtype)
    result = change(convert_image_dtype.__wrapped__(image, "float32") if not kind.is_floating
                    else image)
    return result if kind.is_floating else convert_image_dtype.__wrapped__(result, kind, True)


@function
def rgb_to_grayscale(images):
    """One channel of brightness."""
    weights = jnp.array([0.2989, 0.587, 0.114], "float32")
    return _in_floats(images, lambda x: jnp.sum(x * weights.astype(x.dtype), -1, keepdims=True))


@function
def grayscale_to_rgb(images):
    """Three equal channels."""
    return jnp.repeat(jnp.asarray(images), 3, -1)


@function
def rgb_to_hsv(images):
    """Hue, saturation and value, each from 0 to 1."""
    return _hsv(jnp.asarray(images))


def _hsv(x):
    r, g, b = x[..., 0], x[..., 1], x[..., 2]
    value, low = jnp.max(x, -1), jnp.min(x, -1)
    spread = value - low
    safe = jnp.where(spread > 0, spread, 1)
    hue = jnp.where(value == r, (g - b) / safe,
                    jnp.where(value == g, (b - r) / safe + 2, (r - g) / safe + 4)) / 6
    hue = jnp.where(spread > 0, hue % 1.0, 0)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0)
    return jnp.stack([hue, saturation, value], -1)


@function
def hsv_to_rgb(images):
    """Undoes `rgb_to_hsv`."""
    return _rgb(jnp.asarray(images))


def _rgb(x):
    hue, saturation, value = x[..., 0], x[..., 1], x[..., 2]
    steps = jnp.stack([jnp.abs(hue * 6 - 3) - 1, 2 - jnp.abs(hue * 6 - 2),
                       2 - jnp.abs(hue * 6 - 4)], -1)
    steps = jnp.clip(steps, 0, 1)
    return ((steps - 1) * saturation[..., None] + 1) * value[..., None]


_YUV = np.array([[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512],
                 [0.114, 0.43601035, -0.10001026]], "float32")
_YIQ = np.array([[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617],
                 [0.114, -0.32134392, 0.31119955]], "float32")


def _linear(name, matrix):
    def body(images):
        return jnp.asarray(images) @ matrix.astype(jnp.asarray(images).dtype)

    body.__name__ = body.__qualname__ = name
    body.__doc__ = f"`{name}`: another basis of colors."
    return function(body)


rgb_to_yuv = _linear("rgb_to_yuv", _YUV)
yuv_to_rgb = _linear("yuv_to_rgb", np.linalg.inv(_YUV))
rgb_to_yiq = _linear("rgb_to_yiq", _YIQ)
yiq_to_rgb = _linear("yiq_to_rgb", np.linalg.inv(_YIQ))


# ---- brightness, contrast, ...


@function
def adjust_brightness(image, delta):
    """Adds `delta`, on the scale from 0 to 1."""
    return _in_floats(image, lambda x: x + jnp.asarray(delta, x.dtype))


@function
def adjust_contrast(images, contrast_factor):
    """Moves each channel away from its mean by `contrast_factor`."""

    def change(x):
        mean = jnp.mean(x, (-3, -2), keepdims=True)
        return (x - mean) * jnp.asarray(contrast_factor, x.dtype) + mean

    return _in_floats(images, change)


@function
def adjust_gamma(image, gamma=1, gain=1):
    """`gain * image ** gamma`, on the scale from 0 to 1."""
    return _in_floats(image, lambda x: gain * x ** jnp.asarray(gamma, x.dtype))


@function
def adjust_hue(image, delta):
    """Turns the hue by `delta`, a part of the circle."""

    def change(x):
        hsv = _hsv(x)
        return _rgb(hsv.at[..., 0].set((hsv[..., 0] + delta) % 1.0))

    return _in_floats(image, change)


@function
def adjust_saturation(image, saturation_factor):
    """Multiplies the saturation."""

    def change(x):
        hsv = _hsv(x)
        return _rgb(hsv.at[..., 1].set(jnp.clip(hsv[..., 1] * saturation_factor, 0, 1)))

    return _in_floats(image, change)


@function
def per_image_standardization(image):
    """Gives each image mean 0 and variance 1."""
    x = jnp.asarray(image).astype("float32")
    axes, count = (-3, -2, -1), np.prod(np.shape(image)[-3:])
    mean = jnp.mean(x, axes, keepdims=True)
    spread = jnp.maximum(jnp.std(x, axes, keepdims=True), 1 / np.sqrt(count).astype("float32"))
    return (x - mean) / spread


# ---- turning and cutting


def _flip(name, axis):
    def body(image):
        return jnp.flip(array(image), axis)

    body.__name__ = body.__qualname__ = name
    body.__doc__ = "Mirrors images."
    return function(body)


flip_left_right = _flip("flip_left_right", -2)
flip_up_down = _flip("flip_up_down", -3)


@function
def transpose(image):
    """Swaps rows and columns."""
    return jnp.swapaxes(array(image), -3, -2)


@function
def rot90(image, k=1):
    """Turns by 90 degrees, `k` times, counter-clockwise."""
    return jnp.rot90(array(image), int(k), (-3, -2))


@function
def central_crop(image, central_fraction):
    """Keeps the middle part of rows and columns."""
    image = array(image)
    rows, columns = image.shape[-3:-1]
    top = int((rows - rows * central_fraction) / 2)
    left = int((columns - columns * central_fraction) / 2)
    return image[..., top : rows - top, left : columns - left, :]


@function
def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Cuts out the rectangle of the target size from the offset on."""
    x = array(image)
    top, left = jnp.asarray(offset_height), jnp.asarray(offset_width)
    start = [0] * (x.ndim - 3) + [top, left, 0]
    sizes = [*x.shape[:-3], int(target_height), int(target_width), x.shape[-1]]
    return jax.lax.dynamic_slice(jnp.asarray(x), [jnp.asarray(s, "int32") for s in start], sizes)


# ---- by chance: functions of (key, image, ...)


def _by_chance(name, change):
    """Two functions: one that draws its own numbers, one of a seed."""

    @op(source=True)
    def draws(image, seed, *args):
        return change(random_key(seed), jnp.asarray(image), *args)

    @op(source=True)
    def of_seed(image, seed, *args):
        from hornbeam.compat.tensorflow.random import _key

        return change(_key(seed), jnp.asarray(image), *args)

    return draws, of_seed


def _maybe_flipped(axis):
    def change(key, image):
        where = jax.random.bernoulli(key, 0.5, image.shape[:-3])[..., None, None, None]
        return jnp.where(where, jnp.flip(image, axis), image)

    return change


def _between(adjust):
    def change(key, image, low, high):
        factor = jax.random.uniform(key, (), minval=low, maxval=high)
        return adjust.__wrapped__(image, factor)

    return change


def _cut(key, image, size):
    size = sizes_of(size)
    keys = jax.random.split(key, len(size))
    starts = [jax.random.randint(k, (), 0, have - want + 1)
              for k, have, want in zip(keys, image.shape, size)]
    return jax.lax.dynamic_slice(image, starts, size)


_flips_columns, _flips_columns_of = _by_chance("flip", _maybe_flipped(-2))
_flips_rows, _flips_rows_of = _by_chance("flip", _maybe_flipped(-3))
_brightness, _brightness_of = _by_chance("brightness", _between(adjust_brightness))
_contrast, _contrast_of = _by_chance("contrast", _between(adjust_contrast))
_hue, _hue_of = _by_chance("hue", _between(adjust_hue))
_saturation, _saturation_of = _by_chance("saturation", _between(adjust_saturation))
_crops, _crops_of = _by_chance("crop", _cut)


def random_flip_left_right(image, seed=None):
    """Mirrors each image, left and right, with probability 1/2."""
    return _flips_columns(image, seed)


def random_flip_up_down(image, seed=None):
    """Mirrors each image, up and down, with probability 1/2."""
    return _flips_rows(image, seed)


def stateless_random_flip_left_right(image, seed):
    """`random_flip_left_right` of a seed, a pair of integers."""
    return _flips_columns_of(image, seed)


def stateless_random_flip_up_down(image, seed):
    """`random_flip_up_down` of a seed, a pair of integers."""
    return _flips_rows_of(image, seed)


def random_brightness(image, max_delta, seed=None):
    """Adds a random number from `-max_delta` to `max_delta`."""
    return _brightness(image, seed, -max_delta, max_delta)


def stateless_random_brightness(image, max_delta, seed):
    """`random_brightness` of a seed, a pair of integers."""
    return _brightness_of(image, seed, -max_delta, max_delta)


def random_contrast(image, lower, upper, seed=None):
    """`adjust_contrast` by a random factor from `lower` to `upper`."""
    return _contrast(image, seed, lower, upper)


def stateless_random_contrast(image, lower, upper, seed):
    """`random_contrast` of a seed, a pair of integers."""
    return _contrast_of(image, seed, lower, upper)


def random_hue(image, max_delta, seed=None):
    """Turns the hue by a random part of the circle from `-max_delta` to `max_delta`."""
    return _hue(image, seed, -max_delta, max_delta)


def stateless_random_hue(image, max_delta, seed):
    """`random_hue` of a seed, a pair of integers."""
    return _hue_of(image, seed, -max_delta, max_delta)


def random_saturation(image, lower, upper, seed=None):
    """`adjust_saturation` by a random factor from `lower` to `upper`."""
    return _saturation(image, seed, lower, upper)


def stateless_random_saturation(image, lower, upper, seed=None):
    """`random_saturation` of a seed, a pair of integers."""
    return _saturation_of(image, seed, lower, upper)


def random_crop(value, size, seed=None, name=None):
    """Cuts a part of `size` out at a random place."""
    return _crops(value, seed, size)


def stateless_random_crop(value, size, seed, name=None):
    """`random_crop` of a seed, a pair of integers."""
    return _crops_of(value, seed, size)


# ---- measures


@function
def total_variation(images):
    """The sum of absolute differences of neighbors, for each image."""
    x = jnp.asarray(images)
    axes = (-3, -2, -1)
    return jnp.sum(jnp.abs(x[..., 1:, :, :] - x[..., :-1, :, :]), axes) + jnp.sum(
        jnp.abs(x[..., :, 1:, :] - x[..., :, :-1, :]), axes
    )


@function
def image_gradients(image):
    """Differences to the next row and to the next column; 0 in the last: a list of the two."""
    x = jnp.asarray(image)
    rows = jnp.pad(x[:, 1:] - x[:, :-1], [(0, 0), (0, 1), (0, 0), (0, 0)])
    columns = jnp.pad(x[:, :, 1:] - x[:, :, :-1], [(0, 0), (0, 0), (0, 1), (0, 0)])
    return [rows, columns]


@function
def sobel_edges(image):
    """Sobel's slopes along rows and columns, in a new last axis of 2."""
    x = jnp.asarray(image)
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], "float32")
    padded = jnp.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], "reflect")
    rows, columns = x.shape[1:3]

    def slope(kernel):
        return sum(kernel[i, j] * padded[:, i : i + rows, j : j + columns]
                   for i in range(3) for j in range(3) if kernel[i, j])

    return jnp.stack([slope(down), slope(down.T)], -1)


@function
def psnr(a, b, max_val):
    """The peak signal-to-noise ratio of each pair of images, in decibels."""
    a, b, most = _as_floats(a, b, max_val)
    error = jnp.mean(jnp.square(a - b), (-3, -2, -1))
    return 20 * jnp.log10(jnp.asarray(most, "float32")) - 10 * jnp.log10(error)


def _ssim_parts(a, b, max_val, size, sigma, k1, k2):
    steps = np.arange(size) - (size - 1) / 2
    row = np.exp(-(steps**2) / (2 * sigma**2))
    kernel = np.outer(row, row) / np.outer(row, row).sum()
    channels = a.shape[-1]
    kernel = np.repeat(kernel[:, :, None, None], channels, 2).astype("float32")

    def mean(x):
        flat = x.reshape(-1, *x.shape[-3:])
        found = windows._convolve(2, flat, kernel, 1, "VALID", "NHWC", None, depthwise=True)
        return found.reshape(*x.shape[:-3], *found.shape[1:])

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean_a, mean_b = mean(a), mean(b)
    product, squares = mean_a * mean_b * 2, jnp.square(mean_a) + jnp.square(mean_b)
    luminance = (product + c1) / (squares + c1)
    contrast = (mean(a * b) * 2 - product + c2) / (mean(a * a + b * b) - squares + c2)
    return jnp.mean(luminance * contrast, (-3, -2)), jnp.mean(contrast, (-3, -2))


def _as_floats(a, b, max_val):
    kind = as_dtype(jnp.asarray(a).dtype)
    scale = 1 if kind.is_floating else kind.max
    a, b = (convert_image_dtype.__wrapped__(jnp.asarray(x), "float32") for x in (a, b))
    return a, b, max_val / scale


@function
def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
    """The structural similarity of each pair of images.

    Source: Wang et al. 2004.
    """
    a, b, most = _as_floats(img1, img2, max_val)
    whole, _ = _ssim_parts(a, b, most, int(filter_size), filter_sigma, k1, k2)
    return jnp.mean(whole, -1)


@function
def ssim_multiscale(img1, img2, max_val,
                    power_factors=(0.0448, 0.2856, 0.3001, 0.2363, 0.1333),
                    filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
    """The structural similarity over several scales, each half of the one before."""
    a, b, most = _as_floats(img1, img2, max_val)
    parts = []
    for index in range(len(power_factors)):
        if index:
            a, b = (jnp.pad(x, [(0, 0)] * (x.ndim - 3) + [(0, x.shape[-3] % 2),
                                                         (0, x.shape[-2] % 2), (0, 0)],
                            "symmetric") for x in (a, b))
            a, b = (x.reshape(*x.shape[:-3], x.shape[-3] // 2, 2, x.shape[-2] // 2, 2,
                              x.shape[-1]).mean((-4, -2)) for x in (a, b))
        whole, contrast = _ssim_parts(a, b, most, int(filter_size), filter_sigma, k1, k2)
        parts.append(jax.nn.relu(contrast))
    parts[-1] = jax.nn.relu(whole)
    powers = jnp.asarray(power_factors, "float32")
    return jnp.mean(jnp.prod(jnp.stack(parts, -1) ** powers, -1), -1)


resize_image_with_crop_or_pad = resizing.resize_with_crop_or_pad
resize_images = resizing.resize
extract_patches = windows.extract_patches


@function
def extract_image_patches(images, ksizes=None, strides=None, rates=None, padding=None, sizes=None):
    """TensorFlow 1's `extract_patches`."""
    sizes = ksizes if sizes is None else sizes
    return windows.extract_patches.__wrapped__(images, sizes, strides, rates, padding)


def draw_bounding_boxes(images, boxes, colors=None, name=None):
    """Raises NotImplementedError: draw on the array, for example with PIL.ImageDraw."""
    raise NotImplementedError(
        "tf.image.draw_bounding_boxes is not provided by hornbeam. Draw on the array: "
        "PIL.ImageDraw.Draw(image).rectangle(...), or matplotlib's patches.Rectangle."
    )


_OTHERS = {
    "resizing": tuple(resizing.__all__),
    "boxes": ("combined_non_max_suppression", "non_max_suppression", "non_max_suppression_padded",
              "non_max_suppression_with_scores", "sample_distorted_bounding_box"),
    "io": ("decode_bmp", "decode_gif", "decode_image", "decode_jpeg", "decode_png", "encode_jpeg",
           "encode_png", "is_jpeg", "decode_and_crop_jpeg"),
}
__all__ = sorted({*exported(globals()), *(n for names in _OTHERS.values() for n in names)})
