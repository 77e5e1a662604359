"""What functions of `tensorflow` return, against what TensorFlow 2.21 returned."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
CASES = runpy.run_path(HERE / "tensorflow_cases.py")["CASES"]
GOLDEN = HERE / "golden" / "tensorflow.npz"
# TensorFlow reads the weights of bicubic resizing from a table of 1024 entries.
LOOSE = {"tf.image.resize(image, [4, 9], 'bicubic', antialias=False)": 1e-2}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What all cases return in one program, since the names are process-wide."""
    path = tmp_path_factory.mktemp("tensorflow") / "found.npz"
    script = str(HERE / "tensorflow_cases.py")
    command = [sys.executable, "-m", "hornbeam", "run", script, str(path)]
    flags = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    environment = {  # hundreds of small programs, run once each
        **os.environ,
        "XLA_FLAGS": flags,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=500)
    assert done.returncode == 0, done.stderr
    return dict(np.load(path))


@pytest.fixture(scope="module")
def golden():
    return dict(np.load(GOLDEN))


def answers(found, index):
    return {name: array for name, array in found.items() if name.split(".")[0] == str(index)}


@pytest.mark.parametrize("index", range(len(CASES)), ids=CASES)
def test_answers_are_tensorflows(index, found, golden):
    ours, theirs = answers(found, index), answers(golden, index)
    first = ours[f"{index}.0"]
    assert first.dtype.kind != "U", first
    assert sorted(ours) == sorted(theirs)
    tolerance = LOOSE.get(CASES[index], 1e-4)  # sums in another order; 1e-5 near zero
    for name, wanted in theirs.items():
        assert ours[name].shape == wanted.shape
        if wanted.dtype.name not in ("int64", "float64"):  # 64 bits are 32 in compiled code
            assert ours[name].dtype == wanted.dtype
        np.testing.assert_allclose(ours[name], wanted, tolerance, max(tolerance / 10, 1e-5))
