"""Every example runs with `--offline`, through `hornbeam run`, and learns what it says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"

AT_LEAST, AT_MOST = 1, -1
GROUPS = 2  # processes: starting one for each example takes longer than running some of them

# The last line each program prints: its label, and a bound that no untrained model comes near.
FIGURES = {
    "boston_regression": ("Test mean absolute error, in thousands of dollars", AT_MOST, 4.0),
    "cifar10_augmentation": ("Test accuracy", AT_LEAST, 0.6),
    "custom_callback": ("Test accuracy", AT_LEAST, 0.9),
    "custom_layer": ("Test accuracy", AT_LEAST, 0.9),
    "fine_tuning": ("Validation accuracy", AT_LEAST, 0.8),
    "imdb_cnn": ("Test accuracy", AT_LEAST, 0.85),
    "imdb_lstm": ("Test accuracy", AT_LEAST, 0.85),
    "mnist_cnn": ("Test accuracy", AT_LEAST, 0.8),
    "mnist_gan": ("Distance to the nearest digit", AT_MOST, 0.2),
    "mnist_mlp": ("Test accuracy", AT_LEAST, 0.9),
    "mnist_siamese": ("Test accuracy", AT_LEAST, 0.9),
    "mnist_transfer": ("Test accuracy", AT_LEAST, 0.85),
    "reuters_mlp": ("Test accuracy", AT_LEAST, 0.9),
    "seq2seq_translation": ("Right translations of 50 training samples", AT_LEAST, 35),
    "style_transfer": ("Loss in percent of that of the content picture", AT_MOST, 5.0),
    "text_generation": ("Loss per character", AT_MOST, 0.8),
    "variational_autoencoder": ("Test loss", AT_MOST, 200.0),
}


def test_every_example_has_its_figure_and_its_line_in_the_table():
    programs = {path.stem for path in EXAMPLES.glob("*.py")} - {"offline_data"}
    assert programs - {"digits_cnn"} == set(FIGURES)        # `make demo` runs that one
    table = (EXAMPLES / "README.md").read_text()
    assert set(re.findall(r"^\| \[(\w+)\.py\]", table, re.MULTILINE)) == programs


@pytest.mark.parametrize("part", range(GROUPS))
def test_examples_learn(part, tmp_path):
    names = sorted(FIGURES)[part::GROUPS]
    process = subprocess.run(
        [sys.executable, "-m", "hornbeam", "run", ROOT / "tests" / "programs" / "one_process.py"]
        + [EXAMPLES / f"{name}.py" for name in names] + ["--", "--offline"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=480,
    )
    assert process.returncode == 0, process.stderr
    found = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
    assert [Path(result["name"]).stem for result in found] == names
    wrong = {name: why for name, result in zip(names, found) if (why := lacking(name, result))}
    assert not wrong, "\n\n".join(f"{name}: {why}" for name, why in wrong.items())
    assert not list(tmp_path.iterdir())                     # nothing is left in the user's folder


def lacking(name, result):
    """What is wrong with what an example printed, or None."""
    if "error" in result:
        return result["error"]
    label, sign, bound = FIGURES[name]
    found, _, value = result["printed"].rpartition(": ")
    if found == label and sign * float(value) >= sign * bound:
        return None
    return f"{result['printed']!r}, expected {label!r} and {bound}"
