"""HDF5 files on which the HDF5 library itself never comes back; fuzzing found both kinds."""

import h5py
import pytest

from hornbeam.models import load_model
from hornbeam.saving import ModelFileError
from tests.security import samples


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.h5"
    samples.small_model(trained=True).save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["more"] = "a text of some length"
    load_model(path)
    return path


def number(data, at):
    return int.from_bytes(data[at : at + 8], "little")


def test_texts_that_end_in_an_object_of_size_0(path):
    data = bytearray(path.read_bytes())
    start = data.index(b"GCOL\x01")
    at = start + 16
    while int.from_bytes(data[at : at + 2], "little"):
        at += 16 + -(-number(data, at + 8) // 8) * 8
    data[at + 8 : at + 16] = bytes(8)
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=f"texts at byte {start} have no end"):
        load_model(path)


def test_free_names_that_follow_themselves(path):
    data = bytearray(path.read_bytes())
    start = data.index(b"HEAP\0\0\0\0")
    size, free, names = (number(data, start + at) for at in (8, 16, 24))
    assert 0 < free < size
    data[names + free : names + free + 8] = free.to_bytes(8, "little")
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=f"names at byte {start} have no end"):
        load_model(path)
