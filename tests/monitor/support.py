"""A `hornbeam monitor` in a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def started(file):
    """Starts the monitor on a free port; gives its address, without a slash at the end.

    At the end it gets a SIGTERM (jobs in the background ignore a Ctrl-C), and must come to an
    orderly end.
    """
    command = [sys.executable, "-m", "hornbeam", "monitor", "--port=0", "--file", str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("hornbeam monitor: http://localhost:"), line
            yield line.split()[-1].rstrip("/")
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
