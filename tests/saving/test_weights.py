"""`save_weights` and `load_weights`: by order, by name, and all or nothing."""

import h5py
import numpy as np
import pytest

from hornbeam.layers import Conv2D, Dense, Flatten
from hornbeam.models import Sequential
from hornbeam.saving import ModelFileError
from hornbeam.saving.weights import unique_names


def model(units=2, names=("first", "second"), bias=True):
    return Sequential(
        [
            Dense(3, input_shape=(4,), name=names[0], use_bias=bias),
            Dense(units, name=names[1]),
        ]
    )


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights()))


@pytest.fixture
def file(tmp_path):
    source = model()
    source.save_weights(tmp_path / "w.h5")
    return source, tmp_path / "w.h5"


def test_by_order(file):
    source, path = file
    target = model(names=("a", "b"))
    target.load_weights(path)
    assert same(source, target)


def test_by_name(file):
    source, path = file
    target = model(names=("other", "second"))
    before = target.get_weights()
    target.load_weights(path, by_name=True)
    np.testing.assert_array_equal(target.get_weights()[0], before[0])
    np.testing.assert_array_equal(target.get_weights()[2], source.get_weights()[2])


def test_from_a_file_of_a_whole_model(tmp_path):
    source, target = model(), model()
    source.compile("sgd", "mse")
    source.save(tmp_path / "m.h5")
    target.load_weights(tmp_path / "m.h5")
    assert same(source, target)


def test_to_and_from_a_group(tmp_path):
    source, target = model(), model()
    with h5py.File(tmp_path / "w.h5", "w") as group:
        source.save_weights(group)
        target.load_weights(group)
    assert same(source, target)


@pytest.mark.parametrize(
    "target, arguments, message",
    [
        (
            lambda: Sequential([Dense(3, input_shape=(4,))]),
            {},
            "weight file containing 2 layers into a model with 1 layers",
        ),
        (
            lambda: model(bias=False),
            {},
            'Layer #0 .named "first" in the current model. was found to correspond to layer '
            "first in the save file. However the new layer first expects 1 weights, but the saved "
            "weights have 2 elements.",
        ),
        (lambda: model(5), {}, r"has shape \(3, 5\), but the saved weight has shape \(3, 2\)"),
        (lambda: model(5), {"by_name": True}, r"has shape \(3, 5\), but the saved weight"),
        (
            lambda: model(bias=False),
            {"by_name": True},
            r"expects 1 weight\(s\), but the saved weights have 2 element\(s\)",
        ),
        (model, {"skip_mismatch": True}, "only be set to True when by_name"),
        (lambda: Sequential([Dense(3)]), {}, "has not created its variables yet"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(target, arguments, message, file):
    target = target()
    before = target.get_weights()
    with pytest.raises(ValueError, match=message):
        target.load_weights(file[1], **arguments)
    assert all(np.array_equal(a, b) for a, b in zip(before, target.get_weights()))


def test_what_does_not_fit_can_be_skipped(file):
    source, path = file
    target = model(5)
    before = target.get_weights()
    with pytest.warns(UserWarning, match="due to mismatch in shape") as warned:
        target.load_weights(path, by_name=True, skip_mismatch=True)
    assert [str(w.message) for w in warned] == [
        f"Skipping loading of weights for layer second due to mismatch in shape ({a} vs {b})."
        for a, b in (((3, 5), (3, 2)), ((5,), (2,)))
    ]
    np.testing.assert_array_equal(target.get_weights()[0], source.get_weights()[0])
    np.testing.assert_array_equal(target.get_weights()[2], before[2])
    with pytest.warns(UserWarning, match=r"mismatch in number of weights \(1 vs 2\)"):
        model(bias=False).load_weights(path, by_name=True, skip_mismatch=True)


def test_reshaping(tmp_path):
    source = Sequential([Dense(6, input_shape=(4,), use_bias=False)])
    target = Sequential([Dense(4, input_shape=(6,), use_bias=False)])
    source.save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="has shape"):
        target.load_weights(tmp_path / "w.h5")
    target.load_weights(tmp_path / "w.h5", reshape=True)
    np.testing.assert_array_equal(target.get_weights()[0].ravel(), source.get_weights()[0].ravel())


def test_damage_in_the_last_layer_leaves_the_first_as_it_was(file):
    _, path = file
    with h5py.File(path, "r+") as group:
        del group["second/second/bias:0"]
    target = model()
    before = target.get_weights()
    with pytest.raises(ModelFileError, match="lacks 'bias:0'"):
        target.load_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(before, target.get_weights()))


def test_mirrored_kernels_of_another_backend_are_turned(tmp_path):
    pictures = Sequential([Conv2D(1, 2, input_shape=(4, 4, 1)), Flatten()])
    kernel = pictures.get_weights()[0]
    pictures.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5", "r+") as group:
        group.attrs["backend"] = b"theano"
    pictures.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(pictures.get_weights()[0], kernel[::-1, ::-1])


def test_names_that_come_again_get_a_number():
    assert unique_names(["a:0", "b:0", "a:0", "a:0"]) == ["a:0", "b:0", "a:0_1", "a:0_2"]


def test_a_layer_used_twice_inside_a_model_is_saved_once(tmp_path):
    inner = model(names=("x", "y"))
    outer = Sequential([inner, Dense(1)])
    outer.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as group:
        names = [name.decode() for name in group[inner.name].attrs["weight_names"]]
    assert names == ["x/kernel:0", "x/bias:0", "y/kernel:0", "y/bias:0"]
