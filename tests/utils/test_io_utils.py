"""Data and structures in HDF5 files."""

import io

import h5py
import numpy as np
import pytest

from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.utils import H5Dict, HDF5Matrix
from hornbeam.utils.io_utils import (
    ask_to_proceed_with_overwrite,
    load_from_binary_h5py,
    save_to_binary_h5py,
)


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "data.h5")
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(40, dtype="float32").reshape(10, 4)
        file["y"] = np.arange(10, dtype="float32")
    yield path
    HDF5Matrix.refs.pop(path).close() if path in HDF5Matrix.refs else None


def test_matrix_reads_samples(path):
    all_x = np.arange(40, dtype="float32").reshape(10, 4)
    x = HDF5Matrix(path, "x", start=2, end=8)
    assert (len(x), x.shape, x.dtype, x.ndim, x.size) == (6, (6, 4), np.float32, 2, 24)
    np.testing.assert_array_equal(x[0], all_x[2])
    np.testing.assert_array_equal(x[1:3], all_x[3:5])
    np.testing.assert_array_equal(x[:], all_x[2:8])
    np.testing.assert_array_equal(x[-2:], all_x[6:8])
    np.testing.assert_array_equal(x[[0, 2]], all_x[[2, 4]])
    np.testing.assert_array_equal(x[np.array([1, 5])], all_x[[3, 7]])


@pytest.mark.parametrize("key", [6, slice(0, 7), [0, 6], np.array([6])])
def test_matrix_ends_where_it_should(key, path):
    with pytest.raises(IndexError, match="there are 6 samples"):
        HDF5Matrix(path, "x", 2, 8)[key]


def test_matrix_normalizes_what_it_reads(path):
    x = HDF5Matrix(path, "x", normalizer=lambda x: x[:, :2].astype("float64") / 2)
    assert x.shape == (10, 2) and x.dtype == np.float64
    np.testing.assert_array_equal(x[1:3], [[2, 2.5], [4, 4.5]])


def test_models_train_on_matrices(path):
    x, y = HDF5Matrix(path, "x", 0, 8), HDF5Matrix(path, "y", 0, 8)
    model = Sequential([Dense(1, input_shape=(4,))])
    model.compile("sgd", "mse")
    with h5py.File(path, "r") as file:
        expected = model.predict(file["x"][:8])
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5)
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle="batch", verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("kind", ["file", "group", "dict"])
def test_dict_keeps_what_it_is_given(kind, tmp_path):
    place = {} if kind == "dict" else str(tmp_path / "d.h5")
    names = [f"layer_{i:05d}" * 10 for i in range(1000)]          # more than one attribute holds
    if kind == "group":
        place = h5py.File(place, "w").create_group("inner")
    with H5Dict(place, mode="w" if kind == "file" else "a") as d:
        d["array"] = np.arange(6.0).reshape(2, 3)
        d["scalar"] = np.float32(2)
        d["text"] = b"words"
        d["names"] = ["a", "b"]
        d["long"] = names
        d["inside"]["number"] = 3
        assert "array" in d and "inside" in d and "nothing" not in d
        assert d.get("nothing", 7) == 7
    with H5Dict(place, mode="r" if kind == "file" else "a") as d:
        np.testing.assert_array_equal(d["array"], np.arange(6.0).reshape(2, 3))
        assert d["scalar"] == 2 and d["text"] == b"words"
        assert [n.decode() if isinstance(n, bytes) else n for n in d["names"]] == ["a", "b"]
        assert list(d["long"]) == names
        assert d["inside"]["number"] == 3
        if kind == "file":
            with pytest.raises(ValueError, match="read-only"):
                d["more"]
            with pytest.raises(ValueError, match="read-only"):
                d["inside"]["more"] = 1
    if kind == "group":
        place.file.close()


def test_dict_does_not_replace_arrays(tmp_path):
    with H5Dict(str(tmp_path / "d.h5")) as d:
        d["x"] = np.zeros(3)
        with pytest.raises(KeyError, match='Group with name "x" exists'):
            d["x"] = np.ones(3)
    with pytest.raises(TypeError, match="Required Group, str, Path or dict"):
        H5Dict(3)


def test_files_in_memory_round_trip():
    stream = io.BytesIO()
    def save(file):
        file["x"] = [1, 2]
        return "saved"
    assert save_to_binary_h5py(save, stream) == "saved"
    stream.seek(0)
    assert load_from_binary_h5py(lambda file: list(file["x"]), stream) == [1, 2]


def test_overwriting_is_asked_for(path, monkeypatch, capsys):
    answers = iter(["what", "y", "n"])
    monkeypatch.setattr("builtins.input", lambda words: next(answers))
    assert ask_to_proceed_with_overwrite(path) is True
    assert "Next time specify overwrite=True!" in capsys.readouterr().out
    assert ask_to_proceed_with_overwrite(path) is False
