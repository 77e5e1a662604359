"""`tf.test`: what programs ask of the machine, and the base of test cases."""

import os
import tempfile
import unittest

import numpy as np

from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.config import devices

__all__ = [
    "TestCase", "assert_equal_graph_def", "get_temp_dir", "gpu_device_name",
    "is_built_with_cuda", "is_built_with_gpu_support", "is_built_with_rocm", "is_built_with_xla",
    "is_gpu_available", "main", "test_src_dir_path",
]  # fmt: skip


def gpu_device_name():
    """Returns '/device:GPU:0' where there is a GPU, else ''."""
    return "/device:GPU:0" if devices("GPU") else ""


def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None):
    """Whether JAX sees a GPU; with `cuda_only`, one of NVIDIA's."""
    found = devices("GPU")
    return bool(found) and not (cuda_only and _platform() != "cuda")


def _platform():
    from jax.extend.backend import get_backend

    return "rocm" if "rocm" in get_backend().platform_version.lower() else "cuda"


def is_built_with_cuda():
    """Whether JAX has its CUDA plugin, so that it may find a GPU."""
    return bool(devices("GPU")) and _platform() == "cuda"


def is_built_with_rocm():
    """Whether JAX runs on AMD's GPUs."""
    return bool(devices("GPU")) and _platform() == "rocm"


def is_built_with_gpu_support():
    """Whether JAX runs on GPUs."""
    return bool(devices("GPU"))


def is_built_with_xla():
    """True: everything runs through XLA."""
    return True


def get_temp_dir():
    """Returns a folder for files of tests."""
    return tempfile.gettempdir()


def test_src_dir_path(relative_path):
    """Returns a path below the current folder."""
    return os.path.join(os.getcwd(), relative_path)


def main(argv=None):
    """Runs the tests of the program."""
    unittest.main(argv=argv)


def assert_equal_graph_def(actual, expected, **options):
    """Raises NotImplementedError: there are no graph definitions here."""
    raise NotImplementedError("hornbeam has no TensorFlow graphs to compare.")


class TestCase(unittest.TestCase):
    """`unittest.TestCase` with comparisons of arrays."""

    def assertAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):  # noqa: N802
        """Fails unless two structures of arrays are close."""
        if isinstance(a, (list, tuple)) and any(np.ndim(x) for x in a):
            for x, y in zip(a, b, strict=True):
                self.assertAllClose(x, y, rtol, atol, msg)
        else:
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol, atol, err_msg=msg or "")

    def assertAllEqual(self, a, b, msg=None):  # noqa: N802
        """Fails unless two arrays are equal."""
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b), msg or "")

    def assertShapeEqual(self, input_a, input_b, msg=None):  # noqa: N802
        """Fails unless two tensors have one shape."""
        self.assertEqual(tuple(input_a.shape), tuple(input_b.shape), msg)

    def evaluate(self, tensors):
        """Returns the values of tensors as NumPy arrays."""
        import jax

        return jax.tree.map(np.asarray, tensors)

    def get_temp_dir(self):
        """Returns a folder for files of tests."""
        return get_temp_dir()

    def session(self, *args, **kwargs):
        """Returns a session, for `with`."""
        from hornbeam.compat.tensorflow.sessions import Session

        return Session()

    test_session = cached_session = session


__getattr__ = teller("test")
