"""hornbeam reads the files that Keras 3.15 and tf_keras 2.21 wrote, and computes what they did."""

import zipfile

import pytest

import hornbeam

from . import exchange, golden

ROWS = golden.names()


@pytest.mark.parametrize(("oracle", "file"), ROWS, ids=["-".join(row) for row in ROWS])
def test_a_file_of_the_original_computes_the_same(oracle, file, tmp_path):
    name = file.split(".")[0]
    with zipfile.ZipFile(golden.archive(oracle)) as archive:
        for member in (file, name + ".npz"):
            (tmp_path / member).write_bytes(archive.read(member))
    assert exchange.problem(hornbeam, name, str(tmp_path / file)) == ""


def test_each_family_and_optimizer_has_its_files():
    assert set(ROWS) == golden.expected_names()
