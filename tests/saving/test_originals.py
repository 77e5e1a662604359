"""Files that the originals wrote: Keras 1 and 2, on TensorFlow and Theano.

Each archive in `originals/` comes from one version, backend and ordering of the axes; its README
says how they are made.
"""

import functools
import io
import pathlib
import tarfile

import numpy as np
import pytest

from hornbeam.models import load_model, model_from_json

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
