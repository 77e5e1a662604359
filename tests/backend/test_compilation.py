"""The persistent compilation cache, in fresh processes with the user's settings."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from hornbeam.backend import compilation

PROGRAM = """
import numpy as np
from hornbeam import backend as K

x = K.placeholder((2, 2))
y = x
for _ in range(60):  # long enough to be worth keeping
    y = K.dot(K.tanh(y), y) + K.softmax(y)
print(K.function([x], [y])([np.eye(2)])[0].shape)
"""


def run(folder, **settings):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JAX_COMPILATION")}
    environment.update(XDG_CACHE_HOME=str(folder), PYTHONWARNINGS="error", **settings)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Error reading" not in done.stderr
    return [path for path in folder.rglob("*") if path.is_file()]


def test_compiled_programs_are_kept_in_the_users_cache_folder(tmp_path):
    files = run(tmp_path)
    assert any(path.stat().st_size > 1000 for path in files)
    assert all(path.is_relative_to(tmp_path / "hornbeam" / "xla") for path in files)


@pytest.mark.parametrize(
    "settings", [{"HORNBEAM_COMPILATION_CACHE": "0"}, {"JAX_ENABLE_COMPILATION_CACHE": "0"}]
)
def test_the_cache_can_be_turned_off(tmp_path, settings):
    assert run(tmp_path, **settings) == []


def test_what_a_killed_process_left_is_removed(tmp_path):
    files = run(tmp_path)
    entry = next(path for path in files if path.name.endswith("-cache"))
    entry.write_bytes(b"half")
    entry.with_name(entry.name.replace("-cache", "-atime")).unlink()
    run(tmp_path)  # any warning is an error there
    assert entry.stat().st_size > 1000


def test_of_too_many_programs_those_not_used_lately_are_removed(tmp_path):
    folder = tmp_path / "hornbeam" / "xla"
    folder.mkdir(parents=True)
    for number in range(1001):
        (folder / f"old{number}-cache").write_bytes(b"x")
        (folder / f"old{number}-atime").write_bytes(b"")
        os.utime(folder / f"old{number}-atime", (number, number))
    run(tmp_path, JAX_PLATFORMS="cpu")
    kept = {int(path.name[3:-6]) for path in folder.glob("old*-cache")}
    assert kept == set(range(501, 1001))
    assert len(list(folder.glob("old*-atime"))) == 500
    assert len(list(folder.glob("*-cache"))) > 500  # and the program's own


def test_branches_are_computed_one_after_the_other_where_that_needs_less_memory():
    def branches(x):
        return sum(jnp.cumsum(x[jnp.argsort(x * n)]).max() for n in range(1, 9))

    size = 2**18
    x = jax.ShapeDtypeStruct((size,), jnp.float32)
    needed = compilation.jit(branches).lower(x).compile().memory_analysis().temp_size_in_bytes
    assert needed < 8 * 4 * size  # less than an array for each branch
