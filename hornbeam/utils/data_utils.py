"""Batches read ahead: `Sequence`, and the queues that programs with loops of their own use.

The names of downloads stand here too, where Keras has them.
"""

import queue
import random
import threading
import warnings

from hornbeam.renames import takes_old_names
from hornbeam.training.streams import Reader, Sequence
from hornbeam.utils.archives import extract_archive as _extract_archive  # noqa: F401  Keras's name
from hornbeam.utils.downloads import get_file
from hornbeam.utils.hashes import _hash_file, validate_file  # noqa: F401

__all__ = [
    "GeneratorEnqueuer",
    "OrderedEnqueuer",
    "Sequence",
    "SequenceEnqueuer",
    "get_file",
    "validate_file",
]


class SequenceEnqueuer:
    """Base of what fetches batches ahead, in threads or processes.

    Args:
        sequence: `Sequence` or generator.
        use_multiprocessing: Bool; whether processes fetch instead of threads.

    Example:
        enqueuer = OrderedEnqueuer(sequence)
        enqueuer.start(workers=4)
        for batch in enqueuer.get():
            ...
        enqueuer.stop()
    """

    def __init__(self, sequence, use_multiprocessing=False):
        self.sequence = sequence
        self.use_multiprocessing = use_multiprocessing
        self.workers = 0
        self.queue = None
        self.run_thread = None
        self.stop_signal = None

    def is_running(self):
        """Whether batches are being fetched."""
        return self.stop_signal is not None and not self.stop_signal.is_set()

    @takes_old_names(max_q_size="max_queue_size")
    def start(self, workers=1, max_queue_size=10):
        """Begins to fetch.

        Args:
            workers: Integer, threads or processes.
            max_queue_size: Integer, batches that wait at most.
        """
        self.workers = workers
        self.queue = queue.Queue(max_queue_size)
        self.stop_signal = threading.Event()
        self.run_thread = threading.Thread(target=self._fetch, daemon=True)
        self.run_thread.start()

    def stop(self, timeout=None):
        """Ends the fetching and waits for the thread, at most `timeout` seconds."""
        self.stop_signal.set()
        self.run_thread.join(timeout)
        while not self.queue.empty():
            self.queue.get_nowait()

    def get(self):
        """Yields the batches; those that are None are left out. An error of a worker is raised."""
        try:
            while self.is_running():
                batch, error, last = self._next()
                if error is not None:
                    raise error
                if last:
                    return
                if batch is not None:
                    yield batch
        finally:
            if self.is_running():
                self.stop()

    def _next(self):
        while True:
            try:
                return self.queue.get(timeout=0.1)
            except queue.Empty:
                if not self.is_running():
                    return None, None, True

    def _fetch(self):
        try:
            self._run()
            self._put((None, None, True))
        except BaseException as error:
            self._put((None, error, True))

    def _run(self):
        raise NotImplementedError

    def _put(self, item):
        """Puts an item when there is room; returns False if the fetching was ended before."""
        while not self.stop_signal.is_set():
            try:
                self.queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def _put_all(self, batches):
        for batch in batches:
            if not self._put((batch, None, False)):
                batches.close()
                return False
        return True


class OrderedEnqueuer(SequenceEnqueuer):
    """Fetches from a `Sequence`, epoch after epoch, in its order.

    Args:
        sequence: `Sequence`; its `on_epoch_end` is called after each epoch.
        use_multiprocessing: Bool; whether processes fetch. The `Sequence` must be picklable then.
        shuffle: Bool; whether the order is drawn anew for each epoch.
    """

    @takes_old_names(scheduling=None)
    def __init__(self, sequence, use_multiprocessing=False, shuffle=False):
        super().__init__(sequence, use_multiprocessing)
        self.shuffle = shuffle
        self.end_of_epoch_signal = threading.Event()

    def _run(self):
        reader = Reader(
            self.sequence,
            max(1, self.workers),
            self.queue.maxsize or 10,
            self.use_multiprocessing,
        )
        try:
            self._read_epochs(reader)
        finally:
            reader.close()

    def _read_epochs(self, reader):
        while not self.stop_signal.is_set():
            order = list(range(len(self.sequence)))
            if self.shuffle:
                random.shuffle(order)
            if not self._put_all(reader.items(order)):
                return
            while not self.queue.empty():  # an epoch ends when its last batch was taken
                if self.stop_signal.wait(0.01):
                    return
            self.sequence.on_epoch_end()
            self.end_of_epoch_signal.set()

    def join_end_of_epoch(self):
        """Waits, at most 30 seconds, until `on_epoch_end` has been called."""
        self.end_of_epoch_signal.wait(timeout=30)
        self.end_of_epoch_signal.clear()


class GeneratorEnqueuer(SequenceEnqueuer):
    """Fetches from a generator, which one thread reads: a generator cannot be read by several.

    Args:
        sequence: Generator or other iterator; may end.
        use_multiprocessing: Bool; must be False, because a generator cannot be sent to a process.
        wait_time: Was a pause between two batches; Keras 2.3 ignores it with a warning, as here.
        random_seed: Integer for the processes; without them it has no use, as in Keras.

    Raises:
        ValueError: for `use_multiprocessing=True`.
    """

    @takes_old_names(generator="sequence", pickle_safe="use_multiprocessing", seed="random_seed")
    def __init__(self, sequence, use_multiprocessing=False, wait_time=None, random_seed=None):
        super().__init__(sequence, use_multiprocessing)
        if use_multiprocessing:
            raise ValueError(
                "use_multiprocessing=True needs a keras.utils.Sequence and an OrderedEnqueuer: a "
                "generator cannot be read by several processes."
            )
        if wait_time is not None:
            warnings.warn("`wait_time` is not used anymore.", DeprecationWarning, stacklevel=2)
        self.random_seed = random_seed

    def _run(self):
        for batch in self.sequence:
            if not self._put((batch, None, False)):
                return
