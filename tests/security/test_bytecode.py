"""Stored code is read in a process of its own: wrong code can spoil an interpreter's memory."""

import subprocess
import sys
from pathlib import Path

CHECKS = Path(__file__).with_name("bytecode_checks.py")
PROGRAM = "import os, pytest, sys; os._exit(pytest.main(['-q', '-p', 'no:xdist', sys.argv[1]]))"


def test_stored_code_of_every_python():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(CHECKS)],
        cwd=CHECKS.parents[2], capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
