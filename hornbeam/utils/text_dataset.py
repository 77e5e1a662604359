"""`text_dataset_from_directory`: a data set of the text files in folders."""

import numpy as np

from hornbeam.utils.dataset import Dataset
from hornbeam.utils.directories import Files, passes

__all__ = ["text_dataset_from_directory"]


def text_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    max_length=None,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
):
    """Returns a data set of the `.txt` files in a folder with one folder a class.

    Args:
        directory: Path.
        max_length: Integer, characters that are kept of a text, or None for all.

        The others: see `image_dataset_from_directory`.

    Returns:
        `Dataset` of arrays of strings `(n,)` (dtype object, decoded as UTF-8), with labels unless
        `label_mode` is None; with the attributes `class_names` and `file_paths`.

    Raises:
        ValueError: for arguments that do not fit each other, or a folder without texts.

    Source: tf.keras 2.21, whose strings are bytes.
    """
    files = Files(
        directory,
        ("txt",),
        labels,
        label_mode,
        class_names,
        shuffle,
        seed,
        validation_split,
        subset,
        follow_links,
    )
    found = [
        _dataset(paths, targets, batch_size, max_length, files)
        for paths, targets in files.subsets()
    ]
    return found if subset == "both" else found[0]


def _dataset(paths, targets, batch_size, max_length, files):
    order_of_pass = passes(len(paths), files.shuffle, files.seed)

    def read(row):
        with open(paths[row], encoding="utf-8", errors="replace") as file:
            return file.read() if max_length is None else file.read(max_length)

    def batches():
        order = order_of_pass()
        if not batch_size:
            for row in order:
                text = np.array(read(row), object)
                yield text if targets is None else (text, targets[row])
            return
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            texts = np.array([read(row) for row in rows], object)
            yield texts if targets is None else (texts, targets[rows])

    length = -(-len(paths) // (batch_size or 1))
    return Dataset(batches, length, class_names=files.class_names, file_paths=paths)
