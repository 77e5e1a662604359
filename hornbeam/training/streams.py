"""Reads batches ahead of training: `Sequence`, and threads or processes that fetch from it."""

import collections
import concurrent.futures
import queue
import random
import threading
import warnings

from hornbeam.training.processes import Processes, worker_errors


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


class Reader:
    """Reads a source epoch after epoch, with the same threads or processes in all of them.

    Args:
        source: `Sequence`, generator or iterable.
        workers: Integer threads or processes that fetch; 0 fetches in this thread. A generator is
            read by one thread, however many are asked for.
        max_queue_size: Integer batches that are fetched ahead.
        use_multiprocessing: Bool, whether processes fetch instead of threads. Works for a
            `Sequence`; a generator is read by a thread, with a warning.
        shuffle: Bool, whether a `Sequence` is read in random order.

    Attributes:
        before_end: None, or a function that is called before each `on_epoch_end` of a `Sequence`.
    """

    def __init__(
        self, source, workers=1, max_queue_size=10, use_multiprocessing=False, shuffle=False
    ):
        self._source = source
        self._workers = workers
        self._ahead = max_queue_size
        self._shuffle = shuffle
        self.before_end = None
        self._processes = None
        if use_multiprocessing and workers:
            if is_sequence(source):
                self._processes = Processes(workers)
            else:
                warnings.warn(
                    "use_multiprocessing=True works with a keras.utils.Sequence. A generator "
                    "cannot be read by several processes; one thread reads it ahead.",
                    UserWarning,
                    stacklevel=8,
                )

    @property
    def is_synchronous(self):
        """Whether the thread that asks for a batch is the one that reads it."""
        return not self._workers

    def epoch(self):
        """Returns an iterator over the batches of one reading of the source.

        The order of a shuffled `Sequence` is drawn from Python's `random`, as Keras does.
        """
        if is_sequence(self._source):
            order = list(range(len(self._source)))
            if self._shuffle:
                random.shuffle(order)
            return self._epoch_of_sequence(order)
        iterator = iter(self._source)
        return _Ahead(iterator, self._ahead) if self._workers else iterator

    def _epoch_of_sequence(self, order):
        yield from self.items(order)
        if hasattr(self._source, "on_epoch_end"):
            if self.before_end is not None:
                self.before_end()
            self._source.on_epoch_end()

    def items(self, order):
        """Yields the batches of a `Sequence` whose numbers are in the list `order`."""
        source = self._source
        if not self._workers:
            for index in order:
                yield source[index]
        elif self._processes is not None:
            self._processes.show(source)
            yield from _in_order(self._processes.fetch, order, self._ahead)
        else:
            with concurrent.futures.ThreadPoolExecutor(self._workers) as pool:
                fetch = lambda index: pool.submit(source.__getitem__, index)  # noqa: E731
                yield from _in_order(fetch, order, self._ahead)

    def close(self):
        """Ends the processes."""
        if self._processes is not None:
            self._processes.close()


def _in_order(submit, order, ahead):
    """Yields results in the order of `order`, `ahead` of them under way."""
    waiting, rest = collections.deque(), iter(order)
    try:
        for index in rest:
            waiting.append(submit(index))
            if len(waiting) >= max(1, ahead):
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    finally:
        for future in waiting:
            future.cancel()


def _result(future):
    with worker_errors():
        return future.result()


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
