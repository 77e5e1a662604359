"""Reads batches ahead of training: `Sequence`, and threads or processes that fetch from it."""

import collections
import concurrent.futures
import multiprocessing
import queue
import threading

import numpy as np


class Sequence:
    """Base of data sets that are read batch by batch, in any order.

    Subclasses give `__getitem__(index)`, which returns a batch, and `__len__`, the number of
    batches; `on_epoch_end` may change the data between epochs.
    """

    use_sequence_api = True

    def __getitem__(self, index):
        """Returns batch number `index`."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index).")

    def __len__(self):
        """Returns the number of batches."""
        raise NotImplementedError(f"{type(self).__name__} must define __len__().")

    def on_epoch_end(self):
        """Called after each epoch; does nothing by default."""

    def __iter__(self):
        """Yields all batches, in order."""
        for index in range(len(self)):
            yield self[index]


def is_sequence(source):
    """Whether batches can be asked for by number."""
    return hasattr(source, "__getitem__") and hasattr(source, "__len__")


def iterate(source, workers=1, max_queue_size=10, use_multiprocessing=False, shuffle=False):
    """Returns an iterator over the batches of one reading of `source`.

    Args:
        source: `Sequence`, generator or iterable.
        workers: Integer threads or processes that fetch; 0 fetches in this thread.
        max_queue_size: Integer batches that are fetched ahead.
        use_multiprocessing: Bool, whether processes fetch instead of threads. They are spawned,
            so the `Sequence` must be picklable.
        shuffle: Bool, whether a `Sequence` is read in random order.

    Raises:
        ValueError: for processes on a generator, which cannot be sent to a process.
    """
    if is_sequence(source):
        return _read_sequence(source, workers, max_queue_size, use_multiprocessing, shuffle)
    if use_multiprocessing and workers:
        raise ValueError(
            "use_multiprocessing=True needs a keras.utils.Sequence: a generator cannot be read by "
            "several processes. Write a Sequence, or leave use_multiprocessing out."
        )
    iterator = iter(source)
    return _Ahead(iterator, max_queue_size) if workers else iterator


def _read_sequence(source, workers, max_queue_size, use_multiprocessing, shuffle):
    order = np.arange(len(source))
    if shuffle:
        np.random.shuffle(order)
    order = order.tolist()
    if not workers:
        for index in order:
            yield source[index]
    elif use_multiprocessing:
        with concurrent.futures.ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),  # forking beside JAX can deadlock
            initializer=_keep,
            initargs=(source,),
        ) as pool:
            yield from _in_order(lambda index: pool.submit(_item, index), order, max_queue_size)
    else:
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            submit = lambda index: pool.submit(source.__getitem__, index)  # noqa: E731
            yield from _in_order(submit, order, max_queue_size)
    if hasattr(source, "on_epoch_end"):
        source.on_epoch_end()


def _in_order(submit, order, ahead):
    """Yields results in the order of `order`, `ahead` of them under way."""
    waiting, rest = collections.deque(), iter(order)
    try:
        for index in rest:
            waiting.append(submit(index))
            if len(waiting) >= max(1, ahead):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


_kept = None


def _keep(source):
    global _kept
    _kept = source


def _item(index):
    return _kept[index]


class _Ahead:
    """Runs a generator in a thread, some batches ahead; its errors are raised here."""

    _END = object()

    def __init__(self, iterator, max_queue_size):
        self._iterator = iterator
        self._queue = queue.Queue(max(1, max_queue_size))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._fetch, daemon=True)
        self._thread.start()

    def _fetch(self):
        try:
            for item in self._iterator:
                if not self._put((item, None)):
                    return
            self._put((self._END, None))
        except BaseException as error:
            self._put((self._END, error))

    def _put(self, item):
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def __iter__(self):
        return self

    def __next__(self):
        if self._stop.is_set():
            raise StopIteration
        item, error = self._queue.get()
        if item is self._END:
            self._stop.set()
            if error is not None:
                raise error
            raise StopIteration
        return item

    def close(self):
        """Ends the thread."""
        self._stop.set()
        self._thread.join(timeout=5)
