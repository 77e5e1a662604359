"""The data sets that are downloaded: small files in the real formats, from a local server."""

import gzip
import hashlib
import io
import json
import os
import pickle
import random
import tarfile
import zipfile

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.datasets import (
    addresses,
    boston_housing,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)
from hornbeam.datasets.pickles import DataFileError
from tests.serving import serving


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Puts a file on a server, and its address and hash in the place of the real ones."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with serving() as server:

        def put(name, content):
            server.pages[name] = content
            digits = hashlib.md5(content).hexdigest()
            address = addresses.Address(server.address + name, digits)
            monkeypatch.setitem(addresses.ADDRESSES, name, address)
            return server

        yield put


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def lists(*rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def pickled_by_python_2(value):
    """What Python 2 wrote: strings as bytes, and NumPy's old name of its module."""
    content = pickle.dumps(value, protocol=2)
    return content.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


# ---- images


def test_mnist(publish, tmp_path):
    x, y = np.arange(5 * 784, dtype="uint8").reshape(5, 28, 28), np.arange(5, dtype="uint8")
    server = publish("mnist.npz", npz(x_train=x, y_train=y, x_test=x[:2], y_test=y[:2]))
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert len(server.asked) == 1 and (tmp_path / "datasets" / "mnist.npz").exists()
    np.testing.assert_array_equal(x_train, x)
    np.testing.assert_array_equal(y_test, y[:2])
    assert x_train.dtype == y_train.dtype == "uint8" and x_test.shape == (2, 28, 28)
    mnist.load_data(cache_dir=str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "datasets" / "mnist.npz").exists()
    mnist.load_data("other.npz")
    assert (tmp_path / "datasets" / "other.npz").exists()


def test_fashion_mnist(publish, tmp_path):
    images = {part: np.random.randint(0, 256, (n, 28, 28), "uint8") for part, n in
              (("train", 6), ("t10k", 3))}
    for part, x in images.items():
        head = np.array([0x803, *x.shape], ">u4").tobytes()
        publish(f"{part}-images-idx3-ubyte.gz", gzip.compress(head + x.tobytes()))
        head = np.array([0x801, len(x)], ">u4").tobytes()
        server = publish(f"{part}-labels-idx1-ubyte.gz", gzip.compress(head + bytes(range(len(x)))))
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, images["train"])
    np.testing.assert_array_equal(x_test, images["t10k"])
    assert y_train.tolist() == [0, 1, 2, 3, 4, 5] and y_test.tolist() == [0, 1, 2]
    assert {a.dtype.name for a in (x_train, y_train, x_test, y_test)} == {"uint8"}
    assert (tmp_path / "datasets" / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").exists()
    assert len(server.asked) == 4


@pytest.mark.parametrize("damage", [lambda c: c[:-9], lambda c: gzip.compress(b"\0\0\x08\x03abc")])
def test_a_damaged_file_of_fashion_mnist(publish, damage):
    head = np.array([0x803, 2, 28, 28], ">u4").tobytes()
    publish("train-images-idx3-ubyte.gz", damage(gzip.compress(head + bytes(2 * 784))))
    with pytest.raises(DataFileError, match="is damaged.*Delete it"):
        fashion_mnist.load_data()


def tar_of(**files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return content.getvalue()


@pytest.fixture
def cifar10_files(publish):
    x = np.random.randint(0, 256, (6, 4, 3072), "uint8")
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    files = {
        f"cifar-10-batches-py/{name}": pickled_by_python_2(
            {b"data": x[place], b"labels": [place, 1, 2, 3], b"batch_label": b"text",
             b"filenames": [b"a.png"] * 4}
        )
        for place, name in enumerate(names)
    }
    return publish("cifar-10-batches-py", tar_of(**files)), x


def test_cifar10(cifar10_files, tmp_path):
    server, x = cifar10_files
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert x_train.shape == (20, 32, 32, 3) and x_test.shape == (4, 32, 32, 3)
    assert y_train.shape == (20, 1) and y_test.ravel().tolist() == [5, 1, 2, 3]
    assert y_train[::4].ravel().tolist() == [0, 1, 2, 3, 4]
    assert {a.dtype.name for a in (x_train, y_train, x_test, y_test)} == {"uint8"}
    np.testing.assert_array_equal(x_train[5, :, :, 2], x[1, 1, 2048:].reshape(32, 32))
    assert len(server.asked) == 1
    assert sorted(p.name for p in (tmp_path / "datasets").iterdir() if p.suffix != ".lock") == [
        "cifar-10-batches-py", "cifar-10-batches-py.tar.gz",
    ]


def test_cifar_with_channels_first(cifar10_files, monkeypatch):
    monkeypatch.setattr("hornbeam.datasets.cifar.K.image_data_format", lambda: "channels_first")
    _, x = cifar10_files
    (x_train, _), _ = cifar10.load_data()
    np.testing.assert_array_equal(x_train[4:8], x[1].reshape(4, 3, 32, 32))
    assert K.image_data_format() == "channels_first"


@pytest.mark.parametrize("label_mode", ["fine", "coarse"])
def test_cifar100(publish, label_mode):
    def part(n):
        return pickled_by_python_2(
            {b"data": np.zeros((n, 3072), "uint8"), b"fine_labels": list(range(n)),
             b"coarse_labels": [9] * n}
        )

    files = {"cifar-100-python/train": part(5), "cifar-100-python/test": part(2)}
    publish("cifar-100-python", tar_of(**files))
    (x_train, y_train), (x_test, y_test) = cifar100.load_data(label_mode=label_mode)
    assert x_train.shape == (5, 32, 32, 3) and x_test.shape == (2, 32, 32, 3)
    assert y_train.tolist() == ([[0], [1], [2], [3], [4]] if label_mode == "fine" else [[9]] * 5)
    with pytest.raises(ValueError, match="label_mode"):
        cifar100.load_data("finest")


# ---- texts


TEXTS = [[1, 2, 3, 40], [5], [7, 1, 1, 9, 12, 30], [2, 2], [60, 1, 3], [4, 4, 4, 4, 4]]


def keras_words(rows, num_words, skip_top, start_char, oov_char, index_from):
    """By hand, word by word: the words of a text as Keras's documentation describes them."""
    rows = [[start_char] * (start_char is not None) + [w + index_from for w in r] for r in rows]
    largest = num_words or max(w for row in rows for w in row)
    return [
        [w if skip_top <= w < largest else oov_char for w in row
         if oov_char is not None or skip_top <= w < largest]
        for row in rows
    ]


WAYS = [
    {},
    {"num_words": 10},
    {"num_words": 20, "skip_top": 5},
    {"num_words": 20, "skip_top": 5, "oov_char": None},
    {"start_char": None, "index_from": 0, "num_words": 8},
    {"start_char": 50, "oov_char": 51, "index_from": 10, "num_words": 49},
]
DEFAULTS = {"num_words": None, "skip_top": 0, "start_char": 1, "oov_char": 2, "index_from": 3}


@pytest.fixture
def reviews(publish):
    y = np.arange(6)
    return publish("imdb.npz", npz(x_train=lists(*TEXTS), y_train=y,
                                   x_test=lists(*TEXTS[::-1][:4]), y_test=y[:4] + 10))


def orders(*sizes, seed=113):
    """The orders that Keras draws, one after the other."""
    drawn = np.random.RandomState(seed)
    found = [np.arange(size) for size in sizes]
    for order in found:
        drawn.shuffle(order)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_imdb(reviews, way):
    (x_train, y_train), (x_test, y_test) = imdb.load_data(seed=4, **way)
    train, test = orders(6, 4, seed=4)
    rows = [TEXTS[i] for i in train] + [TEXTS[::-1][i] for i in test]
    expected = keras_words(rows, **{**DEFAULTS, **way})
    assert x_train.dtype == x_test.dtype == object and x_train.shape == (6,)
    assert x_train.tolist() == expected[:6] and x_test.tolist() == expected[6:]
    assert type(x_train[0]) is list and type(x_train[0][0]) is int
    assert y_train.tolist() == train.tolist() and y_test.tolist() == (test + 10).tolist()
    assert y_train.dtype == "int64"


def test_imdb_leaves_long_reviews_out_as_keras_does(reviews):
    (x_train, y_train), (x_test, y_test) = imdb.load_data(maxlen=5)
    assert all(len(x) < 5 for x in [*x_train, *x_test])
    train, test = orders(6, 4)
    labels = [i for i in train if len(TEXTS[i]) < 4]
    labels += [i + 10 for i in test if len(TEXTS[::-1][i]) < 4]
    assert y_train.tolist() == labels[:6] and y_test.tolist() == labels[6:]
    with pytest.raises(ValueError, match="maxlen=1, no sequence was kept"):
        imdb.load_data(maxlen=1)


def test_imdb_knows_the_argument_of_keras_1(reviews):
    new, old = imdb.load_data(num_words=10), imdb.load_data(nb_words=10)
    assert new[0][0].tolist() == old[0][0].tolist()
    with pytest.raises(TypeError, match="unexpected arguments: words"):
        imdb.load_data(words=10)


@pytest.mark.parametrize("way", WAYS)
def test_reuters(publish, way):
    publish("reuters.npz", npz(x=lists(*TEXTS), y=np.arange(6)))
    (x_train, y_train), (x_test, y_test) = reuters.load_data(test_split=0.4, **way)
    (order,) = orders(6)
    expected = keras_words([TEXTS[i] for i in order], **{**DEFAULTS, **way})
    assert x_train.tolist() == expected[:3] and x_test.tolist() == expected[3:]
    assert y_train.tolist() + y_test.tolist() == order.tolist()
    with pytest.raises(ValueError, match="test_split=1.5"):
        reuters.load_data(test_split=1.5)


def test_names_of_topics():
    names = reuters.get_label_names()
    assert len(names) == 46 and (names[3], names[45]) == ("earn", "lead")


@pytest.mark.parametrize("module", [imdb, reuters])
def test_word_indices(publish, module):
    name = module.__name__.rpartition(".")[2]
    publish(f"{name}_word_index.json", json.dumps({"the": 1, "caf\u00e9": 2}).encode())
    assert module.get_word_index() == {"the": 1, "caf\u00e9": 2}
    publish(f"{name}_word_index.json", b"[1, 2")
    with pytest.raises(DataFileError, match="is damaged"):
        module.get_word_index("damaged.json")


def test_boston_housing(publish):
    x, y = np.random.rand(10, 13), np.random.rand(10)
    publish("boston_housing.npz", npz(x=x, y=y))
    (x_train, y_train), (x_test, y_test) = boston_housing.load_data(test_split=0.25, seed=3)
    (order,) = orders(10, seed=3)
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), x[order])
    np.testing.assert_array_equal(y_train, y[order][:7])
    assert y_test.shape == (3,)
    with pytest.raises(ValueError, match="test_split=1. It expects"):
        boston_housing.load_data(test_split=1)


# ---- files that are not what they should be


class Calls:
    """Pickled, a call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


def object_npz(content):
    """An `.npz` whose `x.npy` claims six objects and holds this pickle."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"shape": (6,), "fortran_order": False, "descr": "|O"}
    )
    file = io.BytesIO(npz(y=np.arange(6)))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("x.npy", header.getvalue() + content)
    return file.getvalue()


def hostile(canary):
    rows = lists(*TEXTS)
    shared = list(range(1000))
    return {
        "a call": pickle.dumps(Calls(os.mkdir, str(canary))),
        "a call in a list": pickle.dumps(lists(*TEXTS[:5], [Calls(os.mkdir, str(canary))])),
        "getattr": pickle.dumps(Calls(getattr, "a", "upper")),
        "a global of NumPy": b"cnumpy\nload\n.",
        "a change of a function": b"cnumpy\ndtype\n}(S'call'\nK\x01ub.",
        "slots of a function": b"cnumpy\ndtype\nN}(S'call'\nK\x01u\x86b.",
        "an extension": b"\x82\x01.",
        "a persistent id": b"Px\n.",
        "strings": pickle.dumps(lists(*TEXTS[:5], ["a"])),
        "floats": pickle.dumps(lists(*TEXTS[:5], [1.5])),
        "nested lists": pickle.dumps(lists(*TEXTS[:5], [[1]])),
        "no lists": pickle.dumps(lists(*range(6))),
        "another length": pickle.dumps(rows[:4]),
        "one list many times": pickle.dumps(lists(*[shared] * 6)),
        "a dict": pickle.dumps({"a": 1}),
        "numbers": pickle.dumps(np.arange(6)),
        "no pickle": b"text",
        "nothing": b"",
        "half of it": pickle.dumps(rows)[:-20],
    }


@pytest.mark.parametrize("name", list(hostile("")))
def test_a_hostile_or_damaged_array_is_refused(publish, canary, name):
    publish("reuters.npz", object_npz(hostile(str(canary))[name]))
    with pytest.raises(DataFileError, match="is damaged, or holds something else than numbers"):
        reuters.load_data()
    assert not canary.exists()


def test_the_same_array_in_order_is_read(publish):
    for protocol in (2, 3, 4):
        publish("reuters.npz", object_npz(pickle.dumps(lists(*TEXTS), protocol)))
        assert len(reuters.load_data(f"protocol{protocol}.npz", test_split=0)[0][0]) == 6


@pytest.mark.parametrize(
    "batch",
    [
        Calls(os.mkdir, "canary"),
        [1, 2],
        {b"labels": [1]},
        {b"data": np.zeros((2, 3072), "uint8"), b"labels": [1]},
        {b"data": np.zeros((2, 9), "uint8"), b"labels": [1, 2]},
        {b"data": np.zeros((2, 3072), "float32"), b"labels": [1, 2]},
        {b"data": np.array([{}, {}]), b"labels": [1, 2]},
    ],
)
def test_a_hostile_or_damaged_batch_of_cifar_is_refused(publish, tmp_path, monkeypatch, batch):
    monkeypatch.chdir(tmp_path)
    files = {"cifar-10-batches-py/data_batch_1": pickled_by_python_2(batch)}
    publish("cifar-10-batches-py", tar_of(**files))
    with pytest.raises(DataFileError, match="is damaged"):
        cifar10.load_data()
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("seed", range(30))
def test_a_file_with_a_changed_byte_is_read_or_refused(publish, seed):
    """Nothing but the one error comes of damage, wherever it is."""
    draw = random.Random(seed)
    content = bytearray(object_npz(pickle.dumps(lists(*TEXTS), 3)))
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    publish("reuters.npz", bytes(content))
    try:
        (x, _), _ = reuters.load_data(test_split=0)
    except DataFileError:
        return
    assert all(type(word) is int for row in x for word in row)


def test_an_array_that_claims_to_be_huge_is_refused(publish):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"shape": (2**40,), "fortran_order": False, "descr": "<f8"}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(80))
        archive.writestr("y.npy", header.getvalue() + bytes(80))
    publish("boston_housing.npz", file.getvalue())
    with pytest.raises(DataFileError, match="shorter than its shape"):
        boston_housing.load_data()


def test_every_address_is_whole():
    assert len(addresses.ADDRESSES) == 12
    for address in addresses.ADDRESSES.values():
        assert address.origin.startswith(("https://", "http://fashion-mnist."))
        assert len(address.file_hash) in (32, 64)
