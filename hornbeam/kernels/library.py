"""The native kernels (`native/`), where they were built: for XLA's CPU client, float32 alone."""

import ctypes
import functools
import importlib.util
import os

import jax
import numpy as np

__all__ = ["fits", "native_library"]

_TARGETS = {
    "hornbeam_convolve": "HornbeamConvolve",
    "hornbeam_input_gradient": "HornbeamInputGradient",
    "hornbeam_kernel_gradient": "HornbeamKernelGradient",
    "hornbeam_recurrent_forwards": "HornbeamRecurrentForwards",
    "hornbeam_recurrent_back": "HornbeamRecurrentBack",
}


@functools.cache
def native_library():
    """The native kernels, registered with JAX; None where they were not built or do not fit.

    `HORNBEAM_NATIVE_KERNELS=0` leaves them out.
    """
    if os.environ.get("HORNBEAM_NATIVE_KERNELS", "1") == "0":
        return None
    spec = importlib.util.find_spec("hornbeam.kernels._native")
    if spec is None:
        return None
    try:
        library = ctypes.CDLL(spec.origin)
        for target, function in _TARGETS.items():
            capsule = jax.ffi.pycapsule(getattr(library, function))
            jax.ffi.register_ffi_target(target, capsule, platform="cpu")
    except (OSError, AttributeError, RuntimeError):  # built for another machine or another jaxlib
        return None
    return library


def fits(dtype):
    """Whether there is native code for arrays of a dtype, on the devices in use.

    Programs for several devices are divided by XLA, which cannot divide what it does not know.
    """
    return (
        dtype == np.float32
        and jax.default_backend() == "cpu"
        and jax.device_count() == 1
        and native_library() is not None
    )
