"""Reuters: 11,228 newswires of 46 topics, as lists of word indices."""

import numpy as np

from hornbeam.datasets.addresses import fetch
from hornbeam.datasets.pickles import read_npz
from hornbeam.datasets.word_lists import (
    load_word_index,
    select_words,
    shuffled,
    vocabulary_size,
)

__all__ = ["get_label_names", "get_word_index", "load_data"]

TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
).split()


def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    cache_dir=None,
    **kwargs,
):
    """Loads newswires whose words are numbered by how frequent they are.

    Downloads 2 MB on first use.

    Args:
        path: Name of the file in `~/.keras/datasets`, or an absolute path.
        num_words: Integer; words with this index or a larger one become `oov_char`. None keeps all
            but the one with the largest index, as Keras does. Keras 1 called it `nb_words`.
        skip_top: Integer; words with a smaller index become `oov_char`: the most frequent ones.
        maxlen: Integer; newswires of this length or longer, the start mark counted, are left out.
            (Some documentation says that they are cut. Keras 2.3.1 leaves them out, and so does
            this.)
        test_split: Float, the fraction of the data that is the test set, from 0 to 1.
        seed: Integer, of the shuffling before the split; the same as in Keras.
        start_char: Integer that begins each newswire; None for no mark.
        oov_char: Integer in place of words that are not kept; None leaves them out.
        index_from: Integer that is added to the index of each word.
        cache_dir: Folder in place of `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: newswires, arrays of dtype object and shapes
        `(8982,)` and `(2246,)` with the default split, of lists of integers, for `pad_sequences`;
        and labels, int64 of the same shapes, 0 to 45.

    Raises:
        ValueError: if `maxlen` keeps no newswire, or `test_split` is outside its range.
        TypeError: for an unknown argument.
        DownloadError: if the file cannot be had.

    Source: Lewis 1987, Reuters-21578; the file of Keras 2.3.1.
    """
    num_words = vocabulary_size("reuters.load_data", num_words, kwargs)
    if not 0 <= test_split <= 1:
        raise ValueError(
            f"reuters.load_data got test_split={test_split}. It expects a fraction from 0 to 1."
        )
    xs, labels = read_npz(fetch("reuters.npz", path, cache_dir=cache_dir), "x", "y")
    xs, labels = shuffled(np.random.RandomState(seed), xs, labels)
    xs, labels = select_words(
        xs, labels, num_words, skip_top, maxlen, start_char, oov_char, index_from
    )
    split = int(len(xs) * (1 - test_split))
    return (xs[:split], labels[:split]), (xs[split:], labels[split:])


def get_word_index(path="reuters_word_index.json"):
    """Returns the dict from words to indices; `load_data` adds `index_from` to these.

    Args:
        path: Name of the file in `~/.keras/datasets`, or an absolute path.

    Raises:
        DownloadError: if the file cannot be had.
    """
    return load_word_index("reuters_word_index.json", path)


def get_label_names():
    """Returns the names of the 46 topics, as a tuple: the label is the place in it.

    Source: tf.keras 2, which has them from Martin Thoma.
    """
    return tuple(TOPICS)
