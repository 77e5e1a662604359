"""What is still allowed: limits that can be set, files that only look unusual, names like paths."""

import io
import json
import os
import zipfile

import h5py
import numpy as np
import pytest

from hornbeam import allowance
from hornbeam.layers import Activation, Dense
from hornbeam.models import Sequential, load_model, model_from_json
from hornbeam.saving import ModelFileError, archives, hdf5, limits, weight_limit
from tests.security import attacks


def test_the_limit_of_a_config_can_be_set_and_is_half_of_the_memory_else():
    text = json.dumps(attacks.stack(attacks.layer("Dense", units=100)))  # 500 numbers, 2,000 bytes
    with weight_limit(1999), pytest.raises(ValueError, match=r"weight_limit\(bytes\)"):
        model_from_json(text)
    with weight_limit(2000):
        assert model_from_json(text).count_params() == 500
    units = allowance.memory() // 2 // 16
    text = json.dumps(attacks.stack(attacks.layer("Dense", units=units, use_bias=False)))
    with pytest.raises(ValueError, match="asks for the weight 'kernel'"):
        model_from_json(text.replace(str(units), str(units + 1)))


def test_layers_that_the_program_makes_have_no_limit():
    with weight_limit(0):
        assert Sequential([Dense(10, input_shape=(4,))]).count_params() == 50


@pytest.mark.parametrize("kind", ["gzip", "lzf"])
def test_packed_arrays_are_read(kind, tmp_path):
    path, array = tmp_path / "a.h5", np.arange(6000.0).reshape(60, 100)
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=array, compression=kind, shuffle=True, fletcher32=True)
    with hdf5.reading(path) as group:
        np.testing.assert_array_equal(hdf5.read_array(hdf5.child_array(group, "a")), array)


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_many_names_in_a_large_file_are_read(libver, tmp_path):
    names = [f"layer_{number}" * (1 + number % 3) for number in range(700)]
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=libver) as file:
        group = file.create_group("deep/er")
        group.attrs["backend"] = "tensorflow"
        group.attrs["layer_names"] = names  # texts of any length, as h5py 3 writes them
        group.attrs["keras_version"] = "2.21.0"
        file["a"] = np.zeros(2**20, "int8")
    for source in (path, io.BytesIO(path.read_bytes())):
        with hdf5.reading(source) as group:
            assert hdf5.read_names(group["deep/er"], "layer_names") == names


def test_texts_in_places_not_known_are_refused_in_a_large_file(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        for number in range(9):  # more than eight attributes move out of the header
            file.attrs[f"a{number}"] = ["a", "b"] * 350
        file["a"] = np.zeros(2**20, "int8")
    with hdf5.reading(path) as group, pytest.raises(ModelFileError, match="longer than the file"):
        hdf5.read_names(group, "a0")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_of_an_archive_is_a_file_that_can_seek(method, tmp_path):
    data = np.random.default_rng(0).bytes(10_000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("folder/", "")
        archive.writestr("a", data)
    with archives.reading(tmp_path / "a.zip") as archive, archive.file("a") as file:
        assert archive.sizes == {"a": 10_000} and "folder/" not in archive
        file.seek(-10, os.SEEK_END)
        assert file.read(20) == data[-10:]
        file.seek(5)
        assert file.read() == data[5:]
        assert archive.read("a", 10_000) == data
        with pytest.raises(ModelFileError, match="at most 9999"):
            archive.read("a", 9_999)


def test_a_flipped_bit_in_an_archive_is_seen(tmp_path):
    path = attacks.member("extra", content="x" * 1000)(tmp_path)
    data = bytearray(path.read_bytes())
    data[data.index(b"xxxx") + 7] ^= 1
    path.write_bytes(data)
    with archives.reading(path) as archive:
        with pytest.raises(ModelFileError, match="damaged"):
            archive.read("extra", 1000)
        with pytest.raises(ModelFileError, match="checksum"), archive.file("extra"):
            pass


@pytest.mark.parametrize("suffix", ["h5", "keras"])
@pytest.mark.parametrize("name", ["../../up", "/tmp/up", "C:\\up", "a/b", "..", "nul\u202e\x1b[2J"])
def test_names_of_layers_are_no_paths(name, suffix, tmp_path):
    folder = tmp_path / "deep" / "folder"
    folder.mkdir(parents=True)
    model = Sequential([Dense(2, input_shape=(3,), name=name), Activation("relu")], name=name)
    path = folder / f"m.{suffix}"
    model.save(path)
    copy = load_model(path, compile=False)
    assert copy.layers[0].name == name
    np.testing.assert_array_equal(copy.get_weights()[0], model.get_weights()[0])
    assert [entry for entry in tmp_path.rglob("*") if entry.is_file()] == [path]


def test_configs_of_real_models_are_far_from_the_limits():
    blocks = [attacks.layer("Dense", units=2, name=f"d{number}") for number in range(2000)]
    limits.check_config(attacks.stack(*blocks))
    inner = attacks.stack()
    for _ in range(20):
        inner = attacks.stack(inner)
    limits.check_config(inner)


def test_an_error_of_a_users_class_is_told(tmp_path):
    class Needs(Dense):
        def __init__(self, units, what, **kwargs):
            super().__init__(units, **kwargs)

    text = json.dumps(attacks.stack(attacks.layer("Needs", units=2)))
    with pytest.raises(ModelFileError, match="missing 1 required positional argument: 'what'"):
        model_from_json(text, {"Needs": Needs})
