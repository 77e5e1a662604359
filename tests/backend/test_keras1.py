"""`K` as Keras 1 knew it: old names and arguments give what the new ones give."""

import inspect

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.backend.keras1 import RENAMES

IMAGE = np.random.RandomState(0).rand(2, 6, 5, 3).astype("float32")
FIRST = IMAGE.transpose(0, 3, 1, 2)
KERNEL = np.random.RandomState(1).rand(3, 3, 3, 4).astype("float32")

PAIRS = {
    "conv2d": (
        lambda: K.conv2d(
            FIRST, KERNEL, border_mode="same", dim_ordering="th", image_shape=(2, 3, 6, 5),
            filter_dilation=(1, 1),
        ),
        lambda: K.conv2d(FIRST, KERNEL, padding="same", data_format="channels_first"),
    ),
    "atrous_conv2d": (
        lambda: K.atrous_conv2d(IMAGE, KERNEL, rate=2, dim_ordering="tf"),
        lambda: K.conv2d(IMAGE, KERNEL, dilation_rate=(2, 2)),
    ),
    "deconv2d": (
        lambda: K.deconv2d(
            IMAGE, KERNEL.transpose(0, 1, 3, 2), (2, 8, 7, 4), border_mode="valid",
            dim_ordering="tf",
        ),
        lambda: K.conv2d_transpose(IMAGE, KERNEL.transpose(0, 1, 3, 2), (2, 8, 7, 4)),
    ),
    "pool2d": (
        lambda: K.pool2d(FIRST, (2, 2), (1, 1), border_mode="same", dim_ordering="th"),
        lambda: K.pool2d(FIRST, (2, 2), (1, 1), "same", "channels_first"),
    ),
    "pool2d by position": (
        lambda: K.pool2d(FIRST, (2, 2), (1, 1), "same", "th"),
        lambda: K.pool2d(FIRST, (2, 2), (1, 1), "same", "channels_first"),
    ),
    "resize_images": (
        lambda: K.resize_images(IMAGE, 2, 3, "tf"),
        lambda: K.resize_images(IMAGE, 2, 3, "channels_last"),
    ),
    "default": (
        lambda: K.resize_images(X=IMAGE, height_factor=2, width_factor=3, dim_ordering="default"),
        lambda: K.resize_images(IMAGE, 2, 3, "channels_last"),
    ),
    "asymmetric_spatial_2d_padding": (
        lambda: K.asymmetric_spatial_2d_padding(FIRST, 1, 2, 0, 3, dim_ordering="th"),
        lambda: K.spatial_2d_padding(FIRST, ((1, 2), (0, 3)), "channels_first"),
    ),
    "asymmetric_temporal_padding": (
        lambda: K.asymmetric_temporal_padding(IMAGE[0], 2, 0),
        lambda: K.temporal_padding(IMAGE[0], (2, 0)),
    ),
    "expand_dims": (lambda: K.expand_dims(IMAGE, dim=1), lambda: K.expand_dims(IMAGE, 1)),
    "one_hot": (
        lambda: K.one_hot(np.array([0, 2]), nb_classes=3), lambda: K.one_hot(np.array([0, 2]), 3)
    ),
    "random_uniform": (
        lambda: K.random_uniform((2, 3), low=1.0, high=2.0, seed=3),
        lambda: K.random_uniform((2, 3), 1.0, 2.0, seed=3),
    ),
    "lesser": (lambda: K.lesser(IMAGE, 0.5), lambda: K.less(IMAGE, 0.5)),
    "lesser_equal": (lambda: K.lesser_equal(IMAGE, 0.5), lambda: K.less_equal(IMAGE, 0.5)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_old_form_gives_the_same(name):
    old, new = (K.eval(make()) for make in PAIRS[name])
    np.testing.assert_array_equal(old, new)


def test_symbolic_tensors_are_taken_too():
    x = K.placeholder((None, 3, 6, 5))
    y = K.conv2d(x, K.variable(KERNEL), border_mode="same", dim_ordering="th")
    assert K.int_shape(y) == (None, 4, 6, 5)


def test_both_names_together_are_refused():
    with pytest.raises(TypeError, match="legacy keyword argument `dim`"):
        K.expand_dims(IMAGE, dim=1, axis=1)
    with pytest.raises(ValueError, match="dim_ordering='x'. Expected one of"):
        K.pool2d(IMAGE, (2, 2), dim_ordering="x")


@pytest.mark.parametrize("name", RENAMES)
def test_new_arguments_exist_and_signatures_stay(name):
    parameters = inspect.signature(getattr(K, name)).parameters
    assert set(RENAMES[name].values()) - {None} <= set(parameters)
    assert set(RENAMES[name]).isdisjoint(parameters)


def test_the_backend_by_its_name_of_keras_1():
    assert K._BACKEND == K.backend() == "tensorflow"
