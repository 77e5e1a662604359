"""Data and structures in HDF5 files: `HDF5Matrix`, `H5Dict`."""

import io
import os

import h5py
import numpy as np

from hornbeam.saving.atomic import may_write

__all__ = [
    "H5Dict",
    "HDF5Matrix",
    "HDF5_OBJECT_HEADER_LIMIT",
    "ask_to_proceed_with_overwrite",
    "h5dict",
    "load_array",
    "load_from_binary_h5py",
    "save_array",
    "save_to_binary_h5py",
]

HDF5_OBJECT_HEADER_LIMIT = 64512  # bytes in one attribute; longer lists are split


class HDF5Matrix:
    """A data set in an HDF5 file, or some of its samples, in the place of an array.

    Samples are read when they are asked for. Use `shuffle='batch'` in `fit`.

    Args:
        datapath: Path of the file. It is opened for reading and stays open.
        dataset: String, name of the data set in the file.
        start: Integer, the first sample.
        end: Integer, the sample after the last; None means all.
        normalizer: Function called with the array of the samples that were read; what it returns
            takes their place.

    Attributes:
        shape, dtype, ndim, size: as of an array.
        refs: Dict from path to open file, shared by all.

    Source: Keras 2.3.1.
    """

    refs = {}

    def __init__(self, datapath, dataset, start=0, end=None, normalizer=None):
        file = self.refs.get(datapath)
        if file is None or not file:  # a file that was closed is falsy
            file = self.refs[datapath] = h5py.File(datapath, "r")
        self.data = file[dataset]
        self.start = start
        self.end = self.data.shape[0] if end is None else end
        self.normalizer = normalizer
        first = self._normalized(self.data[0:1])
        self._base_shape = first.shape[1:]
        self._base_dtype = first.dtype

    def _normalized(self, samples):
        return samples if self.normalizer is None else self.normalizer(samples)

    def __len__(self):
        return self.end - self.start

    def __getitem__(self, key):
        """Reads samples: an integer, a slice, or a list or array of integers, sorted.

        Raises:
            IndexError: beyond the end.
        """
        if isinstance(key, slice):
            start, stop = key.start or 0, len(self) if key.stop is None else key.stop
            start, stop = (at + len(self) if at < 0 else at for at in (start, stop))
            last = stop - 1
            place = slice(start + self.start, stop + self.start, key.step)
        elif isinstance(key, (int, np.integer)):
            last = int(key) + (len(self) if key < 0 else 0)
            place = last + self.start
        else:
            indices = np.asarray(key)
            last = indices.max() if indices.size else -1
            place = (indices + self.start).tolist()
        if last + self.start >= self.end:
            raise IndexError(f"Sample {last} was asked for; there are {len(self)} samples.")
        return self._normalized(self.data[place])

    @property
    def shape(self):
        return (len(self), *self._base_shape)

    @property
    def dtype(self):
        return self._base_dtype

    @property
    def ndim(self):
        return len(self._base_shape) + 1

    @property
    def size(self):
        return int(np.prod(self.shape))


def ask_to_proceed_with_overwrite(filepath):
    """Asks on the terminal whether an existing file may be replaced. Returns the answer, a bool.

    Where there is no such file, nothing is asked and the answer is True.
    """
    return may_write(filepath, overwrite=False)


class H5Dict:
    """A dict of strings, arrays and further dicts, in an HDF5 file or in a real dict.

    Reading a key that is missing makes a group there. What is stored in a dict is stored as it is:
    nothing is pickled, so that reading a stranger's dict runs no code.

    Args:
        path: Path of a file, `h5py.Group`, or dict.
        mode: `'a'`, `'r'` (nothing may be changed) or `'w'` (what was there is dropped).

    Raises:
        TypeError: for anything else than a path, group or dict.

    Source: Keras 2.3.1.
    """

    def __init__(self, path, mode="a"):
        self._is_file = False
        self.read_only = mode == "r"
        if isinstance(path, h5py.Group):
            self.data = path
        elif isinstance(path, (str, os.PathLike)):
            self.data = h5py.File(path, mode=mode)
            self._is_file = True
        elif isinstance(path, dict):
            self.data = path
            if mode == "w":
                path.clear()
            path["_is_group"] = True
        else:
            raise TypeError(f"Required Group, str, Path or dict. Received: {type(path)}.")

    @staticmethod
    def is_supported_type(path):
        """Whether an `H5Dict` can be made of `path`."""
        return isinstance(path, (h5py.Group, dict, str, os.PathLike))

    @property
    def _in_memory(self):
        return isinstance(self.data, dict)

    def __setitem__(self, attr, val):
        if self.read_only:
            raise ValueError("Cannot set item in read-only mode.")
        attr = _text(attr)
        if self._in_memory:
            self.data[attr] = val
        elif attr in self.data:
            raise KeyError(f'Cannot set attribute. Group with name "{attr}" exists.')
        elif isinstance(val, (np.ndarray, np.generic)):
            self.data.create_dataset(attr, data=val)
        elif isinstance(val, (list, tuple)):
            self._set_list(attr, val)
        else:
            self.data.attrs[attr] = val

    def _set_list(self, attr, items):
        items = [item.encode("utf-8") if isinstance(item, str) else item for item in items]
        too_long = [
            item for item in items
            if isinstance(item, bytes) and len(item) > HDF5_OBJECT_HEADER_LIMIT
        ]
        if too_long:
            raise RuntimeError(
                "The following attributes cannot be saved to HDF5 file because they are larger "
                f"than {HDF5_OBJECT_HEADER_LIMIT} bytes: {[item[:40] for item in too_long]}"
            )
        array = np.asarray(items)
        parts = -(-array.nbytes // HDF5_OBJECT_HEADER_LIMIT) or 1
        while parts > 1 and any(
            part.nbytes > HDF5_OBJECT_HEADER_LIMIT for part in np.array_split(array, parts)
        ):
            parts += 1
        if parts == 1:
            self.data.attrs[attr] = items
            return
        for number, part in enumerate(np.array_split(array, parts)):
            self.data.attrs[f"{attr}{number}"] = part

    def __getitem__(self, attr):
        attr = _text(attr)
        if self._in_memory:
            if attr not in self.data:
                self._may_make_group()
                self.data[attr] = {"_is_group": True}
            found = self.data[attr]
            is_group = isinstance(found, dict) and found.get("_is_group")
            return self._below(found) if is_group else found
        if attr in self.data.attrs:
            found = self.data.attrs[attr]
            if isinstance(found, str) and self._was_bytes(attr):
                return found.encode("utf-8")
            if isinstance(found, (np.ndarray, np.generic)) and found.dtype.kind == "S":
                return found.tolist()
            return found
        if attr in self.data:
            found = self.data[attr]
            return np.asarray(found) if isinstance(found, h5py.Dataset) else self._below(found)
        if f"{attr}0" in self.data.attrs:
            items, number = [], 0
            while f"{attr}{number}" in self.data.attrs:
                items += [_text(item) for item in self.data.attrs[f"{attr}{number}"]]
                number += 1
            return items
        self._may_make_group()
        return self._below(self.data.create_group(attr))

    def _was_bytes(self, attr):
        """Whether a text was stored as bytes: h5py 3 reads both kinds as str."""
        return self.data.attrs.get_id(attr).get_type().get_cset() == h5py.h5t.CSET_ASCII

    def _below(self, found):
        below = H5Dict(found)
        below.read_only = self.read_only
        return below

    def _may_make_group(self):
        if self.read_only:
            raise ValueError("Cannot create group in read-only mode.")

    def __contains__(self, key):
        return key in self.data or (not self._in_memory and key in self.data.attrs)

    def get(self, key, default=None):
        """Returns what stands under a key, or `default`; makes no group."""
        return self[key] if key in self else default

    def update(self, *args):
        """Sets the items of a dict, or of pairs."""
        for mapping in args:
            for key, value in dict(mapping).items():
                self[key] = value

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        return iter(self.data)

    def iter(self):
        """Returns an iterator over the names of groups and arrays."""
        return iter(self.data)

    def __getattr__(self, name):
        if name.startswith("__") or name == "data":
            raise AttributeError(name)
        return getattr(self.data, name)

    def close(self):
        """Writes everything to the disk, and closes the file if this object opened it."""
        if not self._in_memory:
            self.data.file.flush()
            if self._is_file:
                self.data.close()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        self.close()


h5dict = H5Dict


def _text(value):
    return value.decode("utf-8") if isinstance(value, bytes) else value


def load_from_binary_h5py(load_function, stream):
    """Calls a function with the HDF5 file that a binary stream holds.

    Args:
        load_function: Function of an `h5py.File`.
        stream: Object with `read()`.

    Returns:
        What the function returns.
    """
    with h5py.File(io.BytesIO(stream.read()), "r") as file:
        return load_function(file)


def save_to_binary_h5py(save_function, stream):
    """Calls a function with an empty HDF5 file in memory, and writes the file to a binary stream.

    Args:
        save_function: Function of an `h5py.File`.
        stream: Object with `write(bytes)`.

    Returns:
        What the function returns.
    """
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        result = save_function(file)
    stream.write(buffer.getvalue())
    return result


def save_array(array, name):
    """Writes an array to an HDF5 file, as the data set `data`; Keras 1 reads it.

    Args:
        array: Array.
        name: Path of the file; one that is there is replaced.
    """
    with h5py.File(name, "w") as file:
        file["data"] = np.asarray(array)


def load_array(name):
    """Returns the array that `save_array`, of Keras 1 too, wrote to the file `name`."""
    with h5py.File(name, "r") as file:
        if file.get("data", getlink=True).__class__ is not h5py.HardLink or file["data"].external:
            raise ValueError(f"{name} keeps its array in another file, which is not read.")
        return file["data"][()]
