"""Short programs in the style of Keras 1, Keras 2 and tf.keras, as they stand.

Weights and data are fixed by formula; what a program prints is compared with what the original of
its time printed (`regenerate.py` tells which). `README.md` lists what is to be found where. Several
programs share a process, since starting one takes longer than running them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs.test_programs import HERE, ROOT, assert_equal

GROUPS = 2  # processes for each era
ERAS = ("keras1", "keras2", "tfkeras")


def programs(era):
    return sorted(path.stem for path in (HERE / era).glob("*.py"))


@pytest.mark.parametrize("part", range(GROUPS))
@pytest.mark.parametrize("era", ERAS)
def test_programs_print_the_numbers_of_their_original(era, part, tmp_path):
    names = programs(era)[part::GROUPS]
    process = subprocess.run(
        [sys.executable, "-m", "hornbeam", "run", HERE / "one_process.py"]
        + [HERE / era / f"{name}.py" for name in names],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=480,
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr
    found = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
    assert [Path(result["name"]).stem for result in found] == names
    wrong = {name: why for name, result in zip(names, found) if (why := difference(era, result))}
    assert not wrong, "\n\n".join(f"{era}/{name}: {why}" for name, why in wrong.items())


def difference(era, result):
    """In what a program differs from its original, or None."""
    if "error" in result:
        return result["error"]
    expected = HERE / "expected" / era / f"{Path(result['name']).stem}.json"
    try:
        assert_equal(json.loads(result["printed"]), json.loads(expected.read_text()), "printed")
    except AssertionError as error:
        return str(error)
    return None


def test_every_program_is_recorded_and_listed():
    listed = (HERE / "README.md").read_text()
    for era in ERAS:
        names = programs(era)
        assert names == sorted(path.stem for path in (HERE / "expected" / era).glob("*.json"))
        for name in names:
            assert f"{era}/{name}" in listed, name
