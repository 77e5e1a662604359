"""Texts as numbers: words counted and indexed, hashed, or put into a matrix."""

import hashlib
import itertools
import json
import sys
import warnings
from collections import Counter, OrderedDict, defaultdict

import numpy as np

__all__ = [
    "Tokenizer",
    "hashing_trick",
    "one_hot",
    "text_to_word_sequence",
    "tokenizer_from_json",
]

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
MODES = ("binary", "count", "freq", "tfidf")
BLOCK = 64  # texts that are cut together: their words stay in the processor's cache


def text_to_word_sequence(text, filters=FILTERS, lower=True, split=" "):
    """Cuts a text into words.

    Args:
        text: String.
        filters: String or list of characters; each becomes a separator. The default is
            punctuation, tab and line feed, without the apostrophe.
        lower: Bool, whether the words are in lower case.
        split: String, the separator.

    Returns:
        A list of strings, none of them empty.

    Example:
        >>> text_to_word_sequence("Don't panic, Arthur!")
        ["don't", 'panic', 'arthur']

    Source: keras_preprocessing 1.1.2.
    """
    return _words(text, _separators(filters, split), lower, split)


def one_hot(text, n, filters=FILTERS, lower=True, split=" ", analyzer=None):
    """Gives each word of a text an integer, by Python's `hash`. (Nothing here is one-hot.)

    Args:
        text: String.
        n: Integer, size of the vocabulary.
        filters, lower, split, analyzer: As for `hashing_trick`.

    Returns:
        A list of integers from 1 to `n - 1`; two words may share one.

    Notes: Python's `hash` of a string differs from process to process, unless the environment
    variable `PYTHONHASHSEED` is set. `hashing_trick(text, n, "md5")` does not.

    Source: keras_preprocessing 1.1.2; `analyzer` is from tf.keras 2.
    """
    return hashing_trick(text, n, hash, filters, lower, split, analyzer)


def hashing_trick(
    text, n, hash_function=None, filters=FILTERS, lower=True, split=" ", analyzer=None
):
    """Gives each word of a text an integer, by a hash function.

    Args:
        text: String.
        n: Integer above 1, size of the vocabulary; 0 is never given.
        hash_function: `'md5'`, the same in every process; None for Python's `hash`, which is not;
            or a function from a string to an integer.
        filters: String or list of characters that separate words.
        lower: Bool, whether words are put in lower case first.
        split: String, the separator.
        analyzer: Function from a text to a list of words, used in place of the three above.

    Returns:
        A list of integers from 1 to `n - 1`; two words may share one.

    Raises:
        ValueError: if `n` is below 2.

    Example:
        >>> hashing_trick("to be or not to be", 100, "md5")
        [5, 66, 50, 12, 5, 66]

    Source: keras_preprocessing 1.1.2; `analyzer` is from tf.keras 2.
    """
    if n < 2:
        raise ValueError(
            f"hashing_trick got n={n}. It expects a vocabulary of 2 or more, because words get "
            "the integers from 1 to n - 1."
        )
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":
        hash_function = _md5
    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [hash_function(word) % (n - 1) + 1 for word in words]


def _md5(word):
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


def _separators(filters, split):
    return str.maketrans(dict.fromkeys(filters, split))


def _words(text, separators, lower, split):
    if lower:
        text = text.lower()
    return list(filter(None, text.translate(separators).split(split)))


def _cleaned_together(texts, separators, lower, split):
    """The ASCII strings among the texts, in lower case, their separators in place.

    `str.translate` costs more to begin than to do: on one long string it is ten times as fast.

    Returns:
        A list of strings; empty if they could not be told apart again, because of a NUL in them.
    """
    texts = [text for text in texts if isinstance(text, str) and text.isascii()]
    if 0 in separators or "\0" in (split or ""):
        return []
    together = "\0".join(texts)
    cleaned = (together.lower() if lower else together).translate(separators).split("\0")
    return cleaned if len(cleaned) == len(texts) else []


class Tokenizer:
    """Turns texts into sequences of word indices, or into rows of a matrix.

    Words are ranked by how often they occur, the first seen first among equals; the most frequent
    one has index 1. 0 is never given: `pad_sequences` pads with it.

    Args:
        num_words: Integer or None; only words with an index below it are kept (so the most
            frequent `num_words - 1`) when texts are converted. `word_index` holds all of them.
        filters: String or list of characters that separate words. The default is punctuation, tab
            and line feed, without the apostrophe.
        lower: Bool, whether texts are put in lower case.
        split: String, the separator of words.
        char_level: Bool, whether every character is a token.
        oov_token: String or None; takes the index 1, and stands for every word that is not known
            or not kept. With None, such words are left out.
        document_count: Integer, the number of texts seen so far.
        analyzer: Function from a text to a list of tokens, used in place of the arguments above.
            It is not stored by `to_json`.

    Attributes:
        word_counts: `OrderedDict` from words to how often each occurs, in the order first seen.
        word_docs: Dict from words to the number of texts with it.
        word_index, index_word: Dicts from words to indices, and the reverse.
        index_docs: Dict from indices to the number of texts with it.
        document_count: Integer, texts and sequences seen.

    Raises:
        TypeError: for an unknown argument. Keras 1's `nb_words` is known.

    Example:
        >>> tokenizer = Tokenizer(oov_token="?")
        >>> tokenizer.fit_on_texts(["to be or not to be"])
        >>> tokenizer.texts_to_sequences(["to think or not"])
        [[2, 1, 4, 5]]

    Source: keras_preprocessing 1.1.2; `analyzer` is from tf.keras 2.
    """

    analyzer = None  # for objects that were pickled by an older Keras

    def __init__(
        self,
        num_words=None,
        filters=FILTERS,
        lower=True,
        split=" ",
        char_level=False,
        oov_token=None,
        document_count=0,
        analyzer=None,
        **kwargs,
    ):
        num_words = kwargs.pop("nb_words", num_words)  # Keras 1
        if kwargs:
            raise TypeError(
                f"Tokenizer got unexpected arguments: {', '.join(sorted(kwargs))}. It knows "
                "num_words, filters, lower, split, char_level, oov_token, document_count and "
                "analyzer."
            )
        self.word_counts = OrderedDict()
        self.word_docs = defaultdict(int)
        self.filters = filters
        self.split = split
        self.lower = lower
        self.num_words = num_words
        self.document_count = document_count
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.index_docs = defaultdict(int)
        self.word_index = {}
        self.index_word = {}

    # ---- learning the vocabulary

    def fit_on_texts(self, texts):
        """Counts the words of texts and ranks all words seen so far. May be called again.

        Args:
            texts: Iterable, also a generator, of strings, or of lists of tokens.

        Raises:
            TypeError: for something else than a string or a list; names its position. Nothing is
                counted then.
        """
        counts, documents, seen = Counter(), Counter(), 0
        tokens = self._tokens(texts, "fit_on_texts")
        while block := list(itertools.islice(tokens, BLOCK)):
            counts.update(itertools.chain.from_iterable(block))
            documents.update(itertools.chain.from_iterable(map(set, block)))
            seen += len(block)
        self.document_count += seen
        for word, count in counts.items():
            self.word_counts[word] = self.word_counts.get(word, 0) + count
        for word, count in documents.items():
            self.word_docs[word] = self.word_docs.get(word, 0) + count

        ranked = [] if self.oov_token is None else [self.oov_token]
        ranked += sorted(self.word_counts, key=self.word_counts.get, reverse=True)
        self.word_index = dict(zip(ranked, range(1, len(ranked) + 1)))
        self.index_word = {index: word for word, index in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences):
        """Counts in how many sequences each index occurs, for the mode `'tfidf'`.

        Needed only for `sequences_to_matrix` without a call of `fit_on_texts` before.

        Args:
            sequences: List of lists of integers.
        """
        documents = Counter(itertools.chain.from_iterable(map(set, sequences)))
        self.document_count += len(sequences)
        for index, count in documents.items():
            self.index_docs[index] = self.index_docs.get(index, 0) + count

    # ---- texts to sequences, and back

    def texts_to_sequences(self, texts):
        """Turns each text into the list of its words' indices.

        Words that `fit_on_texts` has not met, or that `num_words` excludes, become the index of
        `oov_token`, or are left out if that is None.

        Args:
            texts: Iterable of strings, or of lists of tokens.

        Returns:
            A list with a list of integers for each text.
        """
        return list(self._sequences(texts, BLOCK))

    def texts_to_sequences_generator(self, texts):
        """Yields what `texts_to_sequences` returns, text by text. Reads no text ahead."""
        yield from self._sequences(texts, 1)

    def _sequences(self, texts, block):
        oov = self._oov_index()
        limit = self.num_words or sys.maxsize
        missing = itertools.repeat(limit)  # the index of words that are not known
        for words in self._tokens(texts, "texts_to_sequences", block):
            found = map(self.word_index.get, words, missing)
            if oov is not None:
                yield [index if index < limit else oov for index in found]
                continue
            if self.oov_token is not None and not all(word in self.word_index for word in words):
                raise ValueError(
                    f"Tokenizer met a word that is not known, and oov_token={self.oov_token!r} "
                    "stands for such words but has no index in word_index. Call fit_on_texts "
                    "first; if word_index was changed by hand, give the oov_token an index in it."
                )
            yield [index for index in found if index < limit]

    def sequences_to_texts(self, sequences):
        """Turns each sequence of indices into a text, its words joined by single spaces.

        Indices that are not known, or that `num_words` excludes, become `oov_token`, or are left
        out if that is None.

        Args:
            sequences: Iterable of iterables of integers.

        Returns:
            A list of strings.
        """
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences):
        """Yields what `sequences_to_texts` returns, sequence by sequence."""
        limit = self.num_words or float("inf")
        oov = self.oov_token if self._oov_index() is not None else None
        for sequence in sequences:
            known = (self.index_word.get(index) if index < limit else None for index in sequence)
            words = (oov if word is None else word for word in known)
            yield " ".join(word for word in words if word is not None)

    # ---- matrices

    def texts_to_matrix(self, texts, mode="binary"):
        """Turns each text into a row with a column for each word.

        Args:
            texts: Iterable of strings, or of lists of tokens.
            mode: As for `sequences_to_matrix`.

        Returns:
            A float64 array of shape `(texts, num_words)`.
        """
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences, mode="binary"):
        """Turns each sequence into a row with a column for each index.

        Args:
            sequences: Iterable of lists of integers. Those from `num_words` on are left out.
            mode: What stands in a column: `'binary'`, 1 if the word occurs; `'count'`, how often
                it does; `'freq'`, how often for each word of the sequence; `'tfidf'`,
                `(1 + log count) * log(1 + texts / (1 + texts with the word))`.

        Returns:
            A float64 array of shape `(sequences, num_words)`; if `num_words` is None,
            `(sequences, 1 + words known)`. Column 0 stays empty.

        Raises:
            ValueError: for an unknown mode; if neither `num_words` nor a vocabulary says how many
                columns there are; for `'tfidf'` before any text was seen.
        """
        if mode not in MODES:
            raise ValueError(
                f"Unknown vectorization mode: {mode!r}. It must be one of {', '.join(MODES)}."
            )
        if not self.num_words and not self.word_index:
            raise ValueError(
                "Specify a dimension (`num_words` argument), or fit on some text data first: "
                "neither says how many columns the matrix has."
            )
        if mode == "tfidf" and not self.document_count:
            raise ValueError(
                "Fit the Tokenizer on some data before using tfidf mode: it needs to know in how "
                "many texts each word occurs."
            )
        columns = self.num_words or len(self.word_index) + 1
        sequences = list(sequences)
        lengths = np.fromiter(map(len, sequences), "int64", len(sequences))
        indices = np.fromiter(itertools.chain.from_iterable(sequences), "int64", lengths.sum())
        rows = np.repeat(np.arange(len(sequences)), lengths)
        kept = indices < columns
        rows, indices = rows[kept], indices[kept]

        matrix = np.zeros((len(sequences), columns))
        if mode == "binary":
            matrix[rows, indices] = 1.0
            return matrix
        np.add.at(matrix, (rows, indices), 1.0)
        if mode == "count":
            return matrix
        occurs = matrix > 0
        if mode == "freq":
            return np.divide(matrix, lengths[:, None], out=matrix, where=occurs)
        documents = np.zeros(columns)
        for index, count in self.index_docs.items():
            if 0 <= index < columns:
                documents[index] = count
        matrix[occurs] = 1.0 + np.log(matrix[occurs])
        matrix *= np.log(1.0 + self.document_count / (1.0 + documents))
        return matrix

    # ---- storing

    def get_config(self):
        """Returns the arguments and the vocabulary as a dict; dicts in it are JSON strings."""
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            **{name: json.dumps(getattr(self, name)) for name in _DICTS},
        }

    def to_json(self, **kwargs):
        """Returns a JSON string that `tokenizer_from_json` reads, here and in Keras.

        Args:
            **kwargs: For `json.dumps`, for instance `indent=2`.
        """
        if self.analyzer is not None:
            warnings.warn(
                "A Tokenizer's `analyzer` is a function and is not stored in JSON. Set it again "
                "on what tokenizer_from_json returns.",
                stacklevel=2,
            )
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )

    # ---- parts

    def _oov_index(self):
        return None if self.oov_token is None else self.word_index.get(self.oov_token)

    def _tokens(self, texts, caller, block=BLOCK):
        """Yields the tokens of each text; reads `block` texts ahead."""
        texts, position = iter(texts), 0
        while batch := list(itertools.islice(texts, block)):
            for place, text in enumerate(batch, position):
                if not isinstance(text, (str, list, tuple)):
                    raise TypeError(
                        f"Tokenizer.{caller} got {text!r} of type {type(text).__name__} at "
                        f"position {place} of the texts. It expects strings, or lists of tokens. "
                        "A missing value in a pandas column reads as nan; fill it first: "
                        "column.fillna('')."
                    )
            position += len(batch)
            yield from self._tokens_of(batch)

    def _tokens_of(self, batch):
        lower, split = self.lower, self.split
        separators = _separators(self.filters or "", split)
        as_words = not self.char_level and self.analyzer is None
        cleaned = iter(_cleaned_together(batch, separators, lower, split) if as_words else ())
        for text in batch:
            if not isinstance(text, str):
                yield [token.lower() for token in text] if lower else text
            elif self.char_level:
                yield text.lower() if lower else text
            elif self.analyzer is not None:
                yield self.analyzer(text)
            elif text.isascii() and (clean := next(cleaned, None)) is not None:
                yield list(filter(None, clean.split(split)))
            else:
                yield _words(text, separators, lower, split)


_DICTS = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")


def tokenizer_from_json(json_string):
    """Returns the `Tokenizer` that `to_json` has stored, here or in Keras.

    Args:
        json_string: String.

    Raises:
        ValueError: if it is not the JSON of a tokenizer.
    """
    try:
        config = dict(json.loads(json_string)["config"])
        stored = {name: json.loads(config.pop(name)) for name in _DICTS}
        tokenizer = Tokenizer(**config)
        tokenizer.word_counts = OrderedDict(stored["word_counts"])
        tokenizer.word_docs = defaultdict(int, stored["word_docs"])
        tokenizer.word_index = dict(stored["word_index"])
        # JSON has string keys only.
        tokenizer.index_docs = defaultdict(int, _integer_keys(stored["index_docs"]))
        tokenizer.index_word = _integer_keys(stored["index_word"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            "tokenizer_from_json expects what Tokenizer.to_json returned, a JSON object with "
            f"'class_name' and 'config'. It could not read this one: {error!r}."
        ) from error
    return tokenizer


def _integer_keys(table):
    return {int(key): value for key, value in table.items()}
