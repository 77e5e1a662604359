"""Sequences: padding, skip-grams, and windows over time series."""

import contextlib
import itertools
import json
import random

import numpy as np

from hornbeam.utils.data_utils import Sequence

__all__ = [
    "TimeseriesGenerator",
    "make_sampling_table",
    "pad_sequences",
    "skipgrams",
    "timeseries_generator_from_json",
]

BLOCK = 8192  # sequences that are padded together: as many as a processor's cache likes


def pad_sequences(
    sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0
):
    """Makes sequences equally long: fills up the short ones, cuts the long ones.

    Args:
        sequences: List of sequences (lists, tuples or arrays) of numbers, or of equally shaped
            features.
        maxlen: Integer, the length of all; None for that of the longest.
        dtype: Dtype of the result. For strings of different lengths, `object`.
        padding: `'pre'` or `'post'`: the side that is filled up.
        truncating: `'pre'` or `'post'`: the side that is cut.
        value: Float or string that fills.

    Returns:
        An array of shape `(sequences, maxlen)`, or `(sequences, maxlen, *shape of a feature)`.

    Raises:
        ValueError: if an argument is none of the above; if the features' shapes differ.

    Example:
        >>> pad_sequences([[1], [2, 3, 4, 5]], maxlen=3)
        array([[0, 0, 1],
               [3, 4, 5]], dtype=int32)

    Source: keras_preprocessing 1.1.2.
    """
    _check_side("padding", "Padding", padding)
    _check_side("truncating", "Truncating", truncating)
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            f"`sequences` must be iterable, and its length known: pad_sequences got {sequences!r}. "
            "Give it a list; list(...) makes one of a generator."
        )
    dtype = np.dtype(dtype)
    if isinstance(value, str) and dtype.kind not in "OSU":
        raise ValueError(
            f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\n"
            "You should set `dtype=object` for variable length strings."
        )
    lengths = _lengths(sequences)
    if maxlen is None:
        if not len(lengths):
            raise ValueError("pad_sequences got no sequences, so maxlen must say how long to pad.")
        maxlen = int(lengths.max())
    elif maxlen < 0 or maxlen != int(maxlen):
        raise ValueError(f"pad_sequences got maxlen={maxlen}. It expects a length, 0 or more.")
    maxlen = int(maxlen)

    shape = _feature_shape(sequences, lengths)
    result = np.full((len(sequences), maxlen) + shape, value, dtype=dtype)
    kept = np.minimum(lengths, maxlen)[:, None]
    columns = np.arange(maxlen)
    of_numbers = shape == () and dtype.kind in "biuf" and {list, tuple}.issuperset(
        map(type, sequences)
    )
    for start in range(0, len(sequences), BLOCK):
        rows = sequences[start : start + BLOCK]
        counts = kept[start : start + BLOCK]
        filled = columns < counts if padding == "post" else columns >= maxlen - counts
        flat = None
        if of_numbers:  # four times as fast
            with contextlib.suppress(TypeError, ValueError):  # _flat finds which sequence it is
                elements = itertools.chain.from_iterable(_cut(rows, maxlen, truncating))
                flat = np.fromiter(elements, dtype, counts.sum())
        if flat is None:
            flat = _flat(_cut(rows, maxlen, truncating), dtype, shape, start)
        result[start : start + BLOCK][filled] = flat
    return result


def _check_side(name, title, side):
    if side not in ("pre", "post"):
        raise ValueError(f"{title} type {side!r} not understood: {name} is 'pre' or 'post'.")


def _lengths(sequences):
    try:
        return np.fromiter(map(len, sequences), "int64", len(sequences))
    except TypeError:
        for position, sequence in enumerate(sequences):
            if not hasattr(sequence, "__len__"):
                raise ValueError(
                    "`sequences` must be a list of iterables. Found non-iterable: "
                    f"{sequence!r}, at position {position}. One sequence alone needs a list "
                    "around it: pad_sequences([sequence])."
                ) from None
        raise


def _feature_shape(sequences, lengths):
    """The shape of a sequence's element, by the first sequence that has one."""
    filled = np.flatnonzero(lengths)
    return np.asarray(sequences[filled[0]]).shape[1:] if len(filled) else ()


def _cut(rows, maxlen, truncating):
    """Yields the rows, at most `maxlen` long. A copy lives no longer than it is read."""
    for row in rows:
        if len(row) <= maxlen:
            yield row
        else:
            yield row[:maxlen] if truncating == "post" else row[len(row) - maxlen :]


def _flat(rows, dtype, shape, start):
    """All elements of the rows, one after the other: `(elements, *shape)`.

    Raises:
        ValueError: if the shape of an element is another; `start` is the first row's position.
    """
    parts = [np.empty((0,) + shape, dtype)]
    for position, row in enumerate(rows, start):
        if len(row):
            part = np.asarray(row, dtype)
            if part.shape[1:] != shape:
                raise ValueError(
                    f"Shape of sample {part.shape[1:]} of sequence at position {position} is "
                    f"different from expected shape {shape}, which the first sequence has."
                )
            parts.append(part)
    return np.concatenate(parts)


def make_sampling_table(size, sampling_factor=1e-5):
    """Returns how likely a word is to be kept, by its rank: frequent words less often.

    Words are taken to follow Zipf's law. With `f = sampling_factor / frequency(rank)` the
    probability is `min(1, sqrt(f))`.

    Args:
        size: Integer, the number of words.
        sampling_factor: Float; a smaller one keeps fewer of the frequent words.

    Returns:
        A float64 array of shape `(size,)`, for `skipgrams(sampling_table=...)`. Ranks 0 and 1 have
        the same entry.

    Source: Mikolov et al. 2013, arXiv:1310.4546, eq. 5; keras_preprocessing 1.1.2.
    """
    euler_mascheroni = 0.577  # as many digits as the original has
    rank = np.arange(size, dtype="float64")
    rank[:1] = 1
    inverse_frequency = rank * (np.log(rank) + euler_mascheroni) + 0.5 - 1 / (12 * rank)
    kept = sampling_factor * inverse_frequency
    return np.minimum(1.0, kept / np.sqrt(kept))


def skipgrams(
    sequence,
    vocabulary_size,
    window_size=4,
    negative_samples=1.0,
    shuffle=True,
    categorical=False,
    sampling_table=None,
    seed=None,
):
    """Makes pairs of words: those near each other, labelled 1, and random ones, labelled 0.

    Args:
        sequence: List of word indices. 0 is no word and is passed over.
        vocabulary_size: Integer, the largest index + 1.
        window_size: Integer; words up to so many places before and after a word are its pairs.
        negative_samples: Float, random pairs for each true pair; 0 for none.
        shuffle: Bool, whether the pairs are mixed.
        categorical: Bool, whether labels are `[0, 1]` and `[1, 0]` in place of 1 and 0.
        sampling_table: Array, the probability to keep a word, by index; as
            `make_sampling_table` returns it.
        seed: Integer for the mixing only. The random words and the sampling come from Python's
            `random`, whose state the mixing leaves seeded, as in Keras: call `random.seed` before
            for pairs that repeat.

    Returns:
        `couples, labels`: a list of `[word, other word]`, and a list of labels.

    Example:
        >>> skipgrams([1, 2], vocabulary_size=3, negative_samples=0, shuffle=False)
        ([[1, 2], [2, 1]], [1, 1])

    Source: Mikolov et al. 2013, arXiv:1301.3781; keras_preprocessing 1.1.2.
    """
    true, false = ([0, 1], [1, 0]) if categorical else (1, 0)
    couples = []
    for place, word in enumerate(sequence):
        if not word:
            continue
        if sampling_table is not None and sampling_table[word] < random.random():
            continue
        first = max(0, place - window_size)
        couples += [
            [word, other]
            for near, other in enumerate(sequence[first : place + window_size + 1], first)
            if near != place and other
        ]
    labels = [true] * len(couples)
    if negative_samples > 0:
        count = int(len(couples) * negative_samples)
        words = [word for word, _ in couples]
        random.shuffle(words)
        couples += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)
        ]
        labels += [false] * count
    if shuffle:
        if seed is None:
            seed = random.randint(0, 10_000_000)
        for items in (couples, labels):
            random.seed(seed)
            random.shuffle(items)
    return couples, labels


def _remove_long_seq(maxlen, seq, label):
    """Returns the sequences that are shorter than `maxlen`, and their labels, as lists."""
    kept = [(x, y) for x, y in zip(seq, label) if len(x) < maxlen]
    return [x for x, _ in kept], [y for _, y in kept]


class TimeseriesGenerator(Sequence):
    """Batches of windows over a time series, each with the target that follows it.

    The sample that ends before row `i` is `data[i - length:i:sampling_rate]`, its target is
    `targets[i]`. Rows `start_index + length` to `end_index` are used, every `stride`-th of them.

    Args:
        data: Array, list, or anything that slices so; axis 0 is time.
        targets: The same length as `data`.
        length: Integer, steps that a window covers.
        sampling_rate: Integer; every so many-th step of a window is kept.
        stride: Integer, steps from one window to the next.
        start_index: Integer; rows before it are not used.
        end_index: Integer, the last row that is used; None for the last there is.
        shuffle: Bool; True draws the windows of a batch at random, with replacement, from NumPy's
            global random state. `stride` has no effect then.
        reverse: Bool, whether time runs backwards in a window.
        batch_size: Integer, windows in a batch; the last batch may have fewer.

    Returns from `generator[index]`: `(samples, targets)`, of shapes
    `(batch, ceil(length / sampling_rate), *shape of a step)` and `(batch, *shape of a target)`.

    Raises:
        ValueError: if `data` and `targets` differ in length, or no window fits.

    Example:
        >>> windows = TimeseriesGenerator(np.arange(6), np.arange(6), length=3, batch_size=2)
        >>> windows[0]
        (array([[0, 1, 2],
               [1, 2, 3]]), array([3, 4]))

    Source: Keras 2.3.1. Its `get_config` stored `start_index + length` as `start_index`, so that a
    generator read back from JSON had lost its first windows; here the argument is stored. A file
    that Keras wrote gives what it gives in Keras.
    """

    def __init__(
        self,
        data,
        targets,
        length,
        sampling_rate=1,
        stride=1,
        start_index=0,
        end_index=None,
        shuffle=False,
        reverse=False,
        batch_size=128,
    ):
        if len(data) != len(targets):
            raise ValueError(
                "Data and targets have to be of same length. "
                f"Data length is {len(data)} while target length is {len(targets)}"
            )
        steps = {
            "length": length,
            "sampling_rate": sampling_rate,
            "stride": stride,
            "batch_size": batch_size,
        }
        for name, steps_given in steps.items():
            if steps_given < 1:
                raise ValueError(
                    f"TimeseriesGenerator got {name}={steps_given}. It expects 1 or more."
                )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"`start_index+length={self.start_index} > end_index={self.end_index}` is "
                "disallowed, as no part of the sequence would be left to be used as current step."
            )

    def __len__(self):
        batch_steps = self.batch_size * self.stride
        return (self.end_index - self.start_index + batch_steps) // batch_steps

    def __getitem__(self, index):
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            rows = np.arange(first, last, self.stride)
        samples = self._windows(rows)
        if isinstance(self.targets, np.ndarray):
            targets = self.targets[rows]
        else:
            targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def _windows(self, rows):
        if isinstance(self.data, np.ndarray) and len(rows):
            within = np.arange(-self.length, 0, self.sampling_rate)
            return self.data[rows[:, None] + within]         # (batch, steps, ...)
        return np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])

    def get_config(self):
        """Returns the arguments as a dict; `data` and `targets` in it are JSON strings.

        Raises:
            TypeError: if they are neither arrays nor lists of numbers.
        """
        return {
            "data": _as_json("data", self.data),
            "targets": _as_json("targets", self.targets),
            "length": self.length,
            "sampling_rate": self.sampling_rate,
            "stride": self.stride,
            "start_index": self.start_index - self.length,
            "end_index": self.end_index,
            "shuffle": self.shuffle,
            "reverse": self.reverse,
            "batch_size": self.batch_size,
        }

    def to_json(self, **kwargs):
        """Returns a JSON string, data included, that `timeseries_generator_from_json` reads.

        Args:
            **kwargs: For `json.dumps`, for instance `indent=2`.
        """
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def _as_json(name, values):
    try:
        return json.dumps(values.tolist() if isinstance(values, np.ndarray) else values)
    except TypeError as error:
        raise TypeError(
            f"TimeseriesGenerator cannot store its {name} as JSON: {error}. It stores arrays and "
            "lists of numbers."
        ) from error


def timeseries_generator_from_json(json_string):
    """Returns the `TimeseriesGenerator` that `to_json` has stored; its data are lists.

    Args:
        json_string: String.

    Raises:
        ValueError: if it is not the JSON of such a generator.
    """
    try:
        config = dict(json.loads(json_string)["config"])
        data, targets = json.loads(config.pop("data")), json.loads(config.pop("targets"))
        return TimeseriesGenerator(data, targets, **config)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(
            "timeseries_generator_from_json expects what TimeseriesGenerator.to_json returned, a "
            f"JSON object with 'class_name' and 'config'. It could not read this one: {error!r}."
        ) from error
