"""Files that the originals wrote: Keras 1 and 2, on TensorFlow and Theano.

Each archive in `originals/` comes from one version, backend and ordering of the axes; its README
says how they are made.
"""

import functools
import io
import json
import pathlib
import tarfile

import h5py
import numpy as np
import pytest

from hornbeam.layers import Activation, Dense, Flatten
from hornbeam.models import Sequential, load_model, model_from_json
from hornbeam.saving import ModelFileError

FOLDER = pathlib.Path(__file__).parent / "originals"


@functools.cache
def archive(path):
    with tarfile.open(path) as entries:
        return {entry.name: entries.extractfile(entry).read() for entry in entries}


ORIGINALS = sorted(path.name[:-7] for path in FOLDER.glob("*.tar.xz"))


def files_of(original):
    return archive(FOLDER / f"{original}.tar.xz")


CASES = [
    (original, name[:-4])
    for original in ORIGINALS
    for name in files_of(original)
    if name.endswith(".npz")
]


class Case:
    """A file, what it is asked, and what the original answered."""

    def __init__(self, files, name):
        arrays = np.load(io.BytesIO(files[f"{name}.npz"]))
        self.file = io.BytesIO(files[f"{name}.h5"])
        self.x, self.y, self.predicted, self.after = (
            [arrays[f"{kind}{place}"] for place in range(20) if f"{kind}{place}" in arrays]
            for kind in ("x", "y", "predicted", "after")
        )
        self.losses = arrays["losses"] if "losses" in arrays else None

    def check(self, model, expected):
        found = model.predict(self.x, batch_size=len(self.x[0]))
        found = found if isinstance(found, list) else [found]
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("original, name", CASES)
def test_loads_predicts_and_trains_on_as_the_original(original, name):
    case = Case(files_of(original), name)
    if name == "code":
        with pytest.raises(ValueError, match="'lambda_1' holds Python code"):
            load_model(case.file)
        return
    model = load_model(case.file)
    case.check(model, case.predicted)
    if case.losses is not None:
        losses = [np.ravel(model.train_on_batch(case.x, case.y))[0] for _ in case.losses]
        np.testing.assert_allclose(losses, case.losses, rtol=1e-5, atol=1e-5)
        case.check(model, case.after)


@pytest.mark.parametrize("original", ORIGINALS)
@pytest.mark.parametrize("by_name", [False, True])
def test_weights_alone(original, by_name):
    files = files_of(original)
    for entry in [entry for entry in files if entry.endswith(".weights.h5")]:
        name = entry[: -len(".weights.h5")]
        case = Case(files, name)
        model = model_from_json(files[f"{name}.json"].decode())
        model.load_weights(io.BytesIO(files[entry]), by_name=by_name)
        case.check(model, case.predicted)


def test_a_mode_of_normalization_that_is_gone_is_refused_by_name():
    config = {
        "keras_version": "1.2.2",
        "class_name": "Sequential",
        "config": [
            {"class_name": "BatchNormalization",
             "config": {"name": "odd", "mode": 2, "batch_input_shape": [None, 3]}}
        ],
    }
    with pytest.raises(ModelFileError, match=r"odd \(BatchNormalization\) has mode=2. Expected 0"):
        model_from_json(json.dumps(config))


def test_weights_from_before_keras_1(tmp_path):
    model = Sequential([Flatten(input_shape=(2, 2)), Dense(3), Activation("relu"), Dense(2)])
    wanted = [np.random.rand(*weight.shape).astype("float32") for weight in model.get_weights()]
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["nb_layers"] = 4
        for number, arrays in enumerate(([], wanted[:2], [], wanted[2:])):
            group = file.create_group(f"layer_{number}")
            group.attrs["nb_params"] = len(arrays)
            for place, array in enumerate(arrays):
                group.create_dataset(f"param_{place}", data=array)
    model.load_weights(tmp_path / "w.h5")
    for one, other in zip(model.get_weights(), wanted):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="before Keras 1, when weights had no names"):
        model.load_weights(tmp_path / "w.h5", by_name=True)
