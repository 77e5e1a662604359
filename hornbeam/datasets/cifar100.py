"""CIFAR-100: 60,000 small colour images of 100 classes."""

import os

from hornbeam.datasets.addresses import fetch
from hornbeam.datasets.cifar import load_batch, split

__all__ = ["load_data"]


def load_data(label_mode="fine", cache_dir=None):
    """Loads CIFAR-100: colour images, 32 x 32 pixels. Downloads 161 MB on first use.

    Args:
        label_mode: `'fine'` for 100 classes, `'coarse'` for the 20 groups that they form.
        cache_dir: Folder in place of `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shapes `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)`, or `(n, 3, 32, 32)` with `channels_first` in `keras.json`; and
        labels, uint8 of shapes `(50000, 1)` and `(10000, 1)`, as in Keras 2.3.1. (Keras's
        documentation said `(n,)`; `y_train.ravel()` gives that.)

    Raises:
        ValueError: for another `label_mode`.
        DownloadError: if it cannot be had.

    Source: Krizhevsky 2009, Learning multiple layers of features from tiny images.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f'`label_mode` must be one of `"fine"`, `"coarse"`; it is {label_mode!r}.')
    folder = fetch("cifar-100-python", untar=True, cache_dir=cache_dir)
    return tuple(
        split([load_batch(os.path.join(folder, part), f"{label_mode}_labels")])
        for part in ("train", "test")
    )
