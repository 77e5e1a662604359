"""Random changes of images, in training only: `RandomFlip`, `RandomRotation`, `RandomZoom`, ...

Each image of a batch is changed by numbers of its own. They are not those of tf.keras.
"""

import math

import jax
import jax.numpy as jnp

from hornbeam import backend as K
from hornbeam.backend.ops import op
from hornbeam.engine.layer import Layer
from hornbeam.layers.image_layers import centre_of

__all__ = [
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
]

_ORDERS = {"nearest": 0, "bilinear": 1}
_FILLS = {"constant": "constant", "nearest": "nearest", "reflect": "reflect", "wrap": "wrap"}


class _Augmentation(Layer):
    """What changes `(batch, rows, cols, channels)` or one image, in training."""

    uses_learning_phase = True

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self._drawn = 0

    def call(self, inputs, training=True):
        images = K.cast(inputs, self.compute_dtype)
        return K.in_train_phase(
            lambda: self._batchwise(images), lambda: self._untouched(images), training=training
        )

    def _batchwise(self, images):
        if K.ndim(images) == 3:
            return self._batchwise(K.expand_dims(images, 0))[0]
        return K.cast(self._changed(images), self.compute_dtype)

    def _untouched(self, images):
        return images

    def _uniform(self, images, low, high):
        """One number for each image, `(batch,)`."""
        self._drawn += 1
        seed = None if self.seed is None else self.seed + self._drawn
        return K.random_uniform((K.shape(images)[0],), low, high, seed=seed)

    def output_dtype(self, inputs):
        return self.compute_dtype

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"seed": self.seed}

    def _range(self, name, factor, least=None, negative=True):
        """The lower and upper limit that a factor stands for."""
        pair = isinstance(factor, (list, tuple))
        low, high = factor if pair else (-factor if negative else factor, factor)
        if high < low or (least is not None and low < least):
            raise ValueError(
                f"{self.name} ({type(self).__name__}) got {name}={factor!r}. Expected a number of "
                f"at least 0, or a pair (lower, upper){f' from {least} on' if least else ''}."
            )
        return low, high


class RandomFlip(_Augmentation):
    """Mirrors each image, with a probability of one half.

    Args:
        mode: `'horizontal'` (left and right), `'vertical'`, or `'horizontal_and_vertical'`, each
            decided by itself.
        seed: Integer or None.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`.
    Output shape: that of the input.
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
            raise ValueError(
                f"{self.name} (RandomFlip) got mode={mode!r}. Expected 'horizontal', 'vertical' or "
                "'horizontal_and_vertical'."
            )
        self.mode = mode

    def _changed(self, images):
        for name, axis in (("horizontal", 2), ("vertical", 1)):
            if name in self.mode:
                images = _flipped(images, self._uniform(images, 0.0, 1.0), axis)
        return images

    def get_config(self):
        return super().get_config() | {"mode": self.mode}


@op
def _flipped(images, draws, axis):
    return jnp.where(draws[:, None, None, None] < 0.5, jnp.flip(images, axis), images)


@op
def _warped(images, matrices, order, mode, fill):
    """Reads each image at other places: `matrices`, `(batch, 2, 3)`, from new to old (row, col)."""
    from jax.scipy.ndimage import map_coordinates  # it loads SciPy

    rows, cols = images.shape[1:3]
    grid = jnp.stack(jnp.meshgrid(jnp.arange(rows), jnp.arange(cols), indexing="ij"))
    places = jnp.concatenate([grid.reshape(2, -1), jnp.ones((1, rows * cols))]).astype(images.dtype)

    def plane(image, at):
        return map_coordinates(image, list(at), order, mode, fill).reshape(rows, cols)

    def one(image, matrix):
        return jax.vmap(plane, (2, None), 2)(image, matrix @ places)

    return jax.vmap(one)(images, matrices)


@op
def _rotation(angles, rows, cols):
    """Matrices that turn by angles about the middle, counter-clockwise in the picture."""
    sin, cos = jnp.sin(angles), jnp.cos(angles)
    row, col = (rows - 1) / 2, (cols - 1) / 2
    return jnp.stack(
        [
            jnp.stack([cos, sin, row - cos * row - sin * col], -1),
            jnp.stack([-sin, cos, col + sin * row - cos * col], -1),
        ],
        1,
    )


@op
def _scaling(heights, widths, rows, cols):
    """Matrices that read a part of the given height and width, about the middle."""
    zero = jnp.zeros_like(heights)
    row, col = (rows - 1) / 2 * (1 - heights), (cols - 1) / 2 * (1 - widths)
    return jnp.stack([jnp.stack([heights, zero, row], -1), jnp.stack([zero, widths, col], -1)], 1)


@op
def _moving(heights, widths, rows, cols):
    """Matrices that move down and right by parts of the image."""
    one, zero = jnp.ones_like(heights), jnp.zeros_like(heights)
    return jnp.stack(
        [jnp.stack([one, zero, -heights * rows], -1), jnp.stack([zero, one, -widths * cols], -1)], 1
    )


class _Warp(_Augmentation):
    """What reads the pixels at other places."""

    def __init__(self, fill_mode, interpolation, seed, fill_value, **kwargs):
        super().__init__(seed, **kwargs)
        if fill_mode not in _FILLS:
            raise ValueError(
                f"{self.name} ({type(self).__name__}) got fill_mode={fill_mode!r}. Expected one of "
                f"{sorted(_FILLS)}."
            )
        if interpolation not in _ORDERS:
            raise ValueError(
                f"{self.name} ({type(self).__name__}) got interpolation={interpolation!r}. "
                f"Expected one of {sorted(_ORDERS)}."
            )
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.fill_value = fill_value

    def _changed(self, images):
        rows, cols = K.int_shape(images)[1:3]
        matrices = self._matrices(images, rows, cols)
        order, mode = _ORDERS[self.interpolation], _FILLS[self.fill_mode]
        return _warped(images, matrices, order, mode, self.fill_value)

    def get_config(self):
        return super().get_config() | {
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "interpolation": self.interpolation,
        }


class RandomRotation(_Warp):
    """Turns each image about its middle.

    Args:
        factor: Float, the largest angle either way as a part of a full turn; or a pair (lower,
            upper), positive meaning counter-clockwise.
        fill_mode: What is beyond the edge: `'reflect'`, `'wrap'`, `'constant'` or `'nearest'`.
        interpolation: `'bilinear'` or `'nearest'`.
        seed: Integer or None.
        fill_value: Float, for `fill_mode='constant'`.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`.
    Output shape: that of the input.
    """

    def __init__(
        self,
        factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.factor = factor
        self._limits = self._range("factor", factor)

    def _matrices(self, images, rows, cols):
        low, high = self._limits
        angles = self._uniform(images, low * 2 * math.pi, high * 2 * math.pi)
        return _rotation(angles, rows, cols)

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


class RandomZoom(_Warp):
    """Makes each image larger or smaller about its middle.

    Args:
        height_factor: Float, the largest change of the height either way; or a pair (lower, upper).
            Positive zooms out: 0.2 shows a fifth more, -0.2 a fifth less.
        width_factor: The same for the width; None means that of the height.
        fill_mode, interpolation, seed, fill_value: As for `RandomRotation`.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`.
    Output shape: that of the input.
    """

    def __init__(
        self,
        height_factor,
        width_factor=None,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._heights = self._range("height_factor", height_factor, least=-1.0)
        self._widths = width_factor and self._range("width_factor", width_factor, least=-1.0)

    def _matrices(self, images, rows, cols):
        heights = self._uniform(images, 1 + self._heights[0], 1 + self._heights[1])
        widths = heights
        if self._widths:
            widths = self._uniform(images, 1 + self._widths[0], 1 + self._widths[1])
        return _scaling(heights, widths, rows, cols)

    def get_config(self):
        return super().get_config() | {
            "height_factor": self.height_factor,
            "width_factor": self.width_factor,
        }


class RandomTranslation(_Warp):
    """Moves each image.

    Args:
        height_factor: Float, the largest way up or down as a part of the height; or a pair (lower,
            upper), positive meaning down.
        width_factor: The same for the width, positive meaning right.
        fill_mode, interpolation, seed, fill_value: As for `RandomRotation`.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`.
    Output shape: that of the input.
    """

    def __init__(
        self,
        height_factor,
        width_factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._heights = self._range("height_factor", height_factor, least=-1.0)
        self._widths = self._range("width_factor", width_factor, least=-1.0)

    def _matrices(self, images, rows, cols):
        heights = self._uniform(images, *self._heights)
        return _moving(heights, self._uniform(images, *self._widths), rows, cols)

    def get_config(self):
        return super().get_config() | {
            "height_factor": self.height_factor,
            "width_factor": self.width_factor,
        }


class RandomContrast(_Augmentation):
    """Stretches each channel about its mean over the image, by a factor from `1 - lower` on.

    Args:
        factor: Float from 0 to 1, how far the factor of contrast may be from 1; or a pair (lower,
            upper), for factors from `1 - lower` to `1 + upper`.
        seed: Integer or None.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`, from 0 to 255.
    Output shape: that of the input; values are cut to `[0, 255]`.
    """

    def __init__(self, factor, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.factor = factor
        low, high = factor if isinstance(factor, (list, tuple)) else (factor, factor)
        if low < 0 or high < 0 or low > 1:
            raise ValueError(
                f"{self.name} (RandomContrast) got factor={factor!r}. Expected a number from 0 to "
                "1, or a pair of such."
            )
        self._limits = 1 - low, 1 + high

    def _changed(self, images):
        return _contrasted(images, self._uniform(images, *self._limits))

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


@op
def _contrasted(images, factors):
    mean = jnp.mean(images, (1, 2), keepdims=True)
    return jnp.clip((images - mean) * factors[:, None, None, None] + mean, 0, 255)


class RandomBrightness(_Augmentation):
    """Adds a number to each image.

    Args:
        factor: Float from 0 to 1, the largest part of the range of values to add or to take away;
            or a pair (lower, upper) from -1 to 1.
        value_range: Pair, the lowest and the highest value of a pixel; results are cut to it.
        seed: Integer or None.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`.
    Output shape: that of the input.
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.factor = factor
        self.value_range = value_range
        self._limits = self._range("factor", factor, least=-1.0)

    def _changed(self, images):
        return _brightened(images, self._uniform(images, *self._limits), self.value_range)

    def get_config(self):
        return super().get_config() | {"factor": self.factor, "value_range": self.value_range}


@op
def _brightened(images, parts, value_range):
    low, high = value_range
    return jnp.clip(images + parts[:, None, None, None] * (high - low), low, high)


class RandomCrop(_Augmentation):
    """Cuts a part out of the images, at the same random place for a batch.

    In test the middle is cut out, as `CenterCrop` does; so it is with images that are too small.

    Args:
        height, width: Integers, rows and columns of the output.
        seed: Integer or None.

    Input shape: `(batch, rows, cols, channels)` or `(rows, cols, channels)`.
    Output shape: `(batch, height, width, channels)` or `(height, width, channels)`.
    """

    def __init__(self, height, width, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.height = int(height)
        self.width = int(width)

    def _untouched(self, images):
        return centre_of(images, *K.int_shape(images)[-3:-1], self.height, self.width)

    def _changed(self, images):
        rows, cols = K.int_shape(images)[1:3]
        if rows < self.height or cols < self.width:
            return self._untouched(images)
        top = self._uniform(images, 0.0, float(rows - self.height + 1))
        left = self._uniform(images, 0.0, float(cols - self.width + 1))
        return _cut_at(images, top, left, self.height, self.width)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])

    def get_config(self):
        return super().get_config() | {"height": self.height, "width": self.width}


@op
def _cut_at(images, top, left, height, width):
    place = (0, top[0].astype("int32"), left[0].astype("int32"), 0)
    return jax.lax.dynamic_slice(images, place, (images.shape[0], height, width, images.shape[3]))
