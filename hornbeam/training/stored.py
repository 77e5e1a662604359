"""Arrays that stay where they are and are read a batch at a time: on disk, or sparse."""

import mmap

import numpy as np

_HELD_BYTES = 64 * 1024**2  # pages of a mapped file that stay in memory after they were read
_SCATTERED = 64  # rows read at once; the system may map as much as 2 MiB around each


def is_stored(array):
    """Whether an array should be read in pieces: not NumPy's own, or a file mapped to memory."""
    return not isinstance(array, np.ndarray) or isinstance(array, np.memmap)


class Stored:
    """The rows `start` to `stop` of an array that is never in memory as a whole.

    Args:
        array: `np.memmap`, `HDF5Matrix`, `h5py.Dataset`, SciPy sparse matrix in CSR format, or
            anything else with `shape`, `dtype` and rows that can be asked for by number.
        dtype: NumPy dtype of the rows that are handed out.
        start, stop: Integers; `stop` None means the end.
    """

    def __init__(self, array, dtype, start=0, stop=None):
        self.array = array
        self.dtype = np.dtype(dtype)
        self._start = start
        stop = int(array.shape[0]) if stop is None else stop
        self.shape = (stop - start, *array.shape[1:])
        self.size = int(np.prod(self.shape, dtype=np.int64))
        self._read = 0

    def __getitem__(self, rows):
        """Returns the part of a slice, not yet read, or the rows of an array of numbers."""
        if isinstance(rows, slice):
            first, last, _ = rows.indices(self.shape[0])
            return Stored(self.array, self.dtype, self._start + first, self._start + last)
        return self._rows(np.asarray(rows) + self._start).astype(self.dtype, copy=False)

    def _rows(self, index):
        if isinstance(self.array, np.memmap):
            return self._mapped_rows(index)
        if hasattr(self.array, "toarray"):
            return self.array[index].toarray()
        order = np.argsort(index, kind="stable")  # files are read in rising order
        rows = np.asarray(self.array[index[order]])
        result = np.empty_like(rows)
        result[order] = rows
        return result

    def _mapped_rows(self, index):
        if index[-1] - index[0] + 1 == len(index):
            rows = np.asarray(self.array[index])
            self._read += rows.nbytes
            if self._read > _HELD_BYTES:
                self._let_go()
            return rows
        rows = np.empty((len(index), *self.array.shape[1:]), self.array.dtype)
        for start in range(0, len(index), _SCATTERED):
            part = slice(start, start + _SCATTERED)
            rows[part] = self.array[index[part]]
            self._let_go()
        return rows

    def _let_go(self):
        """Tells the system that pages read before are not needed; they stay in the file."""
        self._read = 0
        mapping = getattr(self.array, "_mmap", None)
        shared = getattr(self.array, "mode", "c") != "c"  # private changes would be lost
        if shared and isinstance(mapping, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            mapping.madvise(mmap.MADV_DONTNEED)
