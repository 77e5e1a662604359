"""Handwritten digits, 8 x 8 pixels, that ship with hornbeam: no download."""

from importlib.resources import files

import numpy as np

__all__ = ["load_data"]


def load_data(test_split=0.2, seed=113):
    """Loads 1797 real handwritten digits, split into a training and a test set.

    The images are put in an order drawn from `seed`; the last `test_split` of them are the test
    set. The same arguments give the same split on every machine. With the defaults there are
    1437 training and 360 test images.

    Args:
        test_split: fraction of the images held back for testing, from 0 to below 1.
        seed: of the shuffling; any seed of `numpy.random.RandomState`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shape `(samples, 8, 8)` with
        values from 0 (paper) to 16 (ink), and labels, uint8 of shape `(samples,)`, from 0 to 9.

    Raises:
        ValueError: if `test_split` is outside its range.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_test.shape
        ((1437, 8, 8), (360, 8, 8))

    Source: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI
    Machine Learning Repository, DOI 10.24432/C50P49, the test set in its original order.
    Licence: Creative Commons Attribution 4.0 (CC BY 4.0).

    Notes: each of 13 people wrote many of the digits, so training and test set share writers.
    Accuracy on a stranger's handwriting is lower than on this test set.
    """
    if not 0 <= test_split < 1:
        raise ValueError(
            f"digits.load_data got test_split={test_split}. It expects a fraction from 0 to below "
            "1, for instance test_split=0.2 to hold back a fifth of the images."
        )
    with (
        (files("hornbeam.datasets") / "digits.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        x, y = arrays["x"], arrays["y"]                       # (1797, 8, 8), (1797,)
    order = np.random.RandomState(seed).permutation(len(x))   # a stream that NumPy froze
    x, y = x[order], y[order]
    split = int(len(x) * (1 - test_split))
    return (x[:split], y[:split]), (x[split:], y[split:])
