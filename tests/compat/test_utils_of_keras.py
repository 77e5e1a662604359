"""Keras's semi-public functions give what Keras 2.3.1 gave: results, errors and their words."""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUN = """
import sys; sys.path.insert(0, {folder!r})
import hornbeam.as_keras, json, keras, utils_cases
found = {{name: utils_cases.outcome(call) for name, call in utils_cases.cases(keras).items()}}
print(json.dumps(found))
"""


def test_functions_answer_as_keras_2_3_1():
    # A process of its own: the name `keras` is process-wide.
    program = RUN.format(folder=str(HERE))
    output = subprocess.run(
        [sys.executable, "-c", program], cwd=HERE.parents[1], capture_output=True, text=True,
        check=True, timeout=300,
    ).stdout
    found = json.loads(output.splitlines()[-1])
    expected = json.loads((HERE / "golden" / "utils.json").read_text())
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        assert found[name] == value, name
