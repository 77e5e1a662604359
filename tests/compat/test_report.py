"""`hornbeam run --report` tells what was translated, and where."""

import json
import os
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """\
import os, sys
import numpy as np
from keras.models import Sequential
from keras.layers.convolutional import Convolution2D
from keras.objectives import mean_squared_error
import keras.layers as layers
import tensorflow as tf
import neighbour
model = Sequential()
for i in range(2):
    model.add(Convolution2D(4, 3, 3, border_mode="same", input_shape=(8, 8, 1)))
layers.Dense(output_dim=np.int(2))
layers.Dense(2)
f = lambda x: tf.nn.relu(x)
os.makedirs("elsewhere"); os.chdir("elsewhere")
sys.exit(3)
"""


@pytest.fixture
def run(tmp_path):
    def run(*arguments):
        result = subprocess.run([sys.executable, "-m", "hornbeam", "run", *arguments],
                                cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
                                capture_output=True, text=True, timeout=120)
        return result.returncode, result.stdout, result.stderr
    return run


def test_translations_are_told_with_their_places(run, tmp_path):
    (tmp_path / "old.py").write_text(PROGRAM)
    (tmp_path / "neighbour.py").write_text("from scipy.misc import imresize\n")
    status, output, error = run("--report=report.json", "old.py")
    assert (status, output, error) == (3, "", "")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["program"] == str(tmp_path / "old.py")
    found = {(row["kind"], row["old"], row["new"]): (row["count"], [
        os.path.basename(place) for place in row["places"]]) for row in report["translations"]}
    expected = {
        ("module", "keras.objectives", "hornbeam.losses"): (1, ["old.py:5"]),
        ("module", "keras.models", "hornbeam.models"): (1, ["old.py:3"]),
        ("name", "keras.layers.convolutional.Convolution2D", "Conv2D"): (1, ["old.py:4"]),
        ("argument", "Conv2D(border_mode)", "padding"): (2, ["old.py:11"]),
        ("argument", "Conv2D(by position)", "kernel_size"): (2, ["old.py:11"]),
        ("argument", "Dense(output_dim)", "units"): (1, ["old.py:12"]),
        ("old package", "numpy.int", "int"): (1, ["old.py:12"]),
        ("tensorflow", "tensorflow.nn.relu", "hornbeam.compat.tensorflow.nn.relu"):
            (1, ["old.py:14"]),
        ("old package", "scipy.misc.imresize", "hornbeam.compat.old.scipy_misc.imresize"):
            (1, ["neighbour.py:1"]),
    }
    assert {key: found.get(key) for key in expected} == expected


def test_it_is_told_after_an_error_and_for_a_notebook(run, tmp_path):
    cells = ["import numpy as np\n",
             "%time 1\nfrom keras.objectives import mse\nnp.float(1)\n1 / 0"]
    (tmp_path / "n.ipynb").write_text(json.dumps(
        {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}))
    status, _, error = run("--report", "n.ipynb")
    assert status == 1
    assert error.index("ZeroDivisionError") < error.index("hornbeam: translated for n.ipynb:")
    assert "keras.objectives -> hornbeam.losses  (n.ipynb, cell 2:2)" in error
    assert "numpy.float -> float  (n.ipynb, cell 2:3)" in error


def test_a_file_of_keras_1_is_told_and_not_what_is_in_it(run, tmp_path):
    originals = ROOT / "tests" / "saving" / "originals" / "1.2.2-theano-th.tar.xz"
    with tarfile.open(originals) as archive:
        name = next(name for name in archive.getnames() if name.endswith(".h5"))
        (tmp_path / "old.h5").write_bytes(archive.extractfile(name).read())
    status, _, error = run("--report", "-c", "import keras\nkeras.models.load_model('old.h5')")
    assert status == 0, error
    assert "old.h5, of Keras 1 on theano -> weights in Keras 2's order" in error
    assert "arguments" not in error


def test_nothing_to_tell(run):
    status, _, error = run("--report", "-c", "print(1)")
    assert (status, error) == (0, "hornbeam: nothing was translated for -c.\n")


def test_libraries_that_look_for_old_names_are_not_told(run, tmp_path):
    (tmp_path / "old.py").write_text(textwrap.dedent("""\
        import sysconfig, types
        code = compile("import numpy as np\\nhasattr(np, 'int')", sysconfig.get_path("purelib") +
                       "/library.py", "exec")
        exec(code, {"__name__": "library"})
    """))
    status, _, error = run("--report", "old.py")
    assert status == 0
    assert "nothing was translated" in error


@pytest.mark.parametrize("option", ["--report=", "--reports", "--shell=1"])
def test_other_options_are_refused(option, run):
    status, _, error = run(option, "old.py")
    assert status == 2
    assert f"run knows no option '{option}'" in error
