"""The two layouts of images, and Keras 1's names of them."""

from typing import NamedTuple

from hornbeam import backend as K

_OLD_NAMES = {"th": "channels_first", "tf": "channels_last", "default": None}


def layout_of(data_format, dim_ordering=None):
    """Returns `'channels_last'` or `'channels_first'`.

    Args:
        data_format: Either of them, or None for `K.image_data_format()`.
        dim_ordering: Keras 1's name, which counts where it is given: `'tf'`, `'th'`, `'default'`.

    Raises:
        ValueError: for any other name.
    """
    if dim_ordering is not None:
        if dim_ordering not in _OLD_NAMES:
            raise ValueError(
                f"Unknown dim_ordering: {dim_ordering!r}. Expected 'tf' (channels last), 'th' "
                "(channels first) or 'default'."
            )
        data_format = _OLD_NAMES[dim_ordering]
    data_format = _OLD_NAMES.get(data_format, data_format)
    if data_format is None:
        return K.image_data_format()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            '`data_format` should be `"channels_last"` (channel after row and column) or '
            f'`"channels_first"` (channel before row and column). Received: {data_format}'
        )
    return data_format


class Axes(NamedTuple):
    """Where a single image has its rows, columns and channels."""

    row: int
    col: int
    channel: int


AXES = {"channels_last": Axes(0, 1, 2), "channels_first": Axes(1, 2, 0)}
