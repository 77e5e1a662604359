"""Transforms of one image: affine ones, channels, brightness; each also by chance.

The random ones draw from NumPy's global generator, in the order and number in which
keras_preprocessing draws, so that the same `np.random.seed` gives the same images.
"""

import numpy as np

from hornbeam.preprocessing.image.layouts import AXES
from hornbeam.preprocessing.image.loading import array_to_img, img_to_array

FILL_MODES = ("nearest", "constant", "reflect", "wrap")


def uniform(low, high):
    """`np.random.uniform`, number for number, in a fifth of its time."""
    return low + (high - low) * np.random.random_sample()


def affine_matrices(parameters, rows, cols):
    """Returns where each pixel of the transformed images comes from.

    Args:
        parameters: List of dictionaries with any of `theta` and `shear` (degrees), `tx` and `ty`
            (pixels down and right), `zx` and `zy` (factors of height and width).
        rows: Integer, height of the images in pixels.
        cols: Integer, their width.

    Returns:
        float64 array `(n, 2, 3)`: `source = matrix @ (row, col, 1)`. Rotation, shift, shear and
        zoom apply in this order, about the middle, which is `(rows / 2 + 0.5, cols / 2 + 0.5)` as
        in keras_preprocessing.
    """

    def column(name, default=0.0):
        return np.array([p.get(name, default) for p in parameters], "float64")

    theta, shear = np.deg2rad(column("theta")), np.deg2rad(column("shear"))
    zx, zy = column("zx", 1.0), column("zy", 1.0)
    cos, sin = np.cos(theta), np.sin(theta)
    matrices = np.empty((len(parameters), 2, 3))
    matrices[:, 0, 0] = cos * zx
    matrices[:, 1, 0] = sin * zx
    matrices[:, 0, 1] = (-cos * np.sin(shear) - sin * np.cos(shear)) * zy
    matrices[:, 1, 1] = (-sin * np.sin(shear) + cos * np.cos(shear)) * zy
    tx, ty = column("tx"), column("ty")
    matrices[:, 0, 2] = cos * tx - sin * ty
    matrices[:, 1, 2] = sin * tx + cos * ty
    middle = np.array([rows / 2 + 0.5, cols / 2 + 0.5])
    matrices[:, :, 2] += middle - matrices[:, :, :2] @ middle
    return matrices


def is_affine(parameters):
    """Whether a dictionary of parameters moves pixels (flips aside)."""
    get = parameters.get
    is_moved = get("theta") or get("tx") or get("ty") or get("shear")
    return bool(is_moved) or get("zx", 1) != 1 or get("zy", 1) != 1


def apply_affine_transform(
    x,
    theta=0,
    tx=0,
    ty=0,
    shear=0,
    zx=1,
    zy=1,
    row_axis=0,
    col_axis=1,
    channel_axis=2,
    fill_mode="nearest",
    cval=0.0,
    order=1,
):
    """Rotates, shifts, shears and zooms an image, in this order, about its middle.

    Args:
        x: Array of rank 3.
        theta: Rotation in degrees.
        tx: Shift along the rows' axis, in pixels.
        ty: Shift along the columns' axis, in pixels.
        shear: Angle in degrees.
        zx: Zoom along the rows' axis; 0.5 doubles the size of what is seen.
        zy: Zoom along the columns' axis.
        row_axis: Integer, axis of the rows.
        col_axis: Integer, axis of the columns.
        channel_axis: Integer, axis of the channels.
        fill_mode: What lies outside the image: `'nearest'`, `'constant'`, `'reflect'`, `'wrap'`.
        cval: Float, the value outside for `'constant'`.
        order: Integer 0 to 5, order of the spline that interpolates.

    Returns:
        Array of the same shape and dtype; `x` itself if there is nothing to do.

    Raises:
        ValueError: for an unknown `fill_mode`.

    Source: keras_preprocessing 1.1.2, on SciPy's `affine_transform`.
    """
    parameters = {"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy}
    if not is_affine(parameters):
        return x
    (matrix,) = affine_matrices([parameters], x.shape[row_axis], x.shape[col_axis])
    return _warped(x, matrix, channel_axis, fill_mode, cval, order)


def _warped(x, matrix, channel_axis, fill_mode, cval, order):
    from scipy import ndimage

    check_fill_mode(fill_mode)
    if x.dtype == np.float16:  # which SciPy does not know
        return _warped(x.astype("float32"), matrix, channel_axis, fill_mode, cval, order).astype(
            x.dtype
        )
    channels = [
        ndimage.affine_transform(
            channel, matrix[:, :2], matrix[:, 2], order=order, mode=fill_mode, cval=cval
        )
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.stack(channels, axis=channel_axis)


def check_fill_mode(fill_mode):
    """Raises a ValueError unless `fill_mode` is one of the four."""
    if fill_mode not in FILL_MODES:
        raise ValueError(f"fill_mode={fill_mode!r} is unknown. Expected one of {FILL_MODES}.")


def random_rotation(
    x,
    rg,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    interpolation_order=1,
):
    """Rotates an image by a random angle, about its middle.

    Args:
        x: Array of rank 3, channels first unless the axes say otherwise.
        rg: Number, largest angle in degrees.
        row_axis, col_axis, channel_axis: Integers, the axes of `x`.
        fill_mode, cval, interpolation_order: See `apply_affine_transform`.

    Returns:
        A new array of the same shape.

    Source: keras_preprocessing 1.1.2; where the channels come first it took the wrong axes for the
    middle of rotations, shears and zooms, and tf.keras the right ones, as here.
    """
    theta = uniform(-rg, rg)
    return apply_affine_transform(
        x,
        theta=theta,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_shift(
    x,
    wrg,
    hrg,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    interpolation_order=1,
):
    """Shifts an image by random distances.

    Args:
        x: Array of rank 3, channels first unless the axes say otherwise.
        wrg: Float, largest shift as a share of the width.
        hrg: Float, largest shift as a share of the height.
        row_axis, col_axis, channel_axis: Integers, the axes of `x`.
        fill_mode, cval, interpolation_order: See `apply_affine_transform`.

    Returns:
        A new array of the same shape.
    """
    tx = uniform(-hrg, hrg) * x.shape[row_axis]
    ty = uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(
        x,
        tx=tx,
        ty=ty,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_shear(
    x,
    intensity,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    interpolation_order=1,
):
    """Shears an image by a random angle.

    Args:
        x: Array of rank 3, channels first unless the axes say otherwise.
        intensity: Number, largest angle in degrees.
        row_axis, col_axis, channel_axis: Integers, the axes of `x`.
        fill_mode, cval, interpolation_order: See `apply_affine_transform`.

    Returns:
        A new array of the same shape.
    """
    shear = uniform(-intensity, intensity)
    return apply_affine_transform(
        x,
        shear=shear,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_zoom(
    x,
    zoom_range,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    interpolation_order=1,
):
    """Zooms an image by two random factors, one for each axis.

    Args:
        x: Array of rank 3, channels first unless the axes say otherwise.
        zoom_range: Pair of floats, smallest and largest factor; below 1 enlarges what is seen.
        row_axis, col_axis, channel_axis: Integers, the axes of `x`.
        fill_mode, cval, interpolation_order: See `apply_affine_transform`.

    Returns:
        A new array of the same shape.

    Raises:
        ValueError: if `zoom_range` is not a pair.
    """
    low, high = pair_of("zoom_range", zoom_range)
    zx, zy = (1, 1) if low == 1 and high == 1 else (uniform(low, high), uniform(low, high))
    return apply_affine_transform(
        x,
        zx=zx,
        zy=zy,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def pair_of(name, value):
    """Returns a pair of numbers.

    Raises:
        ValueError: naming the argument, if it is not one.
    """
    if not hasattr(value, "__len__") or isinstance(value, str) or len(value) != 2:
        raise ValueError(f"`{name}` should be a tuple or list of two floats. Received: {value}")
    return value


def apply_channel_shift(x, intensity, channel_axis=0):
    """Adds a number to all channels and cuts off at the image's smallest and largest value.

    Args:
        x: Array of rank 3.
        intensity: Number to add.
        channel_axis: Integer; all channels get the same, so it has no effect. Kept from Keras.

    Returns:
        A new array.
    """
    return np.clip(x + intensity, x.min(), x.max())


def random_channel_shift(x, intensity_range=None, channel_axis=0, intensity=None):
    """Shifts the values of all channels by a random number.

    Args:
        x: Array of rank 3.
        intensity_range: Number, the largest shift.
        channel_axis: Integer; see `apply_channel_shift`.
        intensity: Older name of `intensity_range`.

    Returns:
        A new array.
    """
    largest = intensity if intensity_range is None else intensity_range
    if largest is None:
        raise TypeError("random_channel_shift needs `intensity_range`, the largest shift.")
    return apply_channel_shift(x, uniform(-largest, largest), channel_axis)


def apply_brightness_shift(x, brightness, scale=True, data_format=None):
    """Changes the brightness of an image.

    Args:
        x: Array of rank 3. Values are rounded to 8 bits.
        brightness: Float factor: 0 is black, 1 changes nothing.
        scale: Bool; whether values are stretched to 0..255 first, as Keras 2.3.1 always does.
        data_format: Layout of `x`; None means `K.image_data_format()`.

    Returns:
        A new array with values from 0 to 255.
    """
    from PIL import ImageEnhance

    image = array_to_img(x, data_format, scale=scale)
    return img_to_array(ImageEnhance.Brightness(image).enhance(brightness), data_format)


def random_brightness(x, brightness_range, scale=True):
    """Changes the brightness of an image by a random factor.

    Args:
        x: Array of rank 3.
        brightness_range: Pair of floats, smallest and largest factor.
        scale: See `apply_brightness_shift`.

    Returns:
        A new array with values from 0 to 255.

    Raises:
        ValueError: if `brightness_range` is not a pair.
    """
    low, high = pair_of("brightness_range", brightness_range)
    return apply_brightness_shift(x, uniform(low, high), scale)


def flip_axis(x, axis):
    """Returns a view of an array with one axis reversed."""
    return np.flip(np.asarray(x), axis)


def transform_matrix_offset_center(matrix, x, y):
    """Makes a transform about the corner one about the middle of an image.

    Args:
        matrix: Array `(3, 3)`.
        x: Integer, height in pixels.
        y: Integer, width in pixels.

    Returns:
        Array `(3, 3)`.
    """
    to_middle, back = np.eye(3), np.eye(3)
    to_middle[:2, 2] = x / 2 + 0.5, y / 2 + 0.5
    back[:2, 2] = -to_middle[:2, 2]
    return to_middle @ matrix @ back


def apply_transform(x, transform_matrix, channel_axis=0, fill_mode="nearest", cval=0.0):
    """Transforms an image by a matrix, as Keras until 2.1.6 did.

    Args:
        x: Array of rank 3.
        transform_matrix: Array `(3, 3)`: `source = matrix @ (row, col, 1)`.
        channel_axis: Integer.
        fill_mode, cval: See `apply_affine_transform`.

    Returns:
        A new array of the same shape, interpolated bilinearly (Keras 2.1.6: not at all).
    """
    return _warped(x, np.asarray(transform_matrix)[:2], channel_axis, fill_mode, cval, order=1)


def transformed(x, parameters, data_format, fill_mode, cval, order):
    """Applies drawn parameters to one image.

    Args:
        x: Array of rank 3.
        parameters: Dictionary of those of `apply_affine_transform`, and of
            `channel_shift_intensity`, `flip_horizontal`, `flip_vertical`, `brightness`.
        data_format, fill_mode, cval, order: Of the image, and how to fill and interpolate.

    Returns:
        Array of the same shape.
    """
    axes = AXES[data_format]
    names = ("theta", "tx", "ty", "shear", "zx", "zy")
    x = apply_affine_transform(
        x,
        **{name: parameters[name] for name in names if name in parameters},
        row_axis=axes.row,
        col_axis=axes.col,
        channel_axis=axes.channel,
        fill_mode=fill_mode,
        cval=cval,
        order=order,
    )
    if parameters.get("channel_shift_intensity") is not None:
        x = apply_channel_shift(x, parameters["channel_shift_intensity"])
    if parameters.get("flip_horizontal"):
        x = np.flip(x, axes.col)
    if parameters.get("flip_vertical"):
        x = np.flip(x, axes.row)
    if parameters.get("brightness") is not None:
        x = apply_brightness_shift(x, parameters["brightness"], data_format=data_format)
    return x


def transformed_batch(x, parameters, data_format, fill_mode, cval):
    """Applies drawn parameters to a batch, with `order=1`; equals `transformed` image by image.

    Args:
        x: float32 or float16 array `(n, ...)`; may be written to.
        parameters: List of `n` dictionaries.
        data_format, fill_mode, cval: Of the images, and how to fill.

    Returns:
        Array of the same shape.
    """
    axes = AXES[data_format]
    rows, cols = x.shape[axes.row + 1], x.shape[axes.col + 1]
    if any(map(is_affine, parameters)):
        from hornbeam.kernels.warping import warp

        check_fill_mode(fill_mode)
        matrices = affine_matrices(parameters, rows, cols)
        _flip(matrices, _flags(parameters, "flip_vertical"), axis=0, size=rows)
        _flip(matrices, _flags(parameters, "flip_horizontal"), axis=1, size=cols)
        images = np.moveaxis(x, axes.channel + 1, -1)
        warp(images, matrices, fill_mode, cval, out=images)  # fresh memory would cost as much
    else:
        for name, axis in (("flip_vertical", axes.row), ("flip_horizontal", axes.col)):
            flipped = _flags(parameters, name)
            x[flipped] = np.flip(x[flipped], axis + 1)
    for image, chosen in zip(x, parameters):
        rest = {name: chosen[name] for name in _BY_IMAGE if chosen.get(name) is not None}
        if rest:
            image[...] = transformed(image, rest, data_format, fill_mode, cval, order=1)
    return x


_BY_IMAGE = ("channel_shift_intensity", "brightness")


def _flags(parameters, name):
    return np.array([bool(chosen.get(name)) for chosen in parameters])


def _flip(matrices, flipped, axis, size):
    """Lets the matrices of some images read one axis backwards: pixel `i` from `size - 1 - i`."""
    matrices[flipped, :, 2] += matrices[flipped, :, axis] * (size - 1)
    matrices[flipped, :, axis] *= -1
