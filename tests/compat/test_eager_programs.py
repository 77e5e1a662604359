"""Programs for TensorFlow 2 compute what TensorFlow computes: see `eager_programs`."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "golden" / "eager.json").read_text())


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = tmp_path_factory.mktemp("eager") / "results.json"
    command = [sys.executable, "-m", "hornbeam", "run", HERE / "eager_programs.py", path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", list(EXPECTED))
def test_a_program_computes_what_it_does_on_tensorflow(results, name):
    assert len(results[name]) == len(EXPECTED[name])
    for found, expected in zip(results[name], EXPECTED[name]):
        if isinstance(expected, list) and expected and isinstance(expected[0], str):
            assert found == expected
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
