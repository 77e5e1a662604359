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

HELD = """
import numpy as np
from hornbeam import backend as K
from hornbeam.backend import compilation

compilation._LONG_S = 0.0
x = K.placeholder((4096, 8))
step = K.function([x], [K.dot(K.dot(x, K.transpose(x)), x)])  # 64 MiB in between
for _ in range(2):
    step([np.ones((4096, 8), "float32")])
    with open("/proc/self/status") as file:
        print(next(line.split()[1] for line in file if line.startswith("VmRSS:")))
"""


def numbers(program, **settings):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", program],
        # A program from the cache may have left pieces where a step would find its memory.
        env={**environment, "JAX_ENABLE_COMPILATION_CACHE": "0", **settings},
        capture_output=True, text=True, check=True,
    )
    return [int(word) for word in done.stdout.split()]


def page_faults(**settings):
    return numbers(PROGRAM, **settings)[0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_a_step_finds_the_memory_of_the_last_one():
    assert page_faults() < page_faults(HORNBEAM_KEEP_MEMORY="0") / 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_the_memory_of_the_first_run_goes_back_for_the_second_may_not_find_it():
    first, second = numbers(HELD)
    assert first + 32 * 1024 < second
