"""Without a display, `plt.show()` saves figures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """\
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
assert plt.get_backend() == "svg" or plt.get_fignums() == []
plt.figure(); plt.figure(); plt.show()
plt.ion()
for x in (1, 2):
    plt.plot([x]); plt.pause(0.01)
plt.savefig("own.svg")
"""


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
@pytest.mark.parametrize(("variables", "files"), [
    ({}, ["own.svg", *(f"program-figure-{number}.png" for number in (1, 2, 3, 4))]),
    ({"MPLBACKEND": "svg"}, ["own.svg"]),
], ids=["none chosen", "chosen"])
def test_figures_are_saved_where_they_cannot_be_shown(variables, files, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    result = subprocess.run([sys.executable, "-m", "hornbeam", "run", "program.py"], cwd=tmp_path,
                            env={**environment, "PYTHONPATH": str(ROOT), **variables},
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert sorted(os.listdir(tmp_path)) == [*files, "program.py"]
    for name in files[1:]:
        assert f"hornbeam: there is no display; saved {name}" in result.stderr
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
