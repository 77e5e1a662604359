"""Pooling: the maximum or the mean of windows, or of all places."""

from hornbeam import backend as K
from hornbeam.engine.checks import InputSpec
from hornbeam.engine.layer import Layer
from hornbeam.layers.arguments import (
    checked_padding,
    per_axis,
    shape_with,
    spatial_axes,
    windows_along,
)

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class _Pooling(Layer):
    """What poolings over `rank` axes share; `mode` is 'max' or 'avg'."""

    rank = None
    mode = None

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = per_axis(self, "pool_size", pool_size, self.rank)
        self.strides = (
            self.pool_size if strides is None else per_axis(self, "strides", strides, self.rank)
        )
        self.padding = checked_padding(self, padding)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        return self._pooling_function(
            inputs=inputs,
            pool_size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )

    def _pooling_function(self, inputs, pool_size, strides, padding, data_format):
        if self.rank == 1:  # an image with one column
            column = 2 if data_format == "channels_last" else 3
            inputs = K.expand_dims(inputs, column)
            output = K.pool2d(
                inputs, (*pool_size, 1), (*strides, 1), padding, data_format, self.mode
            )
            return K.squeeze(output, column)
        pool = K.pool2d if self.rank == 2 else K.pool3d
        return pool(inputs, pool_size, strides, padding, data_format, self.mode)

    def compute_output_shape(self, input_shape):
        sizes = windows_along(
            self,
            input_shape,
            spatial_axes(self.data_format, self.rank),
            self.pool_size,
            self.padding,
            self.strides,
        )
        first = self.data_format == "channels_first"
        return shape_with(input_shape, self.data_format, sizes, input_shape[1 if first else -1])

    def get_config(self):
        return super().get_config() | {
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class MaxPooling1D(_Pooling):
    """The maximum of windows along the steps.

    Args:
        pool_size: Integer, the window.
        strides: Integer; None means `pool_size`.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'` or `'channels_first'`.

    Input shape: `(batch, steps, features)`, or features before steps.
    Output shape: `(batch, windows, features)`, or features before windows.
    """

    rank, mode = 1, "max"

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format="channels_last", **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class AveragePooling1D(_Pooling):
    """The mean of windows along the steps; padding does not count.

    Args:
        pool_size: Integer, the window.
        strides: Integer; None means `pool_size`.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'` or `'channels_first'`.

    Input shape: `(batch, steps, features)`, or features before steps.
    Output shape: `(batch, windows, features)`, or features before windows.
    """

    rank, mode = 1, "avg"

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format="channels_last", **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class MaxPooling2D(_Pooling):
    """The maximum of windows in images.

    Args:
        pool_size: Integer or pair of integers, the window.
        strides: Integer or pair of integers; None means `pool_size`.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, new_rows, new_cols, channels)`, or channels before rows.
    """

    rank, mode = 2, "max"

    def __init__(
        self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class AveragePooling2D(_Pooling):
    """The mean of windows in images; padding does not count.

    Args:
        pool_size: Integer or pair of integers, the window.
        strides: Integer or pair of integers; None means `pool_size`.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, new_rows, new_cols, channels)`, or channels before rows.
    """

    rank, mode = 2, "avg"

    def __init__(
        self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class MaxPooling3D(_Pooling):
    """The maximum of windows in volumes.

    Args:
        pool_size: Integer or three integers, the window.
        strides: Integer or three integers; None means `pool_size`.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: the same with fewer places.
    """

    rank, mode = 3, "max"

    def __init__(
        self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class AveragePooling3D(_Pooling):
    """The mean of windows in volumes; padding does not count.

    Args:
        pool_size: Integer or three integers, the window.
        strides: Integer or three integers; None means `pool_size`.
        padding: `'valid'` or `'same'`.
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: the same with fewer places.
    """

    rank, mode = 3, "avg"

    def __init__(
        self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class _GlobalPooling(Layer):
    """What poolings over all places share."""

    rank = None

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _axes(self):
        return list(spatial_axes(self.data_format, self.rank))

    def compute_output_shape(self, input_shape):
        channels = 1 if self.data_format == "channels_first" else -1
        return (input_shape[0], input_shape[channels])

    def get_config(self):
        return super().get_config() | {"data_format": self.data_format}


class GlobalAveragePooling1D(_GlobalPooling):
    """The mean over all steps; with a mask, over those that are present.

    Args:
        data_format: `'channels_last'` or `'channels_first'`.

    Input shape: `(batch, steps, features)`, or features before steps.
    Output shape: `(batch, features)`.
    """

    rank = 1
    supports_masking = True

    def __init__(self, data_format="channels_last", **kwargs):
        super().__init__(data_format, **kwargs)

    def call(self, inputs, mask=None):
        steps_axis = 1 if self.data_format == "channels_last" else 2
        if mask is None:
            return K.mean(inputs, axis=steps_axis)
        mask = K.cast(mask, K.dtype(inputs))
        present = K.sum(mask, axis=1)
        mask = K.expand_dims(mask, 2 if steps_axis == 1 else 1)
        return K.sum(inputs * mask, axis=steps_axis) / K.expand_dims(present, -1)

    def compute_mask(self, inputs, mask=None):
        return None


class GlobalMaxPooling1D(_GlobalPooling):
    """The maximum over all steps.

    Args:
        data_format: `'channels_last'` or `'channels_first'`.

    Input shape: `(batch, steps, features)`, or features before steps.
    Output shape: `(batch, features)`.
    """

    rank = 1

    def __init__(self, data_format="channels_last", **kwargs):
        super().__init__(data_format, **kwargs)

    def call(self, inputs):
        return K.max(inputs, axis=self._axes)


class GlobalAveragePooling2D(_GlobalPooling):
    """The mean over all places of an image.

    Args:
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, channels)`.
    """

    rank = 2

    def call(self, inputs):
        return K.mean(inputs, axis=self._axes)


class GlobalMaxPooling2D(_GlobalPooling):
    """The maximum over all places of an image.

    Args:
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, rows, cols, channels)`, or channels before rows.
    Output shape: `(batch, channels)`.
    """

    rank = 2

    def call(self, inputs):
        return K.max(inputs, axis=self._axes)


class GlobalAveragePooling3D(_GlobalPooling):
    """The mean over all places of a volume.

    Args:
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: `(batch, channels)`.
    """

    rank = 3

    def call(self, inputs):
        return K.mean(inputs, axis=self._axes)


class GlobalMaxPooling3D(_GlobalPooling):
    """The maximum over all places of a volume.

    Args:
        data_format: `'channels_last'`, `'channels_first'`, or None for the default.

    Input shape: `(batch, d1, d2, d3, channels)`, or channels after the batch.
    Output shape: `(batch, channels)`.
    """

    rank = 3

    def call(self, inputs):
        return K.max(inputs, axis=self._axes)
