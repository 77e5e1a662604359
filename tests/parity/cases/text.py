"""Text: words, hashes, the Tokenizer's vocabulary, sequences, matrices and JSON."""

import json

TEXTS = [
    "The cat sat on the mat.",
    "The dog, the other dog; THE END!",
    "don't stop -- it's a mat\tand a\nline",
    "",
    "na\u00efve \u00c9t\u00e9 \u0391\u03a3 \u65e5\u672c\u8a9e (caf\u00e9) cat\u00a0dog",
    "  spaces   everywhere  ",
    "nul\x00inside and the cat",
]
NEW = ["the unknown cat", "nothing known here", "", "dog dog dog MAT"]
WAYS = {
    "defaults": {},
    "num_words": {"num_words": 4},
    "oov_token": {"oov_token": "<oov>"},
    "both": {"num_words": 4, "oov_token": "<oov>"},
    "case kept": {"lower": False},
    "own filters": {"filters": "aeiou", "oov_token": "?"},
    "comma": {"split": ",", "filters": ".;"},
    "long split": {"split": "--", "filters": "!?."},
    "characters": {"char_level": True},
    "characters and oov": {"char_level": True, "num_words": 9, "oov_token": "#"},
}


def words(keras, random):
    cut = keras.preprocessing.text.text_to_word_sequence
    return {
        "defaults": [cut(text) for text in TEXTS],
        "case kept": [cut(text, lower=False) for text in TEXTS],
        "filters": [cut(text, filters="aeiou") for text in TEXTS],
        "filters as a list": [cut(text, filters=["a", "t"]) for text in TEXTS],
        "split": [cut(text, split="th") for text in TEXTS],
        "no filters": [cut(text, "", True, "a") for text in TEXTS],
    }


def hashes(keras, random):
    text = keras.preprocessing.text
    return {
        "md5": [text.hashing_trick(item, 50, "md5") for item in TEXTS],
        "own function": [text.hashing_trick(item, 7, hash_function=len) for item in TEXTS],
        "split": text.hashing_trick("a,b,c", 10, "md5", filters="", split=","),
        "one_hot is hash": [
            text.one_hot(item, 30) == text.hashing_trick(item, 30, hash) for item in TEXTS
        ],
        "one_hot in range": [all(0 < i < 30 for i in text.one_hot(item, 30)) for item in TEXTS],
    }


def vocabulary(tokenizer):
    return {
        "word_index": list(tokenizer.word_index.items()),
        "index_word": tokenizer.index_word == {i: w for w, i in tokenizer.word_index.items()},
        "word_counts": list(tokenizer.word_counts.items()),
        "index_docs": sorted(tokenizer.index_docs.items()),
        "word_docs": all(
            tokenizer.index_docs[tokenizer.word_index[word]] == count
            for word, count in tokenizer.word_docs.items()
        ),
        "document_count": tokenizer.document_count,
    }


def outputs(tokenizer):
    sequences = tokenizer.texts_to_sequences(TEXTS + NEW)
    return {
        "sequences": sequences,
        "generated": list(tokenizer.texts_to_sequences_generator(iter(TEXTS + NEW))) == sequences,
        "texts": tokenizer.sequences_to_texts(sequences + [[0, 1, 2, 999]]),
    }


def tokenizer(arguments):
    def run(keras, random):
        made = keras.preprocessing.text.Tokenizer(**arguments)
        made.fit_on_texts(TEXTS)
        results = dict(vocabulary(made), **outputs(made))
        made.fit_on_texts(text for text in NEW)
        results["again"] = [list(made.word_index.items()), made.document_count]
        return results

    return run


def matrices(keras, random):
    results = {}
    for num_words in (None, 5):
        made = keras.preprocessing.text.Tokenizer(num_words=num_words)
        made.fit_on_texts(TEXTS)
        for mode in ("binary", "count", "freq", "tfidf"):
            name = "{} {}".format(mode, num_words)
            results["texts " + name] = made.texts_to_matrix(TEXTS + NEW, mode=mode)
            results["sequences " + name] = made.sequences_to_matrix([[], [1, 1, 3], [4, 9]], mode)
    made = keras.preprocessing.text.Tokenizer(num_words=6)
    made.fit_on_sequences([[1, 2, 2], [5, 2], []])
    results["fit on sequences"] = made.sequences_to_matrix([[2, 5, 5, 7], [1]], mode="tfidf")
    results["index_docs"] = sorted(made.index_docs.items())
    results["document_count"] = made.document_count
    return results


def lists_of_tokens(keras, random):
    made = keras.preprocessing.text.Tokenizer(oov_token="<oov>")
    made.fit_on_texts([["A cat", "Dog"], "a dog", ["dog", "dog"]])
    return dict(vocabulary(made), sequences=made.texts_to_sequences([["a CAT", "x"], "dog"]))


def stored(keras, random):
    text = keras.preprocessing.text
    made = text.Tokenizer(num_words=5, oov_token="<oov>", filters="!.,")
    made.fit_on_texts(TEXTS[:3])
    full = json.loads(made.to_json(indent=2))
    sets = ("word_docs", "index_docs")  # their order is that of Python's sets
    read = text.tokenizer_from_json(made.to_json())
    results = {
        "class_name": full["class_name"],
        "keys": sorted(full["config"]),
        "plain": {key: value for key, value in full["config"].items() if key not in sets},
        "sets": {key: sorted(json.loads(full["config"][key]).items()) for key in sets},
        "matrix": read.texts_to_matrix(TEXTS, "tfidf"),
    }
    results.update(outputs(read))
    results.update(vocabulary(read))
    return results


CASES = {
    "words": words,
    "hashes": hashes,
    "matrices": matrices,
    "lists of tokens": lists_of_tokens,
    "stored": stored,
}
CASES.update(("tokenizer, " + name, tokenizer(way)) for name, way in WAYS.items())
