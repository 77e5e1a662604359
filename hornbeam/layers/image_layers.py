"""Images made ready for a model, in the model: `Rescaling`, `Resizing`, `CenterCrop`."""

import jax
import jax.numpy as jnp

from hornbeam import backend as K
from hornbeam.backend.ops import op
from hornbeam.engine.layer import Layer

__all__ = ["CenterCrop", "Rescaling", "Resizing"]

# Keras's names of interpolations -> JAX's.
_METHODS = {
    "bicubic": "cubic",
    "bilinear": "linear",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
    "nearest": "nearest",
}


class Rescaling(Layer):
    """Computes `input * scale + offset`: `Rescaling(1 / 255)` brings pixels to `[0, 1]`.

    Args:
        scale: Float, or a list with one for each channel.
        offset: Float, or a list with one for each channel.

    Input shape: any; integers become `floatx()`.
    Output shape: that of the input.
    """

    supports_masking = True

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs):
        return _rescaled(inputs, self.scale, self.offset, self.compute_dtype)

    def output_dtype(self, inputs):
        return self.compute_dtype

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"scale": self.scale, "offset": self.offset}


@op
def _rescaled(x, scale, offset, dtype):
    return jnp.asarray(x, dtype) * jnp.asarray(scale, dtype) + jnp.asarray(offset, dtype)


@op
def resized(images, height, width, method):
    """Returns `(..., height, width, channels)` of images; pixels count from their centres."""
    shape = (*images.shape[:-3], height, width, images.shape[-1])
    if images.shape[-3:-1] == (height, width):
        return images
    return jax.image.resize(images, shape, method, antialias=False)


@op
def cut(images, top, left, height, width):
    """Returns a part of images, `(..., height, width, channels)`."""
    return images[..., top : top + height, left : left + width, :]


class _OfImages(Layer):
    """What makes images of another size."""

    def __init__(self, height, width, **kwargs):
        super().__init__(**kwargs)
        self.height = int(height)
        self.width = int(width)

    def call(self, inputs):
        rank = K.ndim(inputs)
        if rank not in (3, 4):
            raise ValueError(
                f"{self.name} ({type(self).__name__}) got an input of rank {rank}. Expected "
                "(rows, cols, channels) or (batch, rows, cols, channels)."
            )
        return self._of(K.cast(inputs, self.compute_dtype), *K.int_shape(inputs)[-3:-1])

    def output_dtype(self, inputs):
        return self.compute_dtype

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])

    def get_config(self):
        return super().get_config() | {"height": self.height, "width": self.width}


class Resizing(_OfImages):
    """Scales images to one size.

    Args:
        height, width: Integers, rows and columns of the output.
        interpolation: `'bilinear'`, `'nearest'`, `'bicubic'`, `'lanczos3'` or `'lanczos5'`, without
            antialiasing.
        crop_to_aspect_ratio: Bool, whether to cut the sides, or top and bottom, off so that nothing
            is distorted.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`.
    Output shape: `(batch, height, width, channels)` or `(height, width, channels)`.

    Raises:
        ValueError: for another interpolation.
    """

    def __init__(
        self, height, width, interpolation="bilinear", crop_to_aspect_ratio=False, **kwargs
    ):
        super().__init__(height, width, **kwargs)
        if interpolation not in _METHODS:
            raise ValueError(
                f"{self.name} (Resizing) got interpolation={interpolation!r}. Expected one of "
                f"{sorted(_METHODS)}."
            )
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio

    def _of(self, images, rows, cols):
        if self.crop_to_aspect_ratio:
            new_rows = min(rows, int(cols * self.height / self.width))
            new_cols = min(cols, int(rows * self.width / self.height))
            top, left = int((rows - new_rows) / 2), int((cols - new_cols) / 2)
            images = cut(images, top, left, new_rows, new_cols)
        return resized(images, self.height, self.width, _METHODS[self.interpolation])

    def get_config(self):
        return super().get_config() | {
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
        }


def centre_of(images, rows, cols, height, width):
    """The middle of images; of images that are too small, the middle of them scaled up."""
    if rows >= height and cols >= width:
        return cut(images, (rows - height) // 2, (cols - width) // 2, height, width)
    new_rows = min(rows, int(cols * height / width))
    new_cols = min(cols, int(rows * width / height))
    top, left = int((rows - new_rows) / 2), int((cols - new_cols) / 2)
    return resized(cut(images, top, left, new_rows, new_cols), height, width, "linear")


class CenterCrop(_OfImages):
    """Cuts the middle out of images. Images that are too small are scaled up first.

    Args:
        height, width: Integers, rows and columns of the output.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`.
    Output shape: `(batch, height, width, channels)` or `(height, width, channels)`.
    """

    def _of(self, images, rows, cols):
        return centre_of(images, rows, cols, self.height, self.width)
