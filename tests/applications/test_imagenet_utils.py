"""Preprocessing, decoding, and the checks of input shapes."""

import hashlib
import json

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.applications import imagenet_utils
from hornbeam.applications.imagenet_utils import (
    _obtain_input_shape,
    decode_predictions,
    preprocess_input,
)
from hornbeam.applications.modules import get_submodules_from_kwargs, set_keras_submodules
from hornbeam.models import Sequential

# ---- preprocessing: the values are compared with the originals in tests/parity


def test_a_float_array_is_changed_in_place_and_integers_are_not():
    floats, integers = np.ones((1, 2, 2, 3), "float32"), np.ones((1, 2, 2, 3), "uint8")
    assert np.shares_memory(preprocess_input(floats, mode="tf"), floats)
    assert preprocess_input(integers, mode="tf").dtype == "float32"
    assert integers.max() == 1


def test_caffe_mode_turns_colors_round_and_subtracts_the_mean():
    image = np.array([[[255, 0, 10]]])  # red 255, green 0, blue 10
    expected = np.array([[[10 - 103.939, 0 - 116.779, 255 - 123.68]]])
    np.testing.assert_allclose(preprocess_input(image, mode="caffe"), expected, rtol=1e-6)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_tensors_and_lists_give_what_arrays_give(mode, data_format):
    shape = (3, 2, 4) if data_format == "channels_first" else (2, 4, 3)
    images = np.random.randint(0, 256, (5, *shape))
    expected = preprocess_input(images, data_format, mode)
    x = K.placeholder((None, *shape))
    y = preprocess_input(x, data_format, mode)
    assert y.shape == (None, *shape)
    found = K.function([x], [y])([images.astype("float32")])[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(preprocess_input(images.tolist(), data_format, mode), expected)
    wide = K.placeholder((None, *shape), dtype="int32")
    found = K.function([wide], [preprocess_input(wide, data_format, mode)])([images])[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_wrong_modes_layouts_and_channels_are_named():
    images = np.zeros((1, 4, 4, 3))
    with pytest.raises(ValueError, match="'caffe', 'tf' or 'torch'"):
        preprocess_input(images, mode="Caffe")
    with pytest.raises(ValueError, match="Unknown data_format channels"):
        preprocess_input(images, "channels")
    with pytest.raises(ValueError, match="3 channels on axis 3"):
        preprocess_input(np.zeros((1, 4, 4, 1)))


# ---- predictions into words


@pytest.fixture
def class_index(monkeypatch, tmp_path):
    """A file of names in the cache, and its hash in place of the published one's."""
    names = {str(index): [f"n{index:08}", f"thing_{index}"] for index in range(1000)}
    text = json.dumps(names).encode()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "imagenet_class_index.json").write_bytes(text)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX", None)
    monkeypatch.setattr(imagenet_utils, "_CLASS_INDEX_HASH", hashlib.md5(text).hexdigest())


def test_the_best_classes_are_named_best_first(class_index):
    scores = np.zeros((2, 1000), "float32")
    scores[0, [7, 3, 999]] = 0.5, 0.3, 0.2
    scores[1, 4] = 1.0
    first, second = decode_predictions(scores, top=3)
    assert [row[:2] for row in first] == [
        ("n00000007", "thing_7"),
        ("n00000003", "thing_3"),
        ("n00000999", "thing_999"),
    ]
    assert first[0][2] == np.float32(0.5) and second[0][1] == "thing_4"
    assert len(decode_predictions(scores)[0]) == 5


def test_predictions_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"2D array of shape \(samples, 1000\).*\(2, 10\)"):
        decode_predictions(np.zeros((2, 10)))


# ---- shapes


@pytest.mark.parametrize(
    ("given", "flatten", "weights", "expected"),
    [
        (None, True, None, (224, 224, 3)),
        (None, False, None, (None, None, 3)),
        ((100, 50, 3), False, "imagenet", (100, 50, 3)),
        ([64, 64, 1], True, None, (64, 64, 1)),
        ((224, 224, 3), True, "imagenet", (224, 224, 3)),
    ],
)
def test_shapes_that_fit(given, flatten, weights, expected):
    assert _obtain_input_shape(given, 224, 32, "channels_last", flatten, weights) == expected
    if weights is None and expected[0] == 224:
        found = _obtain_input_shape(given, 224, 32, "channels_first", flatten, weights)
        assert found == (3, 224, 224)


@pytest.mark.parametrize(
    ("given", "flatten", "weights", "words"),
    [
        ((31, 64, 3), False, None, "at least 32x32"),
        ((64, 64), False, None, "tuple of three integers"),
        ((64, 64, 1), False, "imagenet", "must have 3 channels"),
        ((64, 64, 3), True, "imagenet", r"`input_shape` should be \(224, 224, 3\)"),
        ((None, None, 3), True, None, "static `input_shape`"),
    ],
)
def test_shapes_that_do_not_fit(given, flatten, weights, words):
    with pytest.raises(ValueError, match=words):
        _obtain_input_shape(given, 224, 32, "channels_last", flatten, weights)


def test_other_channels_are_warned_of():
    with pytest.warns(UserWarning, match="1 or 3 input channels"):
        shape = _obtain_input_shape((64, 64, 4), 224, 32, "channels_last", False, None)
    assert shape == (64, 64, 4)


def test_older_names_of_its_arguments_are_understood():
    shape = _obtain_input_shape(None, 224, 48, dim_ordering="th", include_top=True)
    assert shape == (3, 224, 224)


# ---- modules handed in


def test_hornbeams_modules_are_taken_and_others_refused():
    from hornbeam import backend, layers, models, utils

    own = {"backend": backend, "layers": layers, "models": models, "utils": utils}
    assert get_submodules_from_kwargs(own) == (backend, layers, models, utils)
    assert get_submodules_from_kwargs({"layers": None}) == (backend, layers, models, utils)
    set_keras_submodules(backend, layers, models, utils, engine=None)
    with pytest.raises(TypeError, match="Invalid keyword argument: 'layer'"):
        get_submodules_from_kwargs({"layer": layers})
    with pytest.raises(ValueError, match="layers=<module 'json'.*leave the argument out"):
        set_keras_submodules(layers=json)


def test_preprocessing_works_inside_a_model():
    from hornbeam.layers import Lambda

    model = Sequential([Lambda(lambda x: preprocess_input(x, mode="torch"), input_shape=(2, 2, 3))])
    images = np.random.randint(0, 256, (3, 2, 2, 3)).astype("float32")
    found = model.predict(images)
    np.testing.assert_allclose(found, preprocess_input(images, mode="torch"), rtol=1e-5, atol=1e-5)
