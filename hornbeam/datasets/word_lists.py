"""What IMDB and Reuters share: texts as lists of word indices, cut to a vocabulary."""

import itertools
import json

import numpy as np

from hornbeam.datasets.addresses import fetch
from hornbeam.datasets.pickles import DataFileError

__all__ = ["load_word_index", "select_words", "shuffled", "vocabulary_size"]


def vocabulary_size(caller, num_words, kwargs):
    """Returns `num_words`, which Keras 1 called `nb_words`; refuses other arguments."""
    num_words = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError(f"{caller} got unexpected arguments: {', '.join(sorted(kwargs))}.")
    return num_words


def shuffled(random, *arrays):
    """The arrays in one new order, drawn from a `RandomState` as Keras draws it."""
    order = np.arange(len(arrays[0]))
    random.shuffle(order)
    return [array[order] for array in arrays]


def select_words(xs, labels, num_words, skip_top, maxlen, start_char, oov_char, index_from):
    """Cuts texts to a vocabulary, as `imdb.load_data` says.

    Args:
        xs: Sequence of lists of integers.
        labels: Array of as many.
        num_words, skip_top, maxlen, start_char, oov_char, index_from: As in `imdb.load_data`.

    Returns:
        `xs, labels`: an array of dtype object, of lists of integers, and the labels of the texts
        that are kept.

    Raises:
        ValueError: if `maxlen` keeps no text.
    """
    lengths = np.fromiter(map(len, xs), "int64", len(xs))
    words = np.fromiter(itertools.chain.from_iterable(xs), "int64", lengths.sum())
    words += index_from or 0
    if start_char is not None:
        words = np.insert(words, np.cumsum(lengths) - lengths, start_char)
        lengths += 1
    if maxlen:
        kept = lengths < maxlen
        if not kept.any():
            raise ValueError(
                f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was "
                "kept. Increase maxlen."
            )
        words, lengths, labels = words[np.repeat(kept, lengths)], lengths[kept], labels[kept]
    inside = (words >= skip_top) & (words < (num_words or words.max(initial=0)))
    if oov_char is not None:
        words[~inside] = oov_char
    else:
        texts = np.repeat(np.arange(len(lengths)), lengths)
        lengths = np.bincount(texts[inside], minlength=len(lengths))
        words = words[inside]
    result = np.empty(len(lengths), object)
    numbers, ends = words.tolist(), np.cumsum(lengths).tolist()
    for place, (start, end) in enumerate(zip([0, *ends], ends)):
        result[place] = numbers[start:end]
    return result, labels


def load_word_index(name, path):
    """The dict from words to indices in a JSON file of the table of addresses."""
    path = fetch(name, path)
    try:
        with open(path, encoding="utf-8") as file:
            index = json.load(file)
        if not isinstance(index, dict):
            raise ValueError("it holds no dict of words")
        return index
    except (ValueError, RecursionError) as error:
        raise DataFileError(
            f"The data file {path} is damaged: {error}. Delete it; the next call downloads it "
            "again."
        ) from error
