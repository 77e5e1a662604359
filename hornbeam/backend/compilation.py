"""XLA's persistent compilation cache: on by default, in the user's cache folder, bounded in size.

`HORNBEAM_COMPILATION_CACHE=0` turns it off; `JAX_COMPILATION_CACHE_DIR` names another folder.
"""

import gc
import os

import jax
import jax.numpy as jnp

from hornbeam.backend import memory, names, running

_MAX_BYTES = 2 * 1024**3
_MOST_PROGRAMS = 1000  # JAX goes over all of them to add one, 26 microseconds each
_COMPILED = "/jax/core/compile/backend_compile_duration"
_LONG_S = 1.0  # compilations that took this long have taken memory worth giving back
_seconds = 0.0  # of compilations since it was given back
_is_new = False  # whether the program that was compiled last has not run yet
_configured = False


@names.on_reset
def _free():
    """Frees models that nobody holds; one built after another would leave pieces of all."""
    gc.collect()
    memory.give_back()


def cache_folder():
    """Folder of the compiled programs: `hornbeam/xla` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "hornbeam", "xla")


def configure():
    """Turns the cache on, once, unless the user or JAX's own settings say otherwise."""
    global _configured
    if _configured:
        return
    _configured = True
    jax.monitoring.register_event_duration_secs_listener(_compiled)
    if os.environ.get("HORNBEAM_COMPILATION_CACHE", "1") == "0":
        return
    if jax.config.jax_compilation_cache_dir is not None:
        return
    folder = cache_folder()
    try:
        os.makedirs(folder, exist_ok=True)
        _mend(folder)
    except OSError:
        return  # a read-only home, or a busy folder, costs compile time, nothing else
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_compilation_cache_max_size", _MAX_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)


def _compiled(event, seconds, **details):
    """Gives the compiler's memory back, 350 MB for ResNet50, before the program asks for its own.

    Otherwise it stays in pieces that are too small for what XLA asks for in one.
    """
    global _seconds, _is_new
    if event == _COMPILED:
        _seconds += seconds
        if _seconds > _LONG_S:
            _seconds, _is_new = 0.0, True
            memory.give_back()


def ran():
    """Gives memory back after the first run of a program that took long to compile.

    What the run leaves behind, results and JAX's own, lies around the memory that it worked in.
    That is a hole then, and glibc, which asks for some bytes more to align, puts the second run's
    beside it: 623 MB more for ResNet50. What later runs leave finds other places.
    """
    global _is_new
    if _is_new:
        _is_new = False
        memory.give_back()


def jit(function, **options):
    """`jax.jit` with the compiler's options that suit Keras's networks.

    On CPUs XLA gives convolutions to YNNPACK, which takes 2 to 4 times as long as Eigen for all but
    images of three channels: 202 ms against 117 ms for the three passes of 3 x 3 x 32 x 64 over
    128 images of 26 x 26. Products of matrices and sums stay with it.

    And it drops barriers before it fuses loops, so that what has several readers is computed anew
    for each, with all before it; here `kernels.materialized` holds.

    And by its own choice it orders operations so that many may run beside each other. The order
    that needs the least memory is as quick, as each operation uses all cores: a step of ResNet50
    keeps 623 MiB of intermediate results for 949.
    """
    if jax.default_backend() == "cpu":
        kept = ("REDUCE", "INDIVIDUAL_DOT")
        options["compiler_options"] = {
            "xla_cpu_experimental_ynn_fusion_type": ",".join(
                f"LIBRARY_FUSION_TYPE_{name}" for name in kept
            ),
            "xla_disable_hlo_passes": "cse_barrier_expander",
            "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
        }
    return jax.jit(function, **options)


def is_nested(values):
    """Whether what is computed from `values` now becomes a part of a program that is being traced.

    A program of `jit` cannot: its options are for whole programs.
    """
    if running.program() is not None or any(isinstance(v, jax.core.Tracer) for v in values):
        return True
    return isinstance(jnp.empty(()), jax.core.Tracer)  # a loss that closes over arrays alone


def _mend(folder):
    """Removes what a process left that was killed as it wrote: JAX could add nothing after it.

    And of too many programs those that were used least lately, down to half of what may be kept.
    """
    names = set(os.listdir(folder))
    programs = [name.removesuffix("-cache") for name in names if name.endswith("-cache")]
    used = {name for name in programs if f"{name}-atime" in names}
    for name in set(programs) - used:
        os.unlink(os.path.join(folder, f"{name}-cache"))
    if len(used) <= _MOST_PROGRAMS:
        return
    import filelock

    with filelock.FileLock(os.path.join(folder, ".lockfile"), timeout=1):  # the one that JAX takes
        paths = [os.path.join(folder, name) for name in used]
        paths.sort(key=lambda path: os.stat(f"{path}-atime").st_mtime)
        for path in paths[: len(paths) - _MOST_PROGRAMS // 2]:
            os.unlink(f"{path}-cache")
            os.unlink(f"{path}-atime")
