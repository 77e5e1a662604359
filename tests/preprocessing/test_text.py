"""The Tokenizer and its like: what the goldens of keras_preprocessing do not say."""

import copy
import json
import pickle
import random

import numpy as np
import pytest

from hornbeam.preprocessing import text
from hornbeam.preprocessing.text import (
    Tokenizer,
    hashing_trick,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)

ALPHABET = "abcABC  .,'\n\0\u00e9\u0130\u03a3\u03c3\u4e2d"


def random_texts(count, seed):
    draw = random.Random(seed)
    return ["".join(draw.choices(ALPHABET, k=draw.randrange(30))) for _ in range(count)]


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"lower": False},
        {"split": "a"},
        {"split": ". "},
        {"split": "\0"},
        {"filters": "\0b"},
        {"filters": ""},
        {"filters": "", "split": None},
    ],
)
def test_texts_cut_together_are_cut_as_each_alone(way):
    texts = random_texts(300, seed=1) + [t.replace("\0", "") for t in random_texts(300, seed=2)]
    tokenizer = Tokenizer(**way)
    expected = [text_to_word_sequence(t, **{"filters": text.FILTERS, **way}) for t in texts]
    assert list(tokenizer._tokens(texts, "here")) == expected


def test_a_generator_is_not_read_ahead():
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(iter(["a b", "b"]))
    read = []

    def texts():
        for word in "aba":
            read.append(word)
            yield word

    sequences = tokenizer.texts_to_sequences_generator(texts())
    assert next(sequences) == [2] and read == ["a"]
    assert list(sequences) == [[1], [2]]


@pytest.mark.parametrize("wrong", [float("nan"), None, 3, b"bytes"])
def test_what_is_no_text_is_named_and_nothing_is_counted(wrong):
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(["one two"])
    with pytest.raises(TypeError, match=r"at position 101 of the texts.*fillna"):
        tokenizer.fit_on_texts(["three"] * 101 + [wrong])
    assert tokenizer.document_count == 1 and dict(tokenizer.word_counts) == {"one": 1, "two": 1}
    with pytest.raises(TypeError, match="texts_to_sequences got .* position 1"):
        tokenizer.texts_to_sequences(["one", wrong])


def test_counts_go_on_in_a_second_fit():
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(["a b b"])
    tokenizer.fit_on_texts(["a c a", "a"])
    assert tokenizer.word_index == {"a": 1, "b": 2, "c": 3}
    assert dict(tokenizer.index_docs) == {1: 3, 2: 1, 3: 1}


def test_the_argument_of_keras_1_and_unknown_ones():
    assert Tokenizer(nb_words=5).num_words == 5
    with pytest.raises(TypeError, match="unexpected arguments: words"):
        Tokenizer(words=5)


def test_a_vocabulary_that_was_changed_by_hand():
    # A widespread way to bound it: drop the rare words, then give the token an index.
    tokenizer = Tokenizer(num_words=3, oov_token="<oov>")
    tokenizer.fit_on_texts(["a a a b b c"])
    tokenizer.word_index = {w: i for w, i in tokenizer.word_index.items() if w in "ab"}
    with pytest.raises(ValueError, match="oov_token='<oov>' .* has no index"):
        tokenizer.texts_to_sequences(["a z"])
    assert tokenizer.texts_to_sequences(["a"]) == [[2]]
    tokenizer.word_index["<oov>"] = 9
    assert tokenizer.texts_to_sequences(["a b z"]) == [[2, 9, 9]]


def test_a_tokenizer_survives_pickle_copy_and_json():
    tokenizer = Tokenizer(num_words=4, oov_token="?")
    tokenizer.fit_on_texts(["to be or not to be"])
    expected = tokenizer.texts_to_sequences(["be not", "who"])
    for again in (
        pickle.loads(pickle.dumps(tokenizer)),
        copy.deepcopy(tokenizer),
        tokenizer_from_json(tokenizer.to_json()),
    ):
        assert again.texts_to_sequences(["be not", "who"]) == expected
        again.fit_on_texts(["who who who"])  # Keras's own, read from JSON, cannot go on
        assert again.word_index["who"] == 2 and again.word_docs["who"] == 1


def test_a_pickle_of_an_older_keras_has_no_analyzer():
    tokenizer = Tokenizer()
    del tokenizer.__dict__["analyzer"]
    tokenizer.fit_on_texts(["a b"])
    assert tokenizer.texts_to_sequences(["b"]) == [[2]]


def test_an_analyzer_cuts_texts_and_is_not_stored():
    tokenizer = Tokenizer(analyzer=lambda line: line.split("|"))
    tokenizer.fit_on_texts(["a b|c", "c"])
    assert tokenizer.word_index == {"c": 1, "a b": 2}
    with pytest.warns(UserWarning, match="not stored in JSON"):
        tokenizer.to_json()
    assert hashing_trick("x|y z", 9, "md5", analyzer=lambda line: line.split("|")) == [
        hashing_trick(word, 9, "md5", filters="", split="|")[0] for word in ("x", "y z")
    ]


@pytest.mark.parametrize(
    "wrong", ["", "[]", "{}", '{"config": 1}', '{"config": {"word_counts": "{}"}}']
)
def test_json_that_is_none_of_a_tokenizer(wrong):
    with pytest.raises(ValueError, match="expects what Tokenizer.to_json returned"):
        tokenizer_from_json(wrong)
    config = json.loads(Tokenizer().to_json())
    config["config"]["spam"] = 1
    with pytest.raises(ValueError, match="spam"):
        tokenizer_from_json(json.dumps(config))


def test_matrices_that_cannot_be_made():
    with pytest.raises(ValueError, match="Unknown vectorization mode: 'tf'"):
        Tokenizer(5).sequences_to_matrix([[1]], mode="tf")
    with pytest.raises(ValueError, match="Specify a dimension"):
        Tokenizer().sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="before using tfidf mode"):
        Tokenizer(5).sequences_to_matrix([[1]], mode="tfidf")


def test_a_matrix_by_its_formula():
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(["a a b", "b c", "b"])
    found = tokenizer.texts_to_matrix(["a a a b", ""], mode="tfidf")
    a, b = (1 + np.log(3)) * np.log(1 + 3 / 2), np.log(1 + 3 / 4)
    assert tokenizer.word_index == {"b": 1, "a": 2, "c": 3}
    np.testing.assert_allclose(found, [[0, b, a, 0], [0, 0, 0, 0]])
    assert tokenizer.texts_to_matrix([]).shape == (0, 4)


def test_a_hash_needs_room():
    with pytest.raises(ValueError, match="n=1.* 2 or more"):
        one_hot("a", 1)
