"""CIFAR-10: 60,000 small colour images of 10 classes."""

import os

from hornbeam.datasets.addresses import fetch
from hornbeam.datasets.cifar import load_batch, split

__all__ = ["load_data"]


def load_data(cache_dir=None):
    """Loads CIFAR-10: colour images, 32 x 32 pixels, of 10 classes.

    0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.
    Downloads 163 MB on first use.

    Args:
        cache_dir: Folder in place of `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shapes `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)`, or `(n, 3, 32, 32)` with `channels_first` in `keras.json`; and
        labels, uint8 of shapes `(50000, 1)` and `(10000, 1)`, as in Keras 2.3.1. (Keras's
        documentation said `(n,)`; `y_train.ravel()` gives that.)

    Raises:
        DownloadError: if it cannot be had.

    Source: Krizhevsky 2009, Learning multiple layers of features from tiny images.
    """
    folder = fetch("cifar-10-batches-py", untar=True, cache_dir=cache_dir)
    train = [load_batch(os.path.join(folder, f"data_batch_{number}")) for number in range(1, 6)]
    return split(train), split([load_batch(os.path.join(folder, "test_batch"))])
