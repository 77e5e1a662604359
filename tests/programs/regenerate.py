"""Runs the programs under the real Keras of their time, stores what they print in `expected/`.

    python tests/programs/regenerate.py [program ...]

Without arguments: all that have been recorded before. A program is named without `.py`, with its
folder (`keras1/residual_network`). The Python that has the original is named by an environment
variable; `ORIGINALS` tells which.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Folder or program -> the variable that names the Python which records it.
ORIGINALS = {
    ".": "HORNBEAM_KERAS231_PYTHON",  # Keras 2.3.1 on TensorFlow 1.15
    "keras1": "HORNBEAM_KERAS122_PYTHON",  # Keras 1.2.2
    "keras2": "HORNBEAM_KERAS231_PYTHON",
    "keras2/callbacks_of_the_time": "HORNBEAM_KERAS224_PYTHON",  # val_acc, not val_accuracy
    "keras2/hooked_functions": "HORNBEAM_KERAS224_PYTHON",  # metrics_tensors, gone since
    "keras2/own_train_functions": "HORNBEAM_KERAS208_PYTHON",  # metrics_tensors as well
    "tutorials": "HORNBEAM_KERAS231_PYTHON",
    "tfkeras": "HORNBEAM_TF_KERAS_PYTHON",  # tf_keras, on TensorFlow 2
}


def original(name):
    """The path of the Python that records the program `name`.

    Raises:
        SystemExit: if the environment does not name it.
    """
    variable = ORIGINALS.get(name) or ORIGINALS[str(Path(name).parent)]
    if variable not in os.environ:
        sys.exit(f"{name} is recorded by the Python that {variable} names; it is not set.")
    return os.environ[variable]


def printed(text):
    """The last line of a program's output, read as JSON."""
    return json.loads(text.strip().splitlines()[-1])


def rounded(value):
    """Numbers with seven digits, as float32 has them: the files stay small."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def main(*names):
    stored = HERE / "expected"
    names = names or sorted(
        str(path.relative_to(stored).with_suffix("")) for path in stored.rglob("*.json")
    )
    for name in names:
        process = subprocess.run(
            [original(name), HERE / "in_order.py", HERE / f"{name}.py"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            # tensorflow.keras is tf_keras, and what Keras 1 chose from a file is its default.
            env={**os.environ, "TF_USE_LEGACY_KERAS": "1", "KERAS_BACKEND": "tensorflow"},
        )
        values = rounded(printed(process.stdout))
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()]
        file = stored / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
