"""`tf.sysconfig`: how TensorFlow was built; here, how JAX runs."""

import os

from hornbeam.compat.tensorflow.absent import teller

__all__ = ["get_build_info", "get_compile_flags", "get_include", "get_lib", "get_link_flags"]


def get_lib():
    """Returns the folder of this package; there is no library of TensorFlow."""
    return os.path.dirname(__file__)


get_include = get_lib


def get_compile_flags():
    """Returns an empty list: nothing is compiled against it."""
    return []


get_link_flags = get_compile_flags


def get_build_info():
    """Returns a dict that tells whether GPUs are used."""
    from hornbeam.compat.tensorflow.test import is_built_with_cuda, is_built_with_rocm

    return {"is_cuda_build": is_built_with_cuda(), "is_rocm_build": is_built_with_rocm(),
            "is_tensorrt_build": False}


__getattr__ = teller("sysconfig")
