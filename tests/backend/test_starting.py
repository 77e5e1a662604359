"""What the first import of JAX is done with: the garbage collector, and how programs are called."""

import subprocess
import sys

_PROGRAM = """
import gc, sys
sys.ps1 = ">>> "
import hornbeam.backend
from hornbeam.backend.starting import collector_at_rest
assert gc.isenabled() and not gc.get_freeze_count()
del sys.ps1
with collector_at_rest():
    assert not gc.isenabled()
assert gc.isenabled() and gc.get_freeze_count() > 10_000
frozen, made = gc.get_freeze_count(), [[] for _ in range(1000)]
with collector_at_rest():                       # the program's own setting stands
    pass
assert gc.get_freeze_count() <= frozen
gc.unfreeze(), gc.disable()
with collector_at_rest():
    pass
assert not gc.isenabled() and not gc.get_freeze_count()
"""


def test_jax_is_never_collected_but_what_an_interactive_session_made_is():
    subprocess.run([sys.executable, "-c", _PROGRAM], check=True, timeout=120)

_DISPATCH = """
import hornbeam.backend
import jax, jax.numpy as jnp
work = jax.jit(lambda x: jax.lax.fori_loop(0, 100, lambda _, x: jnp.sin(x @ x), x))
assert work(jnp.ones((200, 200))).is_ready()  # tens of milliseconds of work
"""


def test_a_program_for_the_cpu_is_done_when_its_call_returns():
    subprocess.run([sys.executable, "-c", _DISPATCH], check=True, timeout=120)
