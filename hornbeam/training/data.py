"""Where batches come from: arrays in memory, or streams of batches.

An adapter says how many samples and steps an epoch has and hands out the batches. `Arrays` says
"I am arrays in memory", so that a compiled loop may gather its own batches.
"""

import jax
import numpy as np

from hornbeam.backend.precision import wide_scope
from hornbeam.training import streams
from hornbeam.training.randomness import is_random_state, random_state, set_random_state
from hornbeam.training.stored import Stored, is_stored

_DEVICE_BYTES = 2 * 1024**3  # larger data stay on the host and go to the device in pieces


class Arrays:
    """Arrays in memory (or on disk, behind NumPy's interface).

    Args:
        x: List of input arrays.
        y: List of target arrays.
        weights: List of arrays or None, one for each target.
        batch_size: Integer.
        wide: Whether 64-bit dtypes stay such.
    """

    is_arrays = True

    def __init__(self, x, y, weights, batch_size, wide=False):
        self.tree = (_narrow(x, wide), _narrow(y, wide), _narrow(weights, wide))
        leaves = jax.tree.leaves(self.tree)
        self.samples = int(leaves[0].shape[0]) if leaves else 1
        self._size = batch_size
        self.batch_size = min(batch_size, self.samples)
        self.steps = -(-self.samples // self.batch_size)
        self.order = np.arange(self.samples, dtype=np.int32)
        self._on_device = self._placement = None
        bytes_ = sum(a.size * a.dtype.itemsize for a in leaves)
        whole = all(isinstance(a, np.ndarray) for a in leaves)
        self.fits = whole and bytes_ <= _DEVICE_BYTES

    def place_on(self, placement):
        """Shares the batches out as a `Placement` says; None: one device has them.

        Raises:
            ValueError: if several processes were given different numbers of samples.
        """
        self._placement = placement
        if placement is not None:
            placement.check_batches(self.samples, self.batch_size)
            self.fits = self.fits and not placement.own_samples

    def shuffle(self, mode):
        """Shuffles the order of an epoch, as Keras does with NumPy's global generator.

        Args:
            mode: True, False, or 'batch' to shuffle batches as wholes.
        """
        if mode == "batch":
            size = self.batch_size
            whole = self.samples // size * size
            batches = self.order[:whole].reshape(-1, size)
            np.random.shuffle(batches)
            self.order = np.concatenate([batches.reshape(-1), self.order[whole:]])
        elif mode:
            self.order = self.order.copy()  # the last epoch's may still be on its way
            np.random.shuffle(self.order)

    def track(self):
        """Does nothing: `place` is always known."""

    def place(self):
        """Returns what tells the same data of another run where this one is, as plain data."""
        return {"order": self.order, "batch_size": self.batch_size}

    def go_to(self, place):
        """Takes the order of another run.

        Args:
            place: What `place()` returned there.

        Returns:
            False: no random numbers were drawn.

        Raises:
            ValueError: if there is another number of samples, or of samples in a batch.
        """
        if (len(place["order"]), place["batch_size"]) != (self.samples, self.batch_size):
            raise ValueError(
                f"The data have {self.samples} samples in batches of {self.batch_size}; when the "
                f"training was backed up it was {len(place['order'])} in batches of "
                f"{place['batch_size']}. Pass the same data to go on with the training."
            )
        self.order = np.array(place["order"], np.int32)
        return False

    def on_device(self):
        """Returns the arrays on the device, or on each of several; they are moved there once."""
        if self._on_device is None:
            with wide_scope():  # what is to be narrow has been made so; the rest stays wide
                if self._placement is not None:  # each device takes its samples out of all of them
                    self._on_device = self._placement.whole(self.tree)
                else:
                    self._on_device = jax.tree.map(_device_array, self.tree)
        return self._on_device

    def rows(self, start, size):
        """Returns the batch of `size` samples at `start` of this epoch's order."""
        index = self.order[start : start + size]
        return jax.tree.map(lambda array: array[index], self.tree)

    def batch_shapes(self, size, fills=False):
        """Returns the shapes of a batch of `size` samples; with `fills`, and how many count."""
        shapes = jax.tree.map(
            lambda a: jax.ShapeDtypeStruct((size, *a.shape[1:]), a.dtype), self.tree
        )
        return (*shapes, jax.ShapeDtypeStruct((), "int32")) if fills else shapes

    def split(self, fraction):
        """Splits off the last samples; returns the first and the last part.

        Raises:
            ValueError: if the fraction is outside (0, 1) or leaves a part without samples.
        """
        if not 0 < fraction < 1:
            raise ValueError(f"`validation_split` must be in [0, 1); got {fraction}.")
        at = int(self.samples * (1.0 - fraction))
        if at == 0 or at == self.samples:
            raise ValueError(
                f"Training data contains {self.samples} samples, which is not sufficient to split "
                f"it into a validation and training set as specified by "
                f"validation_split={fraction}."
            )
        return self._part(slice(None, at)), self._part(slice(at, None))

    def _part(self, rows):
        tree = jax.tree.map(lambda array: array[rows], self.tree)
        part = Arrays(*tree, self._size, wide=True)  # the arrays are narrow already
        part.place_on(self._placement)
        return part

    def batches(self, first=0):
        """Yields the batches of an epoch, from number `first` on."""
        for step in range(first, self.steps):
            yield self.rows(step * self.batch_size, self.batch_size)


def _device_array(array):
    if array.nbytes < 1 << 20:
        return jax.device_put(array)
    # The CPU backend takes 64-byte aligned memory as it is; NumPy's is aligned to 16.
    room = np.empty(array.nbytes + 64, np.uint8)
    start = -room.ctypes.data % 64
    aligned = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    np.copyto(aligned, array)
    return jax.device_put(aligned)


# By NumPy's dtype characters, since `dtype.name` is slow.
_NARROW = {"d": "float32", "l": "int32", "q": "int32", "L": "uint32", "Q": "uint32"}


def _narrow(arrays, wide):
    return [narrow(array, wide) for array in arrays]


def narrow(array, wide=False):
    """Returns the array in 32 bits, as all work is done unless 64 bits are asked for.

    An array on disk, or a sparse one, becomes `Stored`.
    """
    if array is None or isinstance(array, Stored):
        return array
    dtype = None if wide else _NARROW.get(array.dtype.char)
    if is_stored(array):
        return Stored(array, dtype or array.dtype)
    return array if dtype is None else array.astype(dtype)


def _length(source):
    """The number of batches of a source; None where it has no length but knows `cardinality()`.

    Raises:
        ValueError: if there is no end.
    """
    cardinality = getattr(source, "cardinality", None)
    if cardinality is None:
        return len(source)
    number = int(cardinality())
    if number == -1:
        raise ValueError(
            "The data set has no end. Pass the number of steps: `steps_per_epoch`, "
            "`validation_steps` or `steps`."
        )
    return number if number >= 0 else None


class Stream:
    """Batches from a generator, an iterable or a `Sequence`.

    Args:
        source: What the user passed.
        prepare: Function from what it yields to a batch.
        steps: Integer batches in an epoch, or None: until it ends, or its length.
        workers, max_queue_size, use_multiprocessing, shuffle: see `streams.Reader`.
    """

    is_arrays = False

    def __init__(
        self,
        source,
        prepare,
        steps=None,
        workers=1,
        max_queue_size=10,
        use_multiprocessing=False,
        shuffle=False,
    ):
        self.source = source
        self.prepare = prepare
        self.is_sequence = streams.is_sequence(source)
        if steps is None and hasattr(source, "__len__"):
            steps = _length(source)
        self.steps = steps
        self.samples = None
        self._reader = streams.Reader(source, workers, max_queue_size, use_multiprocessing, shuffle)
        self._batches = None
        self._place = None  # where the reading is, if anybody wants to know

    def batches(self, first=0):
        """Yields the batches of an epoch, from number `first` on, which is the next to read.

        A source that ends early ends the epoch.
        """
        if self._batches is None:
            self._begin()
        taken = first
        while self.steps is None or taken < self.steps:
            if self._place is not None:
                self._place.note_fetch()
            try:
                item = next(self._batches)
            except StopIteration:
                if self.steps is None or not self._restarts():
                    self._batches = None
                    return
                self._begin()
                continue
            taken += 1
            yield self.prepare(item)
            if self._place is not None:
                self._place.note_taken()
        if self.is_sequence and self.steps == len(self.source):
            for _ in self._batches:  # ends the reading: `on_epoch_end` is called
                pass
            self._batches = None

    def _begin(self):
        """Begins to read the source, once more."""
        if self._place is not None:
            self._place.begin()
        self._batches = self._reader.epoch()

    def track(self):
        """Notes from now on where the reading is, for `place`."""
        self._place = Place(self.source, self._reader.is_synchronous)
        self._reader.before_end = self._place.note_end

    def place(self):
        """Returns where the reading is, as plain data; call `track` before the first batch."""
        return self._place.state(self._batches is not None)

    def go_to(self, place):
        """Reads a source that stands at its beginning up to where `place` says.

        Args:
            place: What `place()` returned in another run of the program.

        Returns:
            Whether the state of random numbers is now what it was at that place.

        Raises:
            ValueError: if the source ends before.
        """
        if not self._place.go_to(place):
            return False
        self._begin()
        before = random_state()
        for number in range(place["taken"]):
            try:
                next(self._batches)
            except StopIteration:
                raise ValueError(
                    f"The data yielded {number} batches; when the training was backed up they had "
                    f"yielded {place['taken']}. Pass the same data to go on with the training."
                ) from None
        self._place.taken = place["taken"]
        if place["fetch"] is not None:
            set_random_state(place["fetch"])
            return True
        # A thread that reads ahead and draws goes on drawing: it has its numbers already.
        return not self._reader.is_synchronous and not is_random_state(before)

    def _restarts(self):
        return self.is_sequence or not hasattr(self.source, "__next__")  # image iterators are both

    def close(self):
        """Ends the threads and processes that fetch."""
        if self._batches is not None and hasattr(self._batches, "close"):
            self._batches.close()
        self._batches = None
        self._reader.close()


class Place:
    """Where the reading of a source is, so that another run of the program can go on from there.

    A `Sequence` between two readings is brought there by its `on_epoch_end`, called as often and
    with the random numbers that it had, and by the plain numbers among its attributes; within a
    reading, and for a generator, the batches before are read once more.

    Args:
        source: What is read.
        is_synchronous: Bool, whether it is read in this thread: then one knows which random numbers
            the next batch will draw.
    """

    def __init__(self, source, is_synchronous):
        self.source = source
        self.taken = 0
        self._is_synchronous = is_synchronous
        self._began = None
        self._fetch = None  # the random state before the batch that is fetched and not yet done
        own = getattr(type(source), "on_epoch_end", streams.Sequence.on_epoch_end)
        self._ends = [] if own is not streams.Sequence.on_epoch_end else None

    def begin(self):
        """Notes that a reading begins."""
        self.taken = 0
        self._began = {"random": random_state(), "numbers": self._numbers()}

    def note_fetch(self):
        """Notes that a batch is about to be read."""
        self._fetch = random_state() if self._is_synchronous else None

    def note_taken(self):
        """Notes that the batch has been used."""
        self._fetch = None
        self.taken += 1

    def note_end(self):
        """Notes that `on_epoch_end` is about to be called."""
        if self._ends is not None:
            self._ends.append(random_state())

    def state(self, is_reading):
        """Returns the place as plain data."""
        began = self._began if is_reading else None
        return {
            "began": began,
            "taken": self.taken if is_reading else 0,
            "fetch": self._fetch if is_reading else None,
            "ends": self._ends,
            "numbers": self._numbers(),
        }

    def go_to(self, place):
        """Brings the source to where its present reading began; returns whether there is one."""
        for state in place["ends"] or ():
            set_random_state(state)
            self.note_end()
            self.source.on_epoch_end()
        began = place["began"]
        self._set_numbers(place["numbers"] if began is None else began["numbers"])
        if began is not None:
            set_random_state(began["random"])
        return began is not None

    def _numbers(self):
        if not streams.is_sequence(self.source):
            return {}
        plain = getattr(self.source, "__dict__", {})
        return {name: v for name, v in plain.items() if type(v) in (int, float, bool)}

    def _set_numbers(self, numbers):
        for name, value in numbers.items():
            setattr(self.source, name, value)
