"""Boston housing: 506 districts of the 1970s, and what their houses cost."""

import numpy as np

from hornbeam.datasets.addresses import fetch
from hornbeam.datasets.pickles import read_npz

__all__ = ["load_data"]


def load_data(path="boston_housing.npz", test_split=0.2, seed=113, cache_dir=None):
    """Loads the Boston housing data: 13 numbers for each district, and a median price.

    Args:
        path: Name of the file in `~/.keras/datasets`, or an absolute path.
        test_split: Float, the fraction of the data that is the test set, from 0 to below 1.
        seed: Integer, of the shuffling before the split; the same as in Keras.
        cache_dir: Folder in place of `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float64 of shapes `(404, 13)`, `(404,)`,
        `(102, 13)` and `(102,)` with the default split. Prices are in 1000 dollars.

    Raises:
        ValueError: if `test_split` is outside its range.
        DownloadError: if it cannot be had.

    Source: Harrison and Rubinfeld 1978, Hedonic housing prices and the demand for clean air; the
    file of Keras 2.3.1. One of its columns is built on an assumption about race; its use for
    anything but the running of old programs is discouraged.
    """
    if not 0 <= test_split < 1:
        raise ValueError(
            f"boston_housing.load_data got test_split={test_split}. It expects a fraction from 0 "
            "to below 1."
        )
    x, y = read_npz(fetch("boston_housing.npz", path, cache_dir=cache_dir), "x", "y")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    split = int(len(x) * (1 - test_split))
    return (x[:split], y[:split]), (x[split:], y[split:])
