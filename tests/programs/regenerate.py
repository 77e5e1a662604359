"""Runs the programs under the real Keras 2.3.1 and stores what they print in `expected/`.

    python tests/programs/regenerate.py PATH/TO/KERAS/2.3.1/bin/python [program ...]
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


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


def main(python, *names):
    names = names or sorted(path.stem for path in (HERE / "expected").glob("*.json"))
    for name in names:
        process = subprocess.run(
            [python, HERE / f"{name}.py"], check=True, stdout=subprocess.PIPE, text=True
        )
        values = rounded(printed(process.stdout))
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()]
        (HERE / "expected" / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
