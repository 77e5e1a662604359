"""Names that NumPy and h5py had."""

import numpy as np

__all__ = ["NINF", "NZERO", "PZERO", "alen", "asfarray", "asscalar", "dataset_value", "in1d",
           "msort", "sctypes"]

NINF = -np.inf
NZERO = -0.0
PZERO = 0.0

sctypes = {
    "complex": [np.complex64, np.complex128, np.clongdouble],
    "float": [np.float16, np.float32, np.float64, np.longdouble],
    "int": [np.int8, np.int16, np.int32, np.int64],
    "others": [bool, object, bytes, str, np.void],
    "uint": [np.uint8, np.uint16, np.uint32, np.uint64],
}

dataset_value = property(lambda dataset: dataset[()], doc="All of the dataset, as `dataset[()]`.")


def asscalar(a):
    """The one element of an array, as a Python number."""
    return np.asarray(a).item()


def alen(a):
    """The length of the first axis; 1 of a number."""
    return len(np.atleast_1d(a))


def asfarray(a, dtype=np.float64):
    """An array of floats: `dtype`, or float64 if that is no kind of float."""
    return np.asarray(a, dtype if np.issubdtype(dtype, np.inexact) else np.float64)


def in1d(ar1, ar2, assume_unique=False, invert=False):
    """Whether each element of `ar1`, in one row, is in `ar2`."""
    return np.isin(np.ravel(ar1), ar2, assume_unique=assume_unique, invert=invert)


def msort(a):
    """A copy of `a`, sorted along its first axis."""
    return np.sort(a, axis=0)
