"""What CIFAR-10 and CIFAR-100 share."""

import numpy as np

from hornbeam import backend as K
from hornbeam.datasets.pickles import DataFileError, read_pickle

__all__ = ["load_batch"]


def load_batch(fpath, label_key="labels"):
    """Reads a file of CIFAR.

    Args:
        fpath: Path.
        label_key: String, the labels' name in it.

    Returns:
        Images, uint8 of shape `(n, 3, 32, 32)`, and a list of `n` integers.

    Raises:
        DataFileError: if the file is damaged, or holds anything else than numbers and names.
    """
    content = read_pickle(fpath)
    data, labels = content.get("data"), content.get(label_key)
    if (
        not isinstance(data, np.ndarray)
        or data.dtype != "uint8"
        or data.size != len(data) * 3072
        or not isinstance(labels, list)
        or len(labels) != len(data)
    ):
        raise DataFileError(
            f"The data file {fpath} is damaged: it lacks images of 3 x 32 x 32 bytes, or their "
            f"{label_key!r}. Delete its folder and its archive; the next call downloads it again."
        )
    return data.reshape(-1, 3, 32, 32), labels


def split(batches):
    """The arrays of `(images, labels)`, in the layout that `K.image_data_format()` says."""
    images = np.concatenate([images for images, _ in batches])
    labels = np.concatenate([np.asarray(labels, "uint8") for _, labels in batches])
    if K.image_data_format() == "channels_last":
        images = images.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels[:, None]
