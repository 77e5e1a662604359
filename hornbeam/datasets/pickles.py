"""Data sets that were published as pickles, read without running what a pickle can run.

A pickle is a program. These ones need four names of NumPy and lists of numbers; a reader that knows
nothing else, and builds the arrays itself, is enough for them. It is the second guard: the files'
hashes are checked before.
"""

import io
import math
import os
import pickle
import re
import zipfile
import zlib

import numpy as np

__all__ = ["DataFileError", "read_npz", "read_pickle"]

MAX_BYTES = 2**31  # of a data file, unpacked; the largest that Keras has takes 180 MB


class DataFileError(OSError, ValueError):
    """A data set's file is damaged, or holds something else than numbers.

    Delete it from the cache folder; the next call downloads it again.
    """


def read_npz(path, *names):
    """Returns arrays of an `.npz` file; lists of numbers, which need a pickle, among them.

    Args:
        path: Path of the file.
        *names: Strings, names of arrays in it.

    Returns:
        A list of arrays: of numbers, or of dtype object and shape `(n,)` with lists of integers.

    Raises:
        DataFileError: for anything else.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return [_read_npy(archive, f"{name}.npy") for name in names]
        except (zipfile.BadZipFile, OSError, *_BROKEN) as error:
            raise _damaged(path, error) from error


def read_pickle(path):
    """Returns the dict of arrays, numbers and strings that a pickle of Python 2 holds.

    Raises:
        DataFileError: for a pickle with anything else.
    """
    try:
        if os.path.getsize(path) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES} bytes")
        with open(path, "rb") as file:
            found = _NumbersUnpickler(file, encoding="bytes").load()
        if not isinstance(found, dict):
            raise ValueError(f"it holds a {type(found).__name__}, not a dict")
        return {
            key.decode() if isinstance(key, bytes) else key: _finished(value)
            for key, value in found.items()
        }
    except _BROKEN as error:
        raise _damaged(path, error) from error


# What a damaged or hostile pickle or array makes its reader raise.
_BROKEN = (pickle.UnpicklingError, ValueError, TypeError, AttributeError, EOFError, IndexError,
           KeyError, ImportError, MemoryError, OverflowError, RuntimeError, SyntaxError, zlib.error)


def _damaged(path, error):
    return DataFileError(
        f"The data file {path} is damaged, or holds something else than numbers: {error}. Delete "
        "it; the next call downloads it again."
    )


def _read_npy(archive, name):
    size = archive.getinfo(name).file_size
    if size > MAX_BYTES:
        raise ValueError(f"{name} has more than {MAX_BYTES} bytes")
    with archive.open(name) as member:
        content = member.read(size + 1)
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        return _of_lists(_NumbersUnpickler(stream).load(), shape, len(content))
    if math.prod(shape) * dtype.itemsize > len(content):
        raise ValueError(f"{name} is shorter than its shape {shape} says")
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)


def _of_lists(found, shape, size):
    """An array of lists of integers; checked to be that, in time that the file's size bounds."""
    lists = found.items if isinstance(found, _Array) else None
    if not isinstance(lists, list) or len(shape) != 1 or (len(lists),) != tuple(shape):
        raise ValueError("it is not one row of lists")
    if not {list, tuple}.issuperset(map(type, lists)) or sum(map(len, lists)) > size:
        raise ValueError("it holds more than lists of integers")
    array = np.empty(len(lists), object)
    for place, numbers in enumerate(lists):
        if not {int}.issuperset(map(type, numbers)):
            raise ValueError(f"row {place} holds more than integers")
        array[place] = list(numbers)
    return array


def _finished(value):
    return value.finished() if isinstance(value, _Array) else value


# ---- the few things that a pickle of numbers is made of


class _Array:
    """Stands for an array that is being unpickled; NumPy sees its bytes only once they fit."""

    __slots__ = ("dtype", "items", "shape")

    def __setstate__(self, state):
        _, shape, dtype, in_columns, items = state
        if in_columns or not isinstance(dtype, _Dtype) or not isinstance(items, (bytes, list)):
            raise pickle.UnpicklingError("an array of an unexpected layout")
        self.shape, self.dtype, self.items = shape, dtype, items

    def finished(self):
        return np.frombuffer(self.items, self.dtype.order + self.dtype.code).reshape(self.shape)


class _Dtype:
    __slots__ = ("code", "order")

    def __init__(self, code, *_):
        code = code.decode() if isinstance(code, bytes) else code
        if not re.fullmatch("[biuf][1248]|O8?", code):
            raise pickle.UnpicklingError(f"arrays of dtype {code!r}")
        self.code, self.order = code, "="

    def __setstate__(self, state):
        order = state[1].decode() if isinstance(state[1], bytes) else state[1]
        self.order = {"<": "<", ">": ">"}.get(order, "=")


class _Function:
    """A function that a pickle may call; unlike a function of Python, it cannot be changed."""

    __slots__ = ("call",)

    def __init__(self, call):
        object.__setattr__(self, "call", call)

    def __call__(self, *arguments):
        return self.call(*arguments)

    def __setattr__(self, name, value):
        raise pickle.UnpicklingError("an attempt to change a function")


def _encode(text, encoding="latin1"):
    """How Python 3 writes bytes for Python 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes as {encoding!r}")
    return text.encode("latin1")


_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _Function(lambda *_: _Array()),
    ("numpy._core.multiarray", "_reconstruct"): _Function(lambda *_: _Array()),
    ("numpy", "ndarray"): _Function(lambda *_: _Array()),
    ("numpy", "dtype"): _Function(_Dtype),
    ("_codecs", "encode"): _Function(_encode),
}


class _NumbersUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return _NAMES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None
