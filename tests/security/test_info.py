"""`hornbeam info`: what it tells of each format, and that it runs and believes nothing."""

import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

import hornbeam.layers  # noqa: F401  fills the table of known classes
from hornbeam.cli import main
from hornbeam.saving import ModelFileError, info
from tests.security import attacks, samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    samples.write(folder)
    (folder / "good.h5").write_bytes((folder / "model.h5").read_bytes())
    return folder


def test_a_model_in_hdf5(folder):
    found = info.describe(folder / "model.h5")
    assert found["format"] == "HDF5, a model of Keras 2"
    assert (found["keras_version"], found["backend"]) == ("2.3.1", "tensorflow")
    assert found["model"] == {"class": "Model", "name": "net"}
    assert found["parameters"] == samples.small_model().count_params() == 160
    layers = {layer["name"]: layer for layer in found["layers"]}
    assert layers["shared"]["parameters"] == 7 * 2 + 2
    assert layers["shared"]["config"]["units"] == 2
    assert layers["inner"]["parameters"] == 12 and layers["drop"]["depth"] == 1
    assert {"layer": "read", "name": "read/kernel:0", "shape": [4, 12], "dtype": "float32"} in (
        found["weights"]
    )
    assert found["optimizer"]["class"] == "Adam" and found["optimizer"]["arrays"] == 31
    assert found["compile"] == {"loss": "mse", "metrics": ["mae"]}
    assert found["bytecode"] == found["custom_objects"] == []


@pytest.mark.parametrize(
    "name, words, has_layers, has_weights",
    [
        ("weights.h5", "HDF5, weights in the layout of Keras 2", False, True),
        ("model.json", "JSON, the structure of a model", True, False),
        ("model.yaml", "YAML, the structure of a model", True, False),
        ("model.keras", "zip, a model of Keras 3", True, True),
    ],
)
def test_the_other_formats(name, words, has_layers, has_weights, folder):
    found = info.describe(folder / name)
    assert found["format"] == words
    assert ("shared" in [layer["name"] for layer in found["layers"]]) is has_layers
    assert sum(np.prod(w["shape"]) for w in found["weights"]) == 160 * has_weights
    assert found["custom_objects"] == []
    assert words in info.as_text(found)


def test_safetensors(tmp_path):
    header = {"dense/kernel": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
    found = info.describe(attacks._safetensors(header, bytes(24))(tmp_path))
    assert found["weights"] == [{"name": "dense/kernel", "shape": [2, 3], "dtype": "float32"}]
    assert found["parameters"] == 6


@pytest.mark.parametrize("row", ["lambda in h5", "lambda in keras", "lambda in json",
                                 "lambda in yaml", "lambda as an activation", "lambda in a model"])
def test_code_is_named_and_not_run(row, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = info.describe(attacks.ROWS[row][0](folder))
    assert found["bytecode"] == ["evil"]
    assert "Python code: in evil" in info.as_text(found)
    assert not list(tmp_path.iterdir())


def test_custom_names_are_told(tmp_path):
    config = attacks.stack(
        attacks.layer("Attention9", units=2),
        attacks.layer("Dense", units=2, activation="my_act", kernel_initializer="glorot_uniform"),
        attacks.imported("mine", "Scale", factor=2),
    )
    config["config"]["layers"][-1]["registered_name"] = "mine>Scale"
    found = info.describe(attacks.in_json(config)(tmp_path))
    assert found["custom_objects"] == ["Attention9", "mine>Scale", "my_act"]


_HOSTILE = [
    name for name in attacks.ROWS
    if not name.startswith(("lambda", "one array")) and any(word in name for word in (
        "link", "bomb", "zip", "yaml", "external", "beyond", "many", "array", "deep", "pickle"))
]


@pytest.mark.parametrize("row", _HOSTILE)
def test_hostile_files_are_refused_here_too(row, folder, monkeypatch):
    monkeypatch.chdir(folder)
    with h5py.File(folder / "secret.h5", "w") as file:
        file["secret"] = np.ones((8, 1), "float32")
    (folder / "secret.txt").write_text("secret")
    with pytest.raises(ModelFileError):
        info.describe(attacks.ROWS[row][0](folder))


def test_a_terminals_commands_are_escaped(tmp_path, capsys):
    config = attacks.stack(attacks.layer("Dense", units=1, name="a\x1b[2J\nb\u202e"))
    path = attacks.in_json(config)(tmp_path)
    assert main(["info", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed and "\u202e" not in printed
    assert r"a\x1b[2J\nb\u202e: Dense(units=1)" in printed


def test_the_command(folder, capsys):
    assert main(["info", "--json", str(folder / "model.h5")]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == 160
    (folder / "broken.h5").write_bytes((folder / "model.h5").read_bytes()[:5000])
    assert main(["info", str(folder / "broken.h5")]) == 1
    assert "damaged" in capsys.readouterr().err
    assert main(["info", str(folder / "nothing.h5")]) == 1
    assert "No such file" in capsys.readouterr().err
    assert main(["info"]) == main(["info", "--fast", "x"]) == 2


def test_a_reader_that_has_seen_enough_is_no_error(folder):
    command = [sys.executable, "-m", "hornbeam", "info", str(folder / "model.h5")]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
