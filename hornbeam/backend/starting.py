"""JAX is imported here before anywhere else, with Python's garbage collector at rest.

JAX's modules are 100,000 objects that live as long as the process. The collector would go over them
again and again while they are made, while a program is traced, and three times at the end, where
it takes them apart one by one: together a fifth of the time of a short script.

And programs for the CPU run in the thread that calls them. By JAX's default a thread of XLA's does
it, which costs two wake-ups, 40 to 100 microseconds a call, and gains nothing where the processors
that would work ahead are those that wait. After the import,
`jax.config.update("jax_cpu_enable_async_dispatch", True)` brings it back. GPUs work ahead anyway.
"""

import contextlib
import gc
import sys

from hornbeam.backend import memory


@contextlib.contextmanager
def collector_at_rest():
    """Context for an import: nothing is collected in it, and what there is after it never is.

    The second does not hold in an interactive session, where data that were made before may become
    garbage later, and for programs that have set the collector themselves.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
    if before and not gc.get_freeze_count() and not hasattr(sys, "ps1"):
        gc.freeze()


memory.keep_freed()  # before there are threads: each takes its arena as it starts
with contextlib.nullcontext() if "jax" in sys.modules else collector_at_rest():
    import jax.numpy
jax.config.update("jax_cpu_enable_async_dispatch", False)  # read when the first array is made
