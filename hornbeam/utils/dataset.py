"""A data set that can be read again and again: what users of `tf.data` know, with NumPy inside."""

import collections
import concurrent.futures
import itertools
import operator
import os
import queue
import threading

import jax
import numpy as np

__all__ = ["Dataset"]

AUTOTUNE = -1


class Values(np.ndarray):
    """An array with the `numpy()` that programs for TensorFlow call."""

    def numpy(self):
        """Returns a plain NumPy array of the same memory."""
        return np.asarray(self)


class Dataset:
    """Elements (arrays, or tuples, lists or dictionaries of them) that are made anew when read.

    Each method returns a new data set and leaves this one as it is. `fit`, `evaluate` and `predict`
    take a data set of batches as it is.

    Args:
        source: Function without arguments that returns an iterator, called for each reading.
        length: Integer number of elements, None if unknown, or `float('inf')`.
        **attributes: Set on this data set, such as `class_names`; methods hand them on.

    Example:
        >>> numbers = Dataset.from_tensor_slices(np.arange(5)).batch(2)
        >>> [batch.tolist() for batch in numbers]
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, source, length=None, **attributes):
        self._source = source
        self._length = length
        self._attributes = attributes
        self.__dict__.update(attributes)

    @classmethod
    def from_tensor_slices(cls, arrays):
        """Returns a data set of the rows of an array, or of a structure of equally long arrays."""
        arrays = jax.tree.map(np.asarray, arrays)
        lengths = {len(array) for array in jax.tree.leaves(arrays)}
        if len(lengths) != 1:
            raise ValueError(
                f"from_tensor_slices got arrays of the lengths {sorted(lengths)}. Expected one "
                "length for all."
            )
        (length,) = lengths

        def rows():
            for row in range(length):
                yield jax.tree.map(operator.itemgetter(row), arrays)

        return cls(rows, length)

    def _next(self, source, length=None):
        return Dataset(source, length, **self._attributes)

    def __iter__(self):
        """Reads the data set from its beginning."""
        return map(_as_values, self._source())

    def as_numpy_iterator(self):
        """Returns an iterator over the elements as plain NumPy arrays."""
        return map(_as_arrays, self._source())

    def __len__(self):
        if self._length is None or self._length == float("inf"):
            kind = "infinite" if self._length else "unknown until it has been read"
            raise TypeError(f"The length of this data set is {kind}. Use take(n) to bound it.")
        return self._length

    def cardinality(self):
        """Returns the number of elements: -1 if infinite, -2 if unknown."""
        if self._length is None:
            return -2
        return -1 if self._length == float("inf") else self._length

    @property
    def element_spec(self):
        """Shapes and dtypes of an element, read from the first; rows of a batch count as None."""
        first = next(iter(self.as_numpy_iterator()))
        return jax.tree.map(lambda array: ((None, *array.shape[1:]), array.dtype), first)

    def take(self, count):
        """Keeps the first `count` elements; -1 keeps all."""
        if count == -1:
            return self
        length = None if self._length is None else min(count, self._length)
        return self._next(lambda: itertools.islice(self._source(), count), length)

    def skip(self, count):
        """Leaves out the first `count` elements."""
        length = None if self._length is None else max(0, self._length - count)
        return self._next(lambda: itertools.islice(self._source(), count, None), length)

    def map(self, map_func, num_parallel_calls=None, deterministic=None):
        """Changes each element by a function.

        Args:
            map_func: Function of an element; of several arguments if elements are tuples.
            num_parallel_calls: Integer, threads that call it; None for this thread, `AUTOTUNE`
                (-1) for one a core. The order stays.
            deterministic: True or None; False, which would let the order change, is no faster
                here and does the same.
        """

        def call(element):
            return map_func(*element) if isinstance(element, tuple) else map_func(element)

        def mapped():
            if num_parallel_calls is None:
                return map(call, self._source())
            return _in_threads(call, self._source(), num_parallel_calls)

        return self._next(mapped, self._length)

    def filter(self, predicate):
        """Keeps the elements for which a function is true."""

        def kept():
            for element in self._source():
                arguments = element if isinstance(element, tuple) else (element,)
                if predicate(*arguments):
                    yield element

        return self._next(kept)

    def batch(self, batch_size, drop_remainder=False):
        """Puts `batch_size` elements into one; the last may be smaller.

        Args:
            batch_size: Integer.
            drop_remainder: Bool; whether a smaller last one is left out.
        """

        def batches():
            elements = iter(self._source())
            while rows := list(itertools.islice(elements, batch_size)):
                if len(rows) == batch_size or not drop_remainder:
                    yield jax.tree.map(lambda *leaves: np.stack(leaves), *rows)

        length = self._length
        if length not in (None, float("inf")):
            length = length // batch_size if drop_remainder else -(-length // batch_size)
        return self._next(batches, length)

    def unbatch(self):
        """Makes the rows of each element elements of their own."""

        def rows():
            for element in self._source():
                leaves, structure = jax.tree.flatten(element)
                for row in zip(*leaves):
                    yield jax.tree.unflatten(structure, row)

        return self._next(rows)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True):
        """Draws each element from a buffer of the next ones.

        Args:
            buffer_size: Integer, elements in the buffer; as many as there are shuffle evenly.
            seed: Integer or None.
            reshuffle_each_iteration: Bool; whether each reading has another order.
        """
        random = np.random.RandomState(seed)
        start = random.get_state()

        def shuffled():
            if not reshuffle_each_iteration:
                random.set_state(start)
            waiting = []
            for element in self._source():
                waiting.append(element)
                if len(waiting) >= buffer_size:
                    yield waiting.pop(random.randint(len(waiting)))
            random.shuffle(waiting)
            yield from waiting

        return self._next(shuffled, self._length)

    def repeat(self, count=None):
        """Reads the data set `count` times; None or -1 without end."""
        if count in (None, -1):
            endless = lambda: itertools.chain.from_iterable(  # noqa: E731
                self._source() for _ in itertools.count()
            )
            return self._next(endless, float("inf"))
        length = None if self._length is None else self._length * count
        return self._next(
            lambda: itertools.chain.from_iterable(self._source() for _ in range(count)), length
        )

    def cache(self, filename=""):
        """Keeps the elements in memory at the first complete reading.

        Raises:
            ValueError: for a `filename`: files are not supported. Use `np.save` and a memmap.
        """
        if filename:
            raise ValueError(
                f"cache({filename!r}): a cache in a file is not supported; cache() keeps the "
                "elements in memory. For more than fits, np.save them and read a np.memmap."
            )
        kept = []

        def cached():
            if kept:
                yield from kept[0]
                return
            elements = []
            for element in self._source():
                elements.append(element)
                yield element
            kept.append(elements)

        return self._next(cached, self._length)

    def prefetch(self, buffer_size):
        """Makes elements ahead, in a thread.

        Args:
            buffer_size: Integer, elements that wait at most; `AUTOTUNE` (-1) means 2.
        """
        ahead = 2 if buffer_size == AUTOTUNE else max(1, buffer_size)
        return self._next(lambda: _ahead(self._source, ahead), self._length)


def _as_values(element):
    return jax.tree.map(lambda leaf: np.asarray(leaf).view(Values), element)


def _as_arrays(element):
    return jax.tree.map(np.asarray, element)


def _in_threads(function, elements, threads):
    threads = (os.cpu_count() or 1) if threads == AUTOTUNE else threads
    waiting = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for element in elements:
            waiting.append(pool.submit(function, element))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_END = object()


def _ahead(source, size):
    """Yields the elements of `source()`, which a thread makes; its errors are raised here."""
    waiting, stop = queue.Queue(size), threading.Event()

    def put(item):
        while not stop.is_set():
            try:
                return waiting.put(item, timeout=0.1)
            except queue.Full:
                continue

    def read():
        try:
            for element in source():
                put((element, None))
                if stop.is_set():
                    return
            put((_END, None))
        except BaseException as error:
            put((_END, error))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        while True:
            element, error = waiting.get()
            if error is not None:
                raise error
            if element is _END:
                return
            yield element
    finally:
        stop.set()
        thread.join(timeout=5)
