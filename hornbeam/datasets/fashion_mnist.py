"""Fashion-MNIST: 70,000 small images of clothes."""

import gzip
import os
import zlib

import numpy as np

from hornbeam.datasets.addresses import fetch
from hornbeam.datasets.pickles import DataFileError

__all__ = ["load_data"]

MAX_BYTES = 2**28  # of a file, unpacked; the largest has 47 MB


def load_data(cache_dir=None):
    """Loads Fashion-MNIST: grey images, 28 x 28 pixels, of 10 classes.

    0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag,
    9 ankle boot. Downloads 30 MB on first use, to `~/.keras/datasets/fashion-mnist`.

    Args:
        cache_dir: Folder in place of `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shapes `(60000, 28, 28)` and
        `(10000, 28, 28)`, and labels, uint8 of shapes `(60000,)` and `(10000,)`.

    Raises:
        DownloadError: if it cannot be had.

    Source: Xiao et al. 2017, arXiv:1708.07747; the files of Keras 2.3.1.
    """
    return tuple(
        (
            _read(f"{part}-images-idx3-ubyte.gz", 3, cache_dir),
            _read(f"{part}-labels-idx1-ubyte.gz", 1, cache_dir),
        )
        for part in ("train", "t10k")
    )


def _read(name, ndim, cache_dir):
    """An array of bytes in the IDX format: type and rank, the sizes, the values."""
    path = fetch(
        name, cache_subdir=os.path.join("datasets", "fashion-mnist"), cache_dir=cache_dir
    )
    try:
        with gzip.open(path) as file:
            content = file.read(MAX_BYTES + 1)
        sizes = np.frombuffer(content, ">u4", count=ndim, offset=4)
        values = np.frombuffer(content, "uint8", offset=4 + 4 * ndim)
        if content[:4] != bytes([0, 0, 8, ndim]):  # 8: unsigned bytes
            raise ValueError(f"it does not begin as an array of bytes of rank {ndim}")
        return values.reshape(sizes).copy()
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataFileError(
            f"The data file {path} is damaged: {error}. Delete it; the next call downloads it "
            "again."
        ) from error
