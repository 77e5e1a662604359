"""Files of plain data and arrays: how a training is kept between two runs of a program.

None, numbers, strings, lists, tuples, sets, dicts, and arrays of any dtype come back as they were.
Reading a file runs no code from it.
"""

import contextlib
import glob
import io
import json
import os

import numpy as np

from hornbeam.backend.placement import share_bytes
from hornbeam.engine.doors import doors


class NotPlain(TypeError):
    """A value that is neither plain data nor an array."""


def encode(value, arrays):
    """Returns `value` as JSON can hold it; arrays are appended to the list `arrays`.

    Raises:
        NotPlain: for any other object.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        return [encode(item, arrays) for item in value]
    if kind in (tuple, set):
        return {kind.__name__: [encode(item, arrays) for item in value]}
    if isinstance(value, dict):
        pairs = [[encode(key, arrays), encode(item, arrays)] for key, item in value.items()]
        return {"dict": pairs}
    if isinstance(value, np.ndarray) or hasattr(value, "__array__") and hasattr(value, "dtype"):
        array = np.asarray(value)
        if array.dtype.hasobject or array.dtype.names:
            raise NotPlain(f"an array of {array.dtype}")
        arrays.append(array)
        return {"scalar" if isinstance(value, np.generic) else "array": str(array.dtype)}
    raise NotPlain(f"{value!r} of type {kind.__name__}")


def decode(data, arrays):
    """Returns what `encode` was given; `arrays` is an iterator over the arrays."""
    if isinstance(data, list):
        return [decode(item, arrays) for item in data]
    if not isinstance(data, dict):
        return data
    ((kind, content),) = data.items()
    if kind == "dict":
        return {decode(key, arrays): decode(item, arrays) for key, item in content}
    if kind in ("tuple", "set"):
        return (tuple if kind == "tuple" else set)(decode(item, arrays) for item in content)
    array = next(arrays)
    if str(array.dtype) != content:
        array = array.view(content)  # NumPy's files know no bfloat16
    return array[()] if kind == "scalar" else array


def write(path, value):
    """Writes plain data to a file, which appears whole or not at all."""
    with doors.saving.atomic.replacing(path) as temporary, open(temporary, "wb") as file:
        _dump(value, file)


def read(path):
    """Reads what `write` wrote.

    Raises:
        ValueError: if the file is damaged.
    """
    try:
        return _load(path)
    except Exception as error:
        raise ValueError(
            f"The backup {path!r} cannot be read: {type(error).__name__}: {error}. Delete it to "
            "train from the beginning."
        ) from error


def shared(value):
    """Gives every process the plain data of the first, among those that train one model."""
    file = io.BytesIO()
    _dump(value, file)
    return _load(io.BytesIO(share_bytes(file.getvalue())))


def _dump(value, file):
    arrays = []
    facts = json.dumps(encode(value, arrays)).encode()
    named = {f"array{number}": array for number, array in enumerate(arrays)}
    np.savez(file, facts=np.frombuffer(facts, "uint8"), **named)


def _load(file):
    with np.load(file, allow_pickle=False) as found:
        arrays = (found[f"array{number}"] for number in range(len(found.files) - 1))
        return decode(json.loads(found["facts"].tobytes()), arrays)


def remove_unfinished(path):
    """Removes what programs that were killed while they wrote `path` have left."""
    folder, name = os.path.split(path)
    for left in glob.glob(os.path.join(glob.escape(folder), f".{glob.escape(name)}.*.tmp")):
        with contextlib.suppress(OSError):
            os.remove(left)
