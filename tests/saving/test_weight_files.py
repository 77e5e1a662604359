"""Files of weights in the layouts of Keras 3 and safetensors, and `hornbeam convert`."""

import builtins
import os

import h5py
import numpy as np
import pytest

from hornbeam import cli, layers, models
from hornbeam.saving import ModelFileError, keras3_weights


def model(units=4):
    inputs = layers.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both")(inputs)
    x = layers.TimeDistributed(layers.Dense(units), name="each")(x)
    x = layers.BatchNormalization(name="norm")(x)
    return models.Model(inputs, layers.GRU(2, reset_after=True, name="last")(x))


def same(first, second):
    for a, b in zip(first.get_weights(), second.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5", "w.safetensors"])
def test_weights_come_back(name, tmp_path):
    first, second = model(), model()
    first.save_weights(tmp_path / name)
    second.load_weights(tmp_path / name)
    same(first, second)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_weights_h5_file_is_read_by_keras_2_and_keras_3_alike(tmp_path):
    model().save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5") as file:
        assert list(file.attrs["layer_names"])[1:] == [b"both", b"each", b"norm", b"last"]
        place = file["layers/bidirectional/forward_layer/cell/vars"]
        assert [place[str(n)].shape for n in range(3)] == [(3, 8), (2, 8), (8,)]
        assert file["layers/gru/cell/vars/0"] == file["last/last/kernel:0"]  # the same bytes


def test_layers_are_counted_as_keras_3_counts_them():
    inputs = layers.Input((4, 4, 1))
    x = layers.Conv2DTranspose(2, 2)(layers.Conv2D(2, 2)(layers.Conv2D(1, 1)(inputs)))
    inner = models.Sequential([layers.Dense(2, input_shape=(2,)), layers.PReLU()])
    stack = models.Model(inputs, inner(layers.GlobalAveragePooling2D()(x)))
    found = [place.path for place in keras3_weights.places(stack) if place.variables]
    assert found == [
        "layers/conv2d",
        "layers/conv2d_1",
        "layers/conv2d_transpose",
        "layers/sequential/layers/dense",
        "layers/sequential/layers/p_re_lu",
    ]


@pytest.fixture(params=["keras3", "safetensors"])
def saved(request, tmp_path):
    """A model, and a file of its weights that is not Keras 2's."""
    source = model()
    path = tmp_path / ("w.h5" if request.param == "keras3" else "w.safetensors")
    if request.param == "keras3":
        with h5py.File(path, "w") as file:
            keras3_weights.write(file, source)
    else:
        source.save_weights(path)
    return source, path


def test_no_weight_changes_where_one_does_not_fit(saved):
    other = model(units=5)
    before = other.get_weights()
    with pytest.raises(ValueError, match="each"):
        other.load_weights(saved[1])
    for a, b in zip(before, other.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_layers_are_found_by_name(saved):
    source, path = saved
    inputs = layers.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both")(inputs)
    x = layers.TimeDistributed(layers.Dense(7), name="each")(x)
    other = models.Model(inputs, layers.Dense(2, name="new")(x))
    new = other.get_layer("new").get_weights()
    with pytest.raises(ValueError, match="each"):
        other.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="Skipping loading of weights for layer .*each"):
        other.load_weights(path, by_name=True, skip_mismatch=True)
    same(source.get_layer("both"), other.get_layer("both"))
    np.testing.assert_array_equal(other.get_layer("new").get_weights()[0], new[0])
    with pytest.raises(ValueError, match="skip_mismatch can only be set"):
        other.load_weights(path, skip_mismatch=True)


def test_safetensors_are_named_by_layer_and_weight(tmp_path):
    from safetensors.numpy import load_file

    source = model()
    source.save_weights(tmp_path / "w.safetensors")
    found = load_file(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(found["norm/gamma"], source.get_layer("norm").get_weights()[0])
    assert sum(name.startswith("both/forward_") for name in found) == 3
    assert len(found) == len(source.weights)


def test_a_damaged_safetensors_file_is_one_error(tmp_path):
    source = model()
    source.save_weights(tmp_path / "w.safetensors")
    content = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(content[:-50])
    with pytest.raises(ModelFileError, match="damaged"):
        source.load_weights(tmp_path / "w.safetensors")


def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("safetensors"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"pip install hornbeam\[safetensors\]"):
        model().save_weights(tmp_path / "w.safetensors")
    assert not os.listdir(tmp_path)


# ---- convert


@pytest.fixture
def trained(tmp_path):
    source = models.Sequential([layers.Dense(3, input_shape=(2,), name="d")])
    source.compile("adam", "mse")
    x, y = np.ones((4, 2), "float32"), np.ones((4, 3), "float32")
    source.fit(x, y, verbose=0)
    source.save(tmp_path / "a.h5")
    return source


def convert(*arguments):
    return cli.main(["convert", *map(str, arguments)])


def test_convert_keeps_weights_and_training(trained, tmp_path):
    assert convert(tmp_path / "a.h5", tmp_path / "b.keras") == 0
    assert convert(tmp_path / "b.keras", tmp_path / "c.h5") == 0
    found = models.load_model(tmp_path / "c.h5")
    same(trained, found)
    for a, b in zip(trained.optimizer.get_weights(), found.optimizer.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_convert_to_weights_and_structures(trained, tmp_path):
    for name in ("w.weights.h5", "w.safetensors"):
        assert convert(tmp_path / "a.h5", tmp_path / name) == 0
        other = models.Sequential([layers.Dense(3, input_shape=(2,), name="d")])
        other.load_weights(tmp_path / name)
        same(trained, other)
    assert convert(tmp_path / "a.h5", tmp_path / "s.json") == 0
    assert convert(tmp_path / "s.json", tmp_path / "s.yaml") == 0
    read = models.model_from_yaml((tmp_path / "s.yaml").read_text())
    assert read.get_config() == trained.get_config()


def test_convert_replaces_only_when_told(trained, tmp_path, capsys):
    (tmp_path / "b.keras").write_text("precious")
    assert convert(tmp_path / "a.h5", tmp_path / "b.keras") == 1
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "b.keras").read_text() == "precious"
    assert convert("--force", tmp_path / "a.h5", tmp_path / "b.keras") == 0
    same(trained, models.load_model(tmp_path / "b.keras"))


@pytest.mark.parametrize(
    ("source", "target", "status", "words"),
    [
        ("none.h5", "b.keras", 1, "no file"),
        ("a.h5", "b.onnx", 1, "does not end in a format"),
        ("a.h5", "a.h5", 1, "same file"),
        ("w.safetensors", "b.keras", 1, "weights alone"),
        ("s.json", "b.keras", 1, "without weights"),
        ("junk.h5", "b.keras", 1, "neither a model nor"),
        ("a.h5", "--wrong", 2, "knows no option '--wrong'"),
    ],
)
def test_convert_says_what_cannot_be(source, target, status, words, trained, tmp_path, capsys):
    trained.save_weights(tmp_path / "w.safetensors")
    (tmp_path / "s.json").write_text(trained.to_json())
    (tmp_path / "junk.h5").write_bytes(b"\x82\x00junk")
    place = target if target.startswith("-") else tmp_path / target
    assert convert(tmp_path / source, place) == status
    assert words in capsys.readouterr().err
    assert not (tmp_path / "b.keras").exists()


def test_convert_needs_two_files(capsys):
    assert convert("only.h5") == 2
    assert "two files" in capsys.readouterr().err
