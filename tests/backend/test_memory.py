import os
import subprocess
import sys

import pytest

PROGRAM = """
import resource
from hornbeam.backend import compilation
import jax

step = compilation.jit(lambda x: (x @ x.T) @ x)  # 64 MiB in between, which no fusion avoids
x = jax.numpy.ones((4096, 8), "float32")
for _ in range(3):
    step(x).block_until_ready()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step(x).block_until_ready()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(**settings):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**environment, **settings},
        capture_output=True, text=True, check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_a_step_finds_the_memory_of_the_last_one():
    assert page_faults() < page_faults(HORNBEAM_KEEP_MEMORY="0") / 10
