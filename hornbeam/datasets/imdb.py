"""IMDB: 50,000 film reviews, good or bad, as lists of word indices."""

import numpy as np

from hornbeam.datasets.addresses import fetch
from hornbeam.datasets.pickles import read_npz
from hornbeam.datasets.word_lists import (
    load_word_index,
    select_words,
    shuffled,
    vocabulary_size,
)

__all__ = ["get_word_index", "load_data"]


def load_data(
    path="imdb.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    cache_dir=None,
    **kwargs,
):
    """Loads film reviews whose words are numbered by how frequent they are.

    Downloads 17 MB on first use.

    Args:
        path: Name of the file in `~/.keras/datasets`, or an absolute path.
        num_words: Integer; words with this index or a larger one become `oov_char`. Indices count
            `index_from`, so 10000 keeps the 9,996 most frequent words. None keeps all but the one
            with the largest index, as Keras does. Keras 1 called it `nb_words`.
        skip_top: Integer; words with a smaller index become `oov_char`: the most frequent ones.
        maxlen: Integer; reviews of this length or longer, the start mark counted, are left out.
            (Some documentation says that they are cut. Keras 2.3.1 leaves them out, and so does
            this.)
        seed: Integer, of the shuffling; the same as in Keras.
        start_char: Integer that begins each review; None for no mark.
        oov_char: Integer in place of words that are not kept; None leaves them out.
        index_from: Integer that is added to the index of each word.
        cache_dir: Folder in place of `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: reviews, arrays of dtype object and shapes
        `(25000,)`, of lists of integers, for `pad_sequences`; and labels, int64 of the same
        shapes, 1 for good and 0 for bad.

    Raises:
        ValueError: if `maxlen` keeps no review.
        TypeError: for an unknown argument.
        DownloadError: if the file cannot be had.

    Source: Maas et al. 2011, Learning word vectors for sentiment analysis; the file of Keras
    2.3.1.

    Notes: With `maxlen`, the training set is filled up to 25,000 with reviews of the test set, as
    in Keras 2.3.1; tf.keras 2 does not. Without it the two sets are what their authors made them.
    """
    num_words = vocabulary_size("imdb.load_data", num_words, kwargs)
    x_train, y_train, x_test, y_test = read_npz(
        fetch("imdb.npz", path, cache_dir=cache_dir), "x_train", "y_train", "x_test", "y_test"
    )
    random = np.random.RandomState(seed)
    x_train, y_train = shuffled(random, x_train, y_train)
    x_test, y_test = shuffled(random, x_test, y_test)
    split = len(x_train)
    xs, labels = select_words(
        np.concatenate([x_train, x_test]),
        np.concatenate([y_train, y_test]),
        num_words,
        skip_top,
        maxlen,
        start_char,
        oov_char,
        index_from,
    )
    return (xs[:split], labels[:split]), (xs[split:], labels[split:])


def get_word_index(path="imdb_word_index.json"):
    """Returns the dict from words to indices; `load_data` adds `index_from` to these.

    Args:
        path: Name of the file in `~/.keras/datasets`, or an absolute path.

    Raises:
        DownloadError: if the file cannot be had.
    """
    return load_word_index("imdb_word_index.json", path)
