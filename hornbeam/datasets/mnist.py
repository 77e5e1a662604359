"""MNIST: 70,000 handwritten digits."""

from hornbeam.datasets.addresses import fetch
from hornbeam.datasets.pickles import read_npz

__all__ = ["load_data"]


def load_data(path="mnist.npz", cache_dir=None):
    """Loads MNIST: grey images of digits, 28 x 28 pixels, of 10 classes.

    Downloads 11 MB on first use.

    Args:
        path: Name of the file in `~/.keras/datasets`, or an absolute path.
        cache_dir: Folder in place of `~/.keras`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shapes `(60000, 28, 28)` and
        `(10000, 28, 28)`, 0 for paper to 255 for ink, and labels, uint8 of shapes `(60000,)` and
        `(10000,)`.

    Raises:
        DownloadError: if it cannot be had.

    Source: LeCun et al. 1998, Gradient-based learning applied to document recognition; the file
    of Keras 2.3.1.
    """
    x_train, y_train, x_test, y_test = read_npz(
        fetch("mnist.npz", path, cache_dir=cache_dir), "x_train", "y_train", "x_test", "y_test"
    )
    return (x_train, y_train), (x_test, y_test)
