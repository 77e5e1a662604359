"""Keeps freed memory in the process, so that each step finds the memory of the last one.

XLA asks for the memory of a program's intermediate results anew at each call. glibc gives pieces
above 32 MiB back to the system at once, which then hands them out again in cleared pages of 4 KiB:
of a step of Keras's MNIST network (65 MiB) that was a quarter of the time, 38 ms of 155. TensorFlow
and PyTorch keep theirs as well.
"""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8  # of mallopt(3), as in malloc.h
_MOST = 2**31 - 1  # mallopt takes ints


def keep_freed():
    """Lets glibc keep up to 2 GiB of freed memory; elsewhere does nothing.

    One arena for all threads: the others cannot hold large pieces. `HORNBEAM_KEEP_MEMORY=0` leaves
    the settings as they are, and so does a setting of the user's own, such as `MALLOC_ARENA_MAX`.
    """
    if not sys.platform.startswith("linux"):
        return
    if os.environ.get("HORNBEAM_KEEP_MEMORY", "1") == "0":
        return
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl and others have none
    if mallopt is not None:
        for option, value in ((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, _MOST)):
            mallopt(option, value)


def give_back():
    """Gives memory that is free back to the system: after work that needed much and is over."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
