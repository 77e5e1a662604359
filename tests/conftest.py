"""What every test can rely on: a fixed seed, a home of its own, and JAX's compilation cache."""

import gc
import itertools
import os
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

# Set before anything imports JAX; the processes that tests start inherit them.
ROOT = Path(__file__).resolve().parents[1]
COMPILED = ROOT / ".pytest_cache" / "compiled"
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(COMPILED)
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-home-")     # no keras.json of a user


@pytest.fixture(autouse=True)
def seed():
    """Every test starts from the same random state."""
    random.seed(0)
    np.random.seed(0)


def pytest_configure(config):
    """Empties a large cache: where JAX bounds its size, it reads the whole folder to add a file."""
    if not hasattr(config, "workerinput") and COMPILED.exists():
        if len(os.listdir(COMPILED)) > 30_000:
            shutil.rmtree(COMPILED)


_finished = itertools.count(1)


def pytest_sessionstart():
    gc.disable()    # while thousands of tests are made, of which none is garbage


def pytest_collection_finish():
    _settle()
    gc.enable()


def pytest_runtest_logfinish():
    if next(_finished) % 20 == 0:
        _settle()


def _settle():
    """Keeps the collector from going over thousands of tests and what JAX keeps of past ones.

    `clear_session` has it go over all there is: 0.15 s as the tests begin, and ever more.
    """
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config):
    """Removes the home that was made above."""
    home = Path(os.environ["KERAS_HOME"])
    for path in sorted(home.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    home.rmdir()
