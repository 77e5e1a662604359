"""Data on disk, or sparse, is trained on as if it lay in memory, and is never there as a whole."""

import h5py
import numpy as np
import pytest
import scipy.sparse

from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.training import standardize
from hornbeam.training.data import Arrays
from hornbeam.training.stored import Stored
from hornbeam.utils import HDF5Matrix

X = np.random.RandomState(0).uniform(size=(40, 6)).astype("float32")
Y = X[:, :1] * 2


def regression():
    model = Sequential([Dense(1, input_shape=(6,))])
    model.set_weights([np.ones((6, 1)), np.zeros(1)])
    model.compile("sgd", "mse")
    return model


def memmap(folder, dtype="float32", mode="r"):
    path = folder / "x.dat"
    X.astype(dtype).tofile(path)
    return np.memmap(path, dtype, mode, shape=X.shape)


def hdf5(folder):
    with h5py.File(folder / "x.h5", "w") as file:
        file["x"] = X
    return HDF5Matrix(str(folder / "x.h5"), "x")


SOURCES = {
    "memmap": memmap,
    "memmap of 64 bits": lambda folder: memmap(folder, "float64"),
    "HDF5Matrix": hdf5,
    "h5py": lambda folder: h5py.File(hdf5(folder).data.file.filename)["x"],
    "sparse": lambda folder: scipy.sparse.csr_matrix(X),
    "sparse coo": lambda folder: scipy.sparse.coo_matrix(X),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("shuffle", [False, True])
def test_results_are_those_of_arrays_in_memory(name, shuffle, tmp_path, monkeypatch):
    monkeypatch.setattr(standardize, "_DENSE_BYTES", 0)
    source = SOURCES[name](tmp_path)
    arguments = {"batch_size": 16, "epochs": 2, "shuffle": shuffle, "verbose": 0}
    np.random.seed(7)
    expected = regression().fit(X, Y, validation_split=0.25, **arguments).history
    np.random.seed(7)
    model = regression()
    found = model.fit(source, Y, validation_split=0.25, **arguments).history
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-5)
    np.testing.assert_allclose(model.predict(source), model.predict(X), rtol=1e-5)
    assert model.evaluate(source, Y, verbose=0) == pytest.approx(
        model.evaluate(X, Y, verbose=0), rel=1e-5)


@pytest.mark.parametrize("name", SOURCES)
def test_no_more_than_a_batch_is_read(name, tmp_path, monkeypatch):
    monkeypatch.setattr(standardize, "_DENSE_BYTES", 0)
    read = []
    rows = Stored._rows
    monkeypatch.setattr(
        Stored, "_rows", lambda self, index: read.append(len(index)) or rows(self, index))
    array = standardize.as_array(SOURCES[name](tmp_path))
    data, rest = Arrays([array], [Y], [None], 16).split(0.25)
    assert not data.fits
    for batch in data.batches():
        assert batch[0][0].dtype == np.float32
    assert sum(len(batch[0][0]) for batch in rest.batches()) == 10
    assert read == [16, 14, 10]


@pytest.mark.parametrize("name", SOURCES)
def test_rows_come_in_the_order_asked_for(name, tmp_path):
    source = SOURCES[name](tmp_path)
    stored = Stored(source.tocsr() if hasattr(source, "tocsr") else source, "float32")
    order = np.random.RandomState(1).permutation(40)[:20]
    np.testing.assert_array_equal(stored[order], X[order])
    part = order[order < 30]
    np.testing.assert_array_equal(stored[10:][part], X[10:][part])


@pytest.mark.parametrize("mode, lets_go", [("r", True), ("r+", True), ("c", False)])
def test_pages_that_were_read_are_let_go_unless_changes_would_be_lost(mode, lets_go, tmp_path):
    array = memmap(tmp_path, mode=mode)
    if mode != "r":
        array[3] = 5
    stored = Stored(array, "float32")
    calls = []
    stored._let_go = lambda own=stored._let_go: calls.append(own())
    values = stored[np.array([3, 1, 7])]
    assert calls == [None]
    np.testing.assert_array_equal(values[1:], X[[1, 7]])
    np.testing.assert_array_equal(array[3], X[3] if mode == "r" else np.full(6, 5.0))


def test_tensors_of_other_libraries_are_turned_into_arrays():
    class Tensor:
        """What PyTorch's tensors look like to NumPy."""

        def __init__(self, array):
            self.array, self.shape, self.dtype = array, array.shape, "torch.float32"

        def __array__(self, dtype=None, copy=None):
            return self.array

        def __getitem__(self, index):
            return Tensor(self.array[index])

        def __len__(self):
            return len(self.array)

    class Loader:
        def __len__(self):
            return 4

        def __iter__(self):
            for start in range(0, 40, 10):
                yield [Tensor(X[start : start + 10]), Tensor(Y[start : start + 10])]

    expected = regression().fit(X, Y, batch_size=10, shuffle=False, verbose=0).history["loss"]
    found = regression().fit(Loader(), verbose=0).history["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    found = regression().fit(Tensor(X), Tensor(Y), batch_size=10, shuffle=False, verbose=0)
    np.testing.assert_allclose(found.history["loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(regression().predict(Loader()), regression().predict(X), rtol=1e-5)
