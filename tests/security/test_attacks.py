"""Every hostile file is refused in words, and touches nothing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.security import attacks

ROOT = Path(__file__).resolve().parents[2]
_MOST_MEMORY = 200 * 2**20  # bytes; a row holds up to 128 MiB itself, to make its file
_MOST_SECONDS = 30  # far above what any takes, far below what a bomb takes


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What each row did, in one process of its own with bounded memory."""
    folder = tmp_path_factory.mktemp("rows") / "inside"
    folder.mkdir()
    process = subprocess.run(
        [sys.executable, "-m", "tests.security.attacks", str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    found = {(line["row"], line["custom_objects"]): line for line in lines}
    found["end"] = process
    return found


def test_the_process_survives_all(results):
    end = results["end"]
    assert end.returncode == 0, end.stderr[-3000:]


@pytest.mark.parametrize("custom_objects", [False, True], ids=["", "custom_objects"])
@pytest.mark.parametrize("name", attacks.ROWS)
def test_it_is_refused_and_touches_nothing(name, custom_objects, results):
    found = results[name, custom_objects]
    assert found["raised"] is True, found["words"]
    assert re.search(attacks.ROWS[name][1], found["words"]), found["words"]
    assert found["seen"] == []
    assert not found["canary"] and not found["changed"]
    assert found["memory"] < _MOST_MEMORY
    assert found["seconds"] < _MOST_SECONDS


def test_the_canary_sings_when_the_code_is_run(tmp_path, monkeypatch):
    """The attack itself works: with the safe mode off, the file's code runs."""
    from hornbeam.layers import Input
    from hornbeam.models import load_model
    from tests.security import samples

    monkeypatch.chdir(tmp_path)
    samples.small_model(trained=True).save(tmp_path / "good.h5")
    path = attacks.ROWS["lambda in h5"][0](tmp_path)
    with pytest.raises(ValueError):  # the weights of another model; the code has run before
        model = load_model(path, safe_mode=False)
        model(Input((4,)))
    assert (tmp_path / "canary").exists()
