"""Where the data sets come from: public addresses, and the hashes that were published with them."""

import os
from collections import namedtuple

from hornbeam.utils.downloads import get_file

__all__ = ["ADDRESSES", "fetch"]

Address = namedtuple("Address", "origin file_hash")

_ZALANDO = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"
_TEXTS = "https://s3.amazonaws.com/text-datasets/"

# Addresses are those of Keras 2.3.1, and so are the hashes, but for two sources, of which Keras
# 2.3.1 has none: CIFAR's are those of tf.keras 2, Fashion-MNIST's those of its authors' README.
ADDRESSES = {
    "boston_housing.npz": Address(
        "https://s3.amazonaws.com/keras-datasets/boston_housing.npz",
        "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    ),
    "cifar-10-batches-py": Address(
        _TORONTO + "cifar-10-python.tar.gz",
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
    "cifar-100-python": Address(
        _TORONTO + "cifar-100-python.tar.gz",
        "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    ),
    "imdb.npz": Address(_TEXTS + "imdb.npz", "599dadb1135973df5b59232a0e9a887c"),
    "imdb_word_index.json": Address(
        _TEXTS + "imdb_word_index.json", "bfafd718b763782e994055a2d397834f"
    ),
    "mnist.npz": Address(
        "https://s3.amazonaws.com/img-datasets/mnist.npz", "8a61469f7ea1b51cbae51d4f78837e45"
    ),
    "reuters.npz": Address(_TEXTS + "reuters.npz", "87aedbeb0cb229e378797a632c1997b6"),
    "reuters_word_index.json": Address(
        _TEXTS + "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921"
    ),
    "t10k-images-idx3-ubyte.gz": Address(
        _ZALANDO + "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"
    ),
    "t10k-labels-idx1-ubyte.gz": Address(
        _ZALANDO + "t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"
    ),
    "train-images-idx3-ubyte.gz": Address(
        _ZALANDO + "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"
    ),
    "train-labels-idx1-ubyte.gz": Address(
        _ZALANDO + "train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"
    ),
}


def fetch(name, path=None, untar=False, cache_subdir="datasets", cache_dir=None):
    """Returns the path of a file of `ADDRESSES`, from the cache or from its address.

    Args:
        name: String, its key in the table.
        path: String, the name it has in the cache, if another; may be an absolute path.
        untar: Bool, whether it is the folder in an archive.
        cache_subdir: String, the folder in the cache.
        cache_dir: String, the cache, if another than `~/.keras`.
    """
    origin, file_hash = ADDRESSES[name]
    return get_file(
        os.fspath(path or name),
        origin,
        untar,
        file_hash=file_hash,
        cache_subdir=cache_subdir,
        cache_dir=cache_dir,
    )
