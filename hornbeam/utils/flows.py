"""Iterators of data sets: buffers, threads, groups and turns."""

import collections
import concurrent.futures
import itertools
import os
import queue
import threading

import numpy as np

_END = object()


def processors():
    """How many processors there are."""
    return os.cpu_count() or 1


def repeated(source, count):
    """Reads `source()` again and again, `count` times; None ends when a reading yields nothing."""
    for _ in itertools.count() if count is None else range(count):
        empty = True
        for element in source():
            empty = False
            yield element
        if empty:
            return


def shuffled(elements, size, random):
    """Draws each element from a buffer of `size`."""
    waiting = []
    for element in elements:
        waiting.append(element)
        if len(waiting) >= size:
            yield waiting.pop(random.randint(len(waiting)))
    random.shuffle(waiting)
    yield from waiting


def groups(elements, size, drop_remainder):
    """Yields lists of `size` elements; the last may be shorter."""
    elements = iter(elements)
    while rows := list(itertools.islice(elements, size)):
        if len(rows) == size or not drop_remainder:
            yield rows


def padded(shape, fill, *arrays):
    """Stacks arrays that are filled up to one shape.

    Args:
        shape: Object with a `shape` of ints and None, or None: the largest of the arrays.
        fill: What is filled in; None means 0, or the empty string.
        *arrays: Arrays of one rank.

    Raises:
        ValueError: if an array is larger than `shape`.
    """
    wanted = getattr(shape, "shape", None)
    largest = np.max([array.shape for array in arrays], axis=0) if arrays[0].ndim else []
    sizes = [
        int(most) if wanted is None or wanted[axis] in (None, -1) else int(wanted[axis])
        for axis, most in enumerate(largest)
    ]
    dtype = arrays[0].dtype
    nothing = b"" if dtype.kind in "OS" else 0
    whole = np.full((len(arrays), *sizes), nothing if fill is None else fill, dtype)
    for row, array in enumerate(arrays):
        if any(have > size for have, size in zip(array.shape, sizes)):
            raise ValueError(
                f"Attempted to pad to a smaller size than the input element: {array.shape} to "
                f"{tuple(sizes)}."
            )
        whole[(row, *(slice(0, size) for size in array.shape))] = array
    return whole


def windows(elements, size, shift, stride, drop_remainder):
    """Yields lists of `size` elements, `stride` apart, each beginning `shift` after the last."""
    elements, waiting, ended = iter(elements), [], False
    span = (size - 1) * stride + 1
    while True:
        while len(waiting) < span and not ended:
            element = next(elements, _END)
            ended = element is _END
            if not ended:
                waiting.append(element)
        rows = waiting[:span:stride]
        if not rows or len(rows) < size and drop_remainder:
            return
        yield rows
        gap = shift - len(waiting)
        del waiting[:shift]
        for _ in range(max(0, gap)):
            if next(elements, _END) is _END:
                return


def interleaved(readers, cycle, block):
    """Reads iterators in turns: `block` elements of each of `cycle`, then of the first again.

    The place of one that has ended is taken by the next one when its turn comes again.
    """
    readers, places, ended = iter(readers), [None] * cycle, False
    turn = 0
    while True:
        if places[turn] is None and not ended:
            following = next(readers, None)
            ended = following is None
            places[turn] = None if ended else iter(following)
        if ended and not any(place is not None for place in places):
            return
        if places[turn] is not None:
            taken = 0
            for element in itertools.islice(places[turn], block):
                taken += 1
                yield element
            if taken < block:
                places[turn] = None
        turn = (turn + 1) % cycle


def cached(source, kept):
    """Reads `source()` once to its end; after that, the elements in the list `kept[0]`."""
    if kept:
        yield from kept[0]
        return
    elements = []
    for element in source():
        elements.append(element)
        yield element
    kept.append(elements)


def in_threads(function, elements, threads):
    """Calls a function on elements in threads; results come in order. -1 means one a processor."""
    threads = processors() if threads == -1 else int(threads)
    waiting = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for element in elements:
            waiting.append(pool.submit(function, element))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def ahead(source, size):
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
