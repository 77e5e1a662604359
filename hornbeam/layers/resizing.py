"""Layers that cut off, add or repeat rows and columns."""

from hornbeam import backend as K
from hornbeam.engine.checks import InputSpec, ShapeError
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import pairs_per_axis, per_axis, shape_with, spatial_axes

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]


class _Resizing(Layer):
    """What layers that change the sizes of `rank` axes share."""

    rank = None

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _resized(self, size, index):
        """Returns what becomes of the size of the spatial axis number `index`."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        axes = spatial_axes(self.data_format, self.rank)
        sizes = [
            None if input_shape[axis] is None else self._resized(input_shape[axis], index)
            for index, axis in enumerate(axes)
        ]
        if any(size is not None and size < 1 for size in sizes):
            raise ShapeError(
                f"{self.name} ({type(self).__name__}) got an input of shape {tuple(input_shape)}, "
                f"of which it would leave the sizes {tuple(sizes)}. Crop less."
            )
        channels = input_shape[1 if self.data_format == "channels_first" else -1]
        return shape_with(input_shape, self.data_format, sizes, channels)

    def _own_config(self):
        return {}

    def get_config(self):
        config = super().get_config() | self._own_config()
        return config | ({"data_format": self.data_format} if self.rank > 1 else {})


class _Cropping(_Resizing):
    def __init__(self, cropping, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        if self.rank == 1 and not isinstance(cropping, int):
            cropping = (cropping,)
        self._pairs = pairs_per_axis(self, "cropping", cropping, self.rank)
        self.cropping = self._pairs if self.rank > 1 else self._pairs[0]

    def _resized(self, size, index):
        return size - sum(self._pairs[index])

    def call(self, inputs):
        shape = K.int_shape(inputs)
        self.compute_output_shape(shape)
        kept = [slice(None)] * len(shape)
        for axis, (before, after) in zip(spatial_axes(self.data_format, self.rank), self._pairs):
            kept[axis] = slice(before, shape[axis] - after)
        return inputs[tuple(kept)]

    def _own_config(self):
        return {"cropping": self.cropping}


class Cropping1D(_Cropping):
    """Cuts off steps at the beginning and the end.

    Args:
        cropping: Integer, or pair of integers (before, after).

    Input shape: `(batch, steps, features)`.
    Output shape: `(batch, fewer_steps, features)`.

    Raises:
        ShapeError: if nothing would be left.
    """

    rank = 1

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(_Cropping):
    """Cuts off rows and columns at the border of images.

    Args:
        cropping: Integer; pair of integers (rows, cols), the same on both sides; or
            `((top, bottom), (left, right))`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: the same with fewer rows and columns.

    Raises:
        ShapeError: if nothing would be left.
    """

    rank = 2

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cuts off the border of volumes.

    Args:
        cropping: Integer; three integers, the same on both sides; or three pairs of integers.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: the same with smaller sizes.

    Raises:
        ShapeError: if nothing would be left.
    """

    rank = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


class _ZeroPadding(_Resizing):
    def __init__(self, padding, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        if self.rank == 1 and not isinstance(padding, int):
            padding = (padding,)
        self._pairs = pairs_per_axis(self, "padding", padding, self.rank)
        self.padding = self._pairs if self.rank > 1 else self._pairs[0]

    def _resized(self, size, index):
        return size + sum(self._pairs[index])

    def call(self, inputs):
        if self.rank == 1:
            return K.temporal_padding(inputs, self.padding)
        pad = K.spatial_2d_padding if self.rank == 2 else K.spatial_3d_padding
        return pad(inputs, self.padding, self.data_format)

    def _own_config(self):
        return {"padding": self.padding}


class ZeroPadding1D(_ZeroPadding):
    """Adds zeros before the first and after the last step.

    Args:
        padding: Integer, or pair of integers (before, after).

    Input shape: `(batch, steps, features)`.
    Output shape: `(batch, more_steps, features)`.
    """

    rank = 1

    def __init__(self, padding=1, **kwargs):
        super().__init__(padding, "channels_last", **kwargs)


class ZeroPadding2D(_ZeroPadding):
    """Adds rows and columns of zeros around images.

    Args:
        padding: Integer; pair of integers (rows, cols), the same on both sides; or
            `((top, bottom), (left, right))`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: the same with more rows and columns.
    """

    rank = 2

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding3D(_ZeroPadding):
    """Adds zeros around volumes.

    Args:
        padding: Integer; three integers, the same on both sides; or three pairs of integers.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: the same with larger sizes.
    """

    rank = 3

    def __init__(self, padding=(1, 1, 1), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


class _UpSampling(_Resizing):
    def __init__(self, size, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self._factors = per_axis(self, "size", size, self.rank)
        self.size = self._factors if self.rank > 1 else self._factors[0]

    def _resized(self, size, index):
        return size * self._factors[index]

    def _own_config(self):
        return {"size": self.size}


class UpSampling1D(_UpSampling):
    """Repeats each step.

    Args:
        size: Positive integer, how often.

    Input shape: `(batch, steps, features)`.
    Output shape: `(batch, steps * size, features)`.
    """

    rank = 1

    def __init__(self, size=2, **kwargs):
        super().__init__(size, "channels_last", **kwargs)

    def call(self, inputs):
        return K.repeat_elements(inputs, self.size, axis=1)


class UpSampling2D(_UpSampling):
    """Enlarges images by whole factors.

    Args:
        size: Positive integer, or pair of them for rows and columns.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.
        interpolation: `'nearest'` (repeats); `'bilinear'`, as in Keras 2.3.1 on TensorFlow 1; or
            `'bilinear_half_pixel'`, what tf.keras 2 and Keras 3 call bilinear: their models are
            loaded with it.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: the same with more rows and columns.

    Raises:
        ValueError: for another interpolation.
    """

    rank = 2

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(size, data_format, **kwargs)
        if interpolation not in ("nearest", "bilinear", "bilinear_half_pixel"):
            raise ValueError(
                'interpolation should be one of "nearest" or "bilinear"; '
                f"{self.name} got {interpolation!r}."
            )
        self.interpolation = interpolation

    def call(self, inputs):
        return K.resize_images(inputs, *self._factors, self.data_format, self.interpolation)

    def _own_config(self):
        return super()._own_config() | {"interpolation": self.interpolation}


class UpSampling3D(_UpSampling):
    """Enlarges volumes by whole factors, repeating elements.

    Args:
        size: Positive integer, or three of them.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: the same with larger sizes.
    """

    rank = 3

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(size, data_format, **kwargs)

    def call(self, inputs):
        return K.resize_volumes(inputs, *self._factors, self.data_format)
