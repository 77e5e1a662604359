"""`tf.data`."""

import numpy as np

from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.data import experimental
from hornbeam.compat.tensorflow.dtypes import TensorSpec
from hornbeam.utils import elements
from hornbeam.utils.dataset import AUTOTUNE, Dataset, Iterator
from hornbeam.utils.elements import plain

elements.spec_class = TensorSpec

INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2


class Options:
    """How TensorFlow is to read a data set. What is read does not depend on it.

    Any attribute can be set: `options.experimental_deterministic = False`.
    """

    def __init__(self):
        self.deterministic = None
        self.autotune = _Hints()
        self.threading = _Hints()
        self.experimental_distribute = _Hints()
        self.experimental_optimization = _Hints()
        self.experimental_threading = _Hints()

    def merge(self, options):
        """Returns options with those of both; the other's win."""
        merged = Options()
        merged.__dict__.update({**self.__dict__, **options.__dict__})
        return merged


class _Hints:
    """A group of options."""


def make_one_shot_iterator(dataset):
    """Returns an iterator over a data set, with `get_next()`."""
    return iter(dataset)


make_initializable_iterator = make_one_shot_iterator


def _lines(names):
    for name in names:
        with open(name, "rb") as file:
            for line in file:
                yield np.asarray(line.rstrip(b"\r\n"), dtype=object)


def TextLineDataset(filenames, compression_type=None, buffer_size=None, num_parallel_reads=None):
    """Returns a data set of the lines of text files, as bytes without line ends.

    Args:
        filenames: Name of a file, or a list of names.
        compression_type: None; compressed files are not read.
        buffer_size, num_parallel_reads: Files are read one after the other.

    Raises:
        ValueError: for a `compression_type`.
    """
    if compression_type:
        raise ValueError(
            f"TextLineDataset(compression_type={compression_type!r}): compressed files are not "
            "read. Unpack them first (gzip.open, zlib)."
        )
    names = [
        name.decode() if isinstance(name, bytes) else str(name)
        for name in plain(filenames).reshape(-1)
    ]
    return Dataset(lambda: _lines(names))


__all__ = [
    "AUTOTUNE",
    "Dataset",
    "INFINITE_CARDINALITY",
    "Iterator",
    "Options",
    "TextLineDataset",
    "UNKNOWN_CARDINALITY",
    "experimental",
    "make_initializable_iterator",
    "make_one_shot_iterator",
]


__getattr__ = teller("data")
