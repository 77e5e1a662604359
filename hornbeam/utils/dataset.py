"""A data set that can be read again and again: `tf.data.Dataset`, with NumPy inside."""

import glob
import itertools

import numpy as np

from hornbeam.backend import eagerly, recording, running
from hornbeam.backend.cells import TracedValueError
from hornbeam.backend.tracing import Compiled
from hornbeam.utils import flows
from hornbeam.utils.elements import Values, handed_out, leaves, nested, plain, spec_of

__all__ = ["Dataset", "Values"]

AUTOTUNE = -1
INFINITE, UNKNOWN = -1, -2


class Dataset:
    """Elements (arrays, or tuples or dictionaries of them) that are made anew when read.

    Each method returns a new data set and leaves this one as it is. `fit`, `evaluate` and `predict`
    take a data set of batches as it is. Where eager execution is on (programs that import
    `tensorflow`), elements are tensors, and functions on them are traced and compiled.

    Args:
        source: Function without arguments that returns an iterator, called for each reading.
        length: Integer number of elements, None if unknown, or `float('inf')`.
        **attributes: Set on this data set, such as `class_names`; methods hand them on.

    Example:
        >>> numbers = Dataset.from_tensor_slices(np.arange(5)).batch(2)
        >>> [batch.tolist() for batch in numbers]
        [[0, 1], [2, 3], [4]]
    """

    _rows_vary = False  # whether the last batch may be smaller

    def __init__(self, source, length=None, **attributes):
        self._source = source
        self._length = length
        self._attributes = attributes
        self.__dict__.update(attributes)

    def _next(self, source, length=None, rows_vary=None):
        made = Dataset(source, length, **self._attributes)
        made._rows_vary = self._rows_vary if rows_vary is None else rows_vary
        return made

    # ---- making one

    @classmethod
    def from_tensor_slices(cls, tensors, name=None):
        """Returns a data set of the rows of an array, or of a structure of equally long arrays."""
        arrays = plain(tensors)
        lengths = {len(array) for array in leaves(arrays)}
        if len(lengths) != 1:
            raise ValueError(
                f"from_tensor_slices got arrays of the lengths {sorted(lengths)}. Expected one "
                "length for all."
            )
        (length,) = lengths

        def rows():
            for row in range(length):
                yield nested(lambda array, row=row: np.asarray(array[row]), arrays)

        return cls(rows, length)

    @classmethod
    def from_tensors(cls, tensors, name=None):
        """Returns a data set of one element."""
        element = plain(tensors)
        return cls(lambda: iter([element]), 1)

    @classmethod
    def from_generator(
        cls,
        generator,
        output_types=None,
        output_shapes=None,
        args=None,
        output_signature=None,
        name=None,
    ):
        """Returns a data set of what a generator yields.

        Args:
            generator: Function that returns an iterable, called for each reading.
            output_types: Structure of dtypes of an element.
            output_shapes: Structure of shapes of an element; what does not fit is an error.
            args: Tuple of the arguments of `generator`, arrays.
            output_signature: Structure of `tf.TensorSpec`s, in place of both.

        Raises:
            TypeError: for neither `output_types` nor `output_signature`.
        """
        if output_types is None and output_signature is None:
            raise TypeError("from_generator needs `output_signature` or `output_types`.")
        types = output_types
        shapes = output_shapes
        if output_signature is not None:
            types = nested(lambda spec: spec.dtype, output_signature)
            shapes = nested(lambda spec: _Leaf(tuple(spec.shape)), output_signature)
        elif shapes is not None:
            shapes = _shapes_like(types, shapes)

        def read():
            for item in generator(*(args or ())):
                if isinstance(types, tuple) and isinstance(item, list):
                    item = tuple(item)
                element = nested(_typed, types, item)
                if shapes is not None:
                    nested(_check_shape, shapes, element)
                yield element

        return cls(read)

    @classmethod
    def range(cls, *args, output_type="int64", name=None):
        """Returns a data set of the numbers of `range(*args)`.

        Args:
            *args: `(stop)`, `(start, stop)` or `(start, stop, step)`.
            output_type: Dtype, default int64.
        """
        numbers = range(*(int(arg) for arg in args))
        dtype = getattr(output_type, "name", output_type)
        return cls(lambda: (np.asarray(n, dtype) for n in numbers), len(numbers))

    @staticmethod
    def zip(*args, datasets=None, name=None):
        """Returns a data set of tuples of the elements of several, as long as the shortest.

        Args:
            *args: Data sets, or one tuple (nested, or a dict) of them.
        """
        structure = datasets if datasets is not None else args[0] if len(args) == 1 else args
        parts = leaves(structure)
        for part in parts:
            if not isinstance(part, Dataset):
                raise TypeError(f"Dataset.zip needs data sets; got {type(part).__name__}.")
        lengths = [part._length for part in parts]
        length = None if None in lengths else min(lengths)

        def zipped():
            for row in zip(*(part._source() for part in parts)):
                items = iter(row)
                yield nested(lambda _, items=items: next(items), structure)

        return Dataset(zipped, length)

    @classmethod
    def list_files(cls, file_pattern, shuffle=None, seed=None, name=None):
        """Returns a data set of the names of files, as bytes.

        Args:
            file_pattern: Pattern such as `'images/*.png'`, or a list of them.
            shuffle: Bool, default True. Otherwise they are sorted.
            seed: Integer or None, for shuffling.

        Raises:
            ValueError: if no file fits.
        """
        patterns = plain(file_pattern)
        patterns = [p.decode() if isinstance(p, bytes) else str(p) for p in np.ravel(patterns)]
        files = sorted({path for pattern in patterns for path in glob.glob(pattern)})
        if not files:
            raise ValueError(f"No files matched pattern: {', '.join(patterns)}")
        found = cls.from_tensor_slices(np.array([f.encode() for f in files], dtype=object))
        return found if shuffle is False else found.shuffle(len(files), seed)

    @classmethod
    def sample_from_datasets(
        cls, datasets, weights=None, seed=None, stop_on_empty_dataset=False, **options
    ):
        """Draws each element from one of several data sets.

        Args:
            datasets: List of data sets.
            weights: List of probabilities; None makes all equal.
            seed: Integer or None.
            stop_on_empty_dataset: Bool. Whether the end of one ends it all; otherwise it goes on
                with the others.
            **options: `rerandomize_each_iteration`, as in TensorFlow.
        """
        chances = np.ones(len(datasets)) if weights is None else np.asarray(weights, float)

        def drawn():
            random = np.random.RandomState(seed)
            readers = [iter(part._source()) for part in datasets]
            left = chances.copy()
            while left.sum() > 0:
                number = random.choice(len(readers), p=left / left.sum())
                try:
                    yield next(readers[number])
                except StopIteration:
                    if stop_on_empty_dataset:
                        return
                    left[number] = 0

        return cls(drawn)

    # ---- reading

    def __iter__(self):
        """Reads the data set from its beginning."""
        if recording.listeners.trace is not None and running.program() is None:
            raise TracedValueError("A loop over a data set is no part of a compiled program.")
        return Iterator(self._source(), handed_out)

    def as_numpy_iterator(self):
        """Returns an iterator over the elements as NumPy arrays; scalars are NumPy numbers."""
        return Iterator(self._source(), lambda element: nested(_as_numpy, element))

    def __len__(self):
        if self._length is None or self._length == float("inf"):
            kind = "infinite" if self._length else "unknown until it has been read"
            raise TypeError(f"The length of this data set is {kind}. Use take(n) to bound it.")
        return self._length

    def __bool__(self):
        return True

    def cardinality(self, name=None):
        """Returns the number of elements: -1 if infinite, -2 if unknown."""
        number = UNKNOWN if self._length is None else self._length
        number = INFINITE if number == float("inf") else number
        return eagerly.from_value(np.asarray(number, "int64")) if running.eager() else number

    @property
    def element_spec(self):
        """`tf.TensorSpec`s of an element, read from the first; rows of a batch count as None."""
        first = next(iter(self._source()))
        return nested(lambda leaf: spec_of(leaf, self._rows_vary), first)

    def get_single_element(self, name=None):
        """Returns the only element.

        Raises:
            ValueError: if there is none, or more than one.
        """
        found = list(itertools.islice(self._source(), 2))
        if len(found) != 1:
            many = "is empty" if not found else "has more than one element"
            raise ValueError(f"get_single_element: the data set {many}.")
        return handed_out(found[0])

    def reduce(self, initial_state, reduce_func, name=None):
        """Folds the elements: `state = reduce_func(state, element)`; returns the last state."""
        state = handed_out(plain(initial_state))
        for element in self._source():
            state = handed_out(plain(reduce_func(state, handed_out(element))))
        return state

    # ---- choosing

    def take(self, count, name=None):
        """Keeps the first `count` elements; -1 keeps all."""
        count = int(count)
        if count == -1:
            return self
        length = None if self._length is None else min(count, self._length)
        return self._next(lambda: itertools.islice(self._source(), count), length)

    def skip(self, count, name=None):
        """Leaves out the first `count` elements; -1 leaves out all."""
        count = int(count)
        if count == -1:
            return self.take(0)
        length = None if self._length is None else max(0, self._length - count)
        return self._next(lambda: itertools.islice(self._source(), count, None), length)

    def shard(self, num_shards, index, name=None):
        """Keeps each `num_shards`-th element, from number `index` on."""
        length = self._length
        if length not in (None, float("inf")):
            length = max(0, -(-(length - index) // num_shards))
        return self._next(
            lambda: itertools.islice(self._source(), index, None, num_shards), length
        )

    def filter(self, predicate, name=None):
        """Keeps the elements for which a function is true."""
        asked = _function(predicate)

        def kept():
            for element in self._source():
                if asked(element):
                    yield element

        return self._next(kept)

    def concatenate(self, dataset, name=None):
        """Reads another data set after this one."""
        lengths = (self._length, dataset._length)
        length = None if None in lengths else sum(lengths)
        return self._next(lambda: itertools.chain(self._source(), dataset._source()), length)

    def repeat(self, count=None, name=None):
        """Reads the data set `count` times; None or -1 without end."""
        if count in (None, -1):
            length = float("inf") if self._length != 0 else 0
            return self._next(lambda: flows.repeated(self._source, None), length)
        length = None if self._length is None else self._length * int(count)
        return self._next(lambda: flows.repeated(self._source, int(count)), length)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=None, name=None):
        """Draws each element from a buffer of the next ones.

        Args:
            buffer_size: Integer, elements in the buffer; as many as there are shuffle evenly.
            seed: Integer or None.
            reshuffle_each_iteration: Bool, default True; whether each reading has another order.
        """
        size = int(buffer_size)
        if size < 1:
            raise ValueError(f"`buffer_size` must be greater than zero; got {buffer_size}.")
        random = np.random.RandomState(None if seed is None else int(seed) % 2**32)
        start = random.get_state()

        def shuffled():
            if reshuffle_each_iteration is False:
                random.set_state(start)
            return flows.shuffled(self._source(), size, random)

        return self._next(shuffled, self._length)

    # ---- changing

    def map(self, map_func, num_parallel_calls=None, deterministic=None, name=None, **options):
        """Changes each element by a function.

        Args:
            map_func: Function of an element; of several arguments if elements are tuples. Where
                eager execution is on, it is traced and compiled, as in TensorFlow.
            num_parallel_calls: Integer, threads that call it; None for this thread, `AUTOTUNE`
                (-1) for one a core. The order stays.
            deterministic: True or None; False, which would let the order change, is no faster
                here and does the same.
            **options: `synchronous` and others of TensorFlow's own threads.
        """
        call = _function(map_func)

        def changed(element):
            return plain(call(element))

        def mapped():
            if num_parallel_calls is None:
                return map(changed, self._source())
            return flows.in_threads(changed, self._source(), num_parallel_calls)

        return self._next(mapped, self._length)

    def flat_map(self, map_func, name=None):
        """Makes a data set of each element, and reads them one after the other."""
        return self.interleave(map_func, cycle_length=1)

    def interleave(
        self,
        map_func,
        cycle_length=None,
        block_length=None,
        num_parallel_calls=None,
        deterministic=None,
        name=None,
    ):
        """Makes a data set of each element, and reads some of them in turns.

        Args:
            map_func: Function from an element to a data set.
            cycle_length: Integer, data sets that are read in turns; None means as many as there
                are processors.
            block_length: Integer, elements that are read from one in its turn, default 1.
            num_parallel_calls: As for `map`; the order does not depend on it.
            deterministic: As for `map`.
        """

        def inner():
            for element in self._source():
                arguments = handed_out(element)
                made = map_func(*arguments) if isinstance(element, tuple) else map_func(arguments)
                if not isinstance(made, Dataset):
                    raise TypeError(
                        "The `map_func` argument must return a `Dataset` object. Got "
                        f"{type(made).__name__}."
                    )
                yield made._source()

        cycle = flows.processors() if cycle_length in (None, AUTOTUNE) else int(cycle_length)
        return self._next(
            lambda: flows.interleaved(inner(), cycle, int(block_length or 1)), None
        )

    def enumerate(self, start=0, name=None):
        """Puts a number before each element: `(number, element)`."""
        return self._next(
            lambda: (
                (np.asarray(number, "int64"), element)
                for number, element in enumerate(self._source(), start)
            ),
            self._length,
        )

    def batch(
        self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None,
        name=None,
    ):
        """Puts `batch_size` elements into one; the last may be smaller.

        Args:
            batch_size: Integer.
            drop_remainder: Bool; whether a smaller last one is left out.
            num_parallel_calls, deterministic: Stacking is done in this thread, in order.
        """
        size = int(batch_size)

        def batches():
            for rows in flows.groups(self._source(), size, drop_remainder):
                yield nested(lambda *parts: np.stack(parts), *rows)

        return self._next(batches, self._groups(size, drop_remainder), not drop_remainder)

    def _groups(self, size, drop_remainder):
        length = self._length
        if length in (None, float("inf")):
            return length
        return length // size if drop_remainder else -(-length // size)

    def padded_batch(
        self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None
    ):
        """Puts `batch_size` elements into one, filled up to one shape.

        Args:
            batch_size: Integer.
            padded_shapes: Structure of shapes; None sizes (and None for all) mean the largest of
                the batch.
            padding_values: Structure of what is filled in, default 0 and empty strings.
            drop_remainder: Bool; whether a smaller last one is left out.
        """
        size = int(batch_size)

        def batches():
            for rows in flows.groups(self._source(), size, drop_remainder):
                shapes = (
                    nested(lambda _: None, rows[0])
                    if padded_shapes is None
                    else _shapes_like(rows[0], padded_shapes)
                )
                fill = (
                    padding_values
                    if isinstance(padding_values, (tuple, dict))
                    else nested(lambda _: padding_values, rows[0])
                )
                yield nested(flows.padded, shapes, fill, *rows)

        return self._next(batches, self._groups(size, drop_remainder), not drop_remainder)

    def unbatch(self, name=None):
        """Makes the rows of each element elements of their own."""

        def rows():
            for element in self._source():
                for row in range(len(leaves(element)[0])):
                    yield nested(lambda array, row=row: np.asarray(array[row]), element)

        return self._next(rows, rows_vary=False)

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Makes data sets of `size` elements each, that may overlap.

        Args:
            size: Integer.
            shift: Integer, how far one begins after the one before; None means `size`.
            stride: Integer, the distance of the elements in one.
            drop_remainder: Bool; whether smaller ones at the end are left out.
        """
        size, stride = int(size), int(stride)
        shift = size if shift is None else int(shift)

        def windows():
            for rows in flows.windows(self._source(), size, shift, stride, drop_remainder):
                yield nested(
                    lambda *parts: Dataset(lambda: iter(parts), len(parts)), *rows
                )

        return self._next(windows)

    # ---- how it is read

    def cache(self, filename="", name=None):
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
        return self._next(lambda: flows.cached(self._source, kept), self._length)

    def prefetch(self, buffer_size, name=None):
        """Makes elements ahead, in a thread.

        Args:
            buffer_size: Integer, elements that wait at most; `AUTOTUNE` (-1) means 2.
        """
        size = int(buffer_size)
        ahead = 2 if size == AUTOTUNE else max(1, size)
        return self._next(lambda: flows.ahead(self._source, ahead), self._length)

    def apply(self, transformation_func, name=None):
        """Returns `transformation_func(self)`."""
        made = transformation_func(self)
        if not isinstance(made, Dataset):
            raise TypeError(
                f"`transformation_func` must return a `Dataset` object. Got {type(made).__name__}."
            )
        return made

    def with_options(self, options, name=None):
        """Returns the data set: options say how TensorFlow is to read it, not what is read."""
        made = self._next(self._source, self._length)
        made._options = options
        return made

    def options(self):
        """Returns what `with_options` was given, or None."""
        return self.__dict__.get("_options")

    def make_one_shot_iterator(self):
        """Returns an iterator with `get_next()`, as in TensorFlow 1."""
        return iter(self)

    def make_initializable_iterator(self, shared_name=None):
        """Returns an iterator with `get_next()`; it needs no initializing."""
        return iter(self)

    def __repr__(self):
        return f"<Dataset of {'?' if self._length is None else self._length} elements>"


class Iterator:
    """One reading of a data set.

    Args:
        elements: Iterator of elements.
        change: Function from an element to what is handed out.
    """

    initializer = None

    def __init__(self, elements, change):
        self._elements, self._change = iter(elements), change

    def __iter__(self):
        return self

    def __next__(self):
        return self._change(next(self._elements))

    def get_next(self, name=None):
        """Returns the next element; StopIteration at the end."""
        return next(self)

    next = get_next

    def close(self):
        """Ends the threads that read ahead."""
        if hasattr(self._elements, "close"):
            self._elements.close()


def _as_numpy(leaf):
    if not isinstance(leaf, np.ndarray):
        return leaf
    return np.asarray(leaf) if leaf.ndim else np.asarray(leaf)[()]


def _function(function):
    """A user's function as a function of an element; compiled where eager execution is on."""
    compiled = []

    def call(element):
        arguments = handed_out(element)
        arguments = arguments if isinstance(element, tuple) else (arguments,)
        numbers = all(
            isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biufc" for leaf in leaves(element)
        )
        if running.eager() is None or not numbers:
            return function(*arguments)
        if not compiled:
            compiled.append(Compiled(function, warns=False))
        return compiled[0](*arguments)

    return call


def _shapes_like(structure, shapes):
    """Shapes in the structure of something else, as leaves, though they are tuples."""
    if isinstance(structure, dict):
        return {key: _shapes_like(item, shapes[key]) for key, item in structure.items()}
    if isinstance(structure, tuple):
        return tuple(_shapes_like(item, shape) for item, shape in zip(structure, shapes))
    return _Leaf(None if shapes is None else tuple(shapes))


class _Leaf:
    """Holds a shape."""

    def __init__(self, shape):
        self.shape = shape


def _typed(dtype, item):
    name = getattr(dtype, "name", dtype)
    if name == "string":
        return plain(item)
    name = name if isinstance(name, str) else np.dtype(name).name
    return np.asarray(item.numpy() if hasattr(item, "numpy") else item).astype(name)


def _check_shape(wanted, array):
    shape = getattr(wanted, "shape", wanted)
    if shape is None:
        return
    if len(shape) != array.ndim or any(
        want is not None and want != size for want, size in zip(shape, array.shape)
    ):
        raise ValueError(
            f"`generator` yielded an element of shape {array.shape} where an element of shape "
            f"{tuple(shape)} was expected."
        )
