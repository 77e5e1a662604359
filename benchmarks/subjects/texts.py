"""Texts to padded sequences: `Tokenizer` and `pad_sequences`.

keras2 is keras_preprocessing 1.1.2 under Python 3.7; tf_keras has the same code under the Python
that hornbeam runs on, which is faster by itself.
"""

import itertools
import random

from benchmarks import peers
from benchmarks.race import Case, Goal
from benchmarks.worker import Timed

TITLE = "50,000 texts of 5 to 25 words, 20,000 words known; 100,000 sequences"

PEERS = ["hornbeam", "keras2", "tf_keras"]

CASES = [
    Case("tokenizer", "`fit_on_texts` and `texts_to_sequences`, num_words 10,000", "ms", PEERS,
         [Goal("keras2", at_least=2), Goal("tf_keras", at_least=2)]),
    Case("pad_sequences", "`pad_sequences` to 20", "ms", PEERS,
         [Goal("keras2", at_least=3), Goal("tf_keras", at_least=3)]),
]


def measure(bench):
    return bench.race("texts", TITLE, CASES)


def texts():
    """Words by Zipf's law, as in a language; each text begins with a capital and ends in a dot."""
    draw = random.Random(0)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(20000)]
    sums = list(itertools.accumulate(1.0 / rank for rank in range(1, 20001)))
    return [
        " ".join(draw.choices(words, cum_weights=sums, k=draw.randint(5, 25)))
        .capitalize() + "."
        for _ in range(50000)
    ]


def prepare(case, peer):
    keras = peers.import_keras(peer)
    Tokenizer = keras.preprocessing.text.Tokenizer
    pad_sequences = keras.preprocessing.sequence.pad_sequences
    corpus = texts()

    def tokenize():
        tokenizer = Tokenizer(num_words=10000)
        tokenizer.fit_on_texts(corpus)
        return tokenizer.texts_to_sequences(corpus)

    if case == "tokenizer":
        return Timed(tokenize, 1, check=lambda: sum(map(sum, tokenize())) / 1e6)
    sequences = tokenize() * 2
    return Timed(
        lambda: pad_sequences(sequences, maxlen=20), 1,
        check=lambda: pad_sequences(sequences, maxlen=20).sum() / 1e6,
    )
