"""Processes that fetch the batches of a `Sequence`.

They are new processes, not forks: forking beside JAX's threads can deadlock. Loky starts them, and
pickles classes and functions of the main program by value, so that a program needs no
`if __name__ == "__main__"`, as it needed none when such processes were forks.
"""

import concurrent.futures
import contextlib
import hashlib
import os
import pickle
import random
import tempfile
import zlib

import numpy as np


class Processes:
    """A pool of processes that hold copies of one `Sequence`.

    Args:
        workers: Integer, the number of processes.
    """

    def __init__(self, workers):
        from loky import ProcessPoolExecutor

        self._pool = ProcessPoolExecutor(workers)
        self._folder = tempfile.TemporaryDirectory(prefix="hornbeam-sequence-")
        self._epoch = 0
        self._path = self._digest = None
        self._seed = 0

    def show(self, source):
        """Hands over the `Sequence` as it is now, at the beginning of an epoch.

        Raises:
            TypeError: if it cannot be pickled.
        """
        self._epoch += 1
        self._seed = _seed_of_numpy()
        pickled = _pickled(source)
        digest = hashlib.sha256(pickled).digest()
        if digest == self._digest:
            return
        path = os.path.join(self._folder.name, str(self._epoch))
        with open(path, "wb") as file:
            file.write(pickled)
        if self._path is not None:
            os.unlink(self._path)
        self._path, self._digest = path, digest

    def fetch(self, index):
        """Returns a future for batch number `index`.

        NumPy's and Python's random generators start from the program's state, the epoch and the
        index, so that a batch is the same whichever process makes it.
        """
        seed = (self._seed + 7919 * self._epoch + index) % 2**32
        return self._pool.submit(_item, self._path, index, seed)

    def close(self):
        """Ends the processes."""
        self._pool.shutdown(wait=True, kill_workers=True)
        self._folder.cleanup()


@contextlib.contextmanager
def worker_errors():
    """Says in words that a process ended without an answer."""
    try:
        yield
    except concurrent.futures.BrokenExecutor as error:
        raise RuntimeError(
            "A process that fetched batches (use_multiprocessing=True) ended without an answer: it "
            "was killed, ran out of memory, or crashed. The model keeps the weights it has now. "
            "Try fewer `workers` or a smaller `max_queue_size`, or use_multiprocessing=False."
        ) from error


def _pickled(source):
    import cloudpickle

    try:
        return cloudpickle.dumps(source, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise TypeError(
            f"use_multiprocessing=True sends the {type(source).__name__} to other processes, but "
            f"it cannot be pickled ({error}). Leave open files and locks out of it with "
            "`__getstate__`, or use threads: use_multiprocessing=False."
        ) from error


def _seed_of_numpy():
    """A number that tells NumPy's random state, without drawing from it."""
    _, key, position, *_ = np.random.get_state()
    return zlib.crc32(key.tobytes()) + position


# ---- in the processes

_held = (None, None)  # path of the pickled sequence, the sequence


def _item(path, index, seed):
    global _held
    if _held[0] != path:
        with open(path, "rb") as file:
            _held = (path, pickle.load(file))  # our own process wrote it
    np.random.seed(seed)
    random.seed(seed)
    return _held[1][index]
