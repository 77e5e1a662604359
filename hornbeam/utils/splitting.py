"""Parts of data: a data set in two, and the inputs, targets and weights of a batch."""

import numpy as np

from hornbeam.training.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight

__all__ = ["pack_x_y_sample_weight", "split_dataset", "unpack_x_y_sample_weight"]


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None):
    """Splits data into two data sets of single samples.

    Args:
        dataset: Array, list or tuple of equally long arrays, or an iterable of samples, such as a
            `Dataset`. An iterable is read as a whole, into memory.
        left_size: Integer, number of samples of the first; float from 0 to 1, its part; None means
            what the second leaves.
        right_size: The same for the second.
        shuffle: Bool, whether to shuffle first.
        seed: Integer for that, or None.

    Returns:
        A pair of `Dataset`s.

    Raises:
        ValueError: if neither size is given, one is out of its range, or both are too much.
    """
    from hornbeam.utils.dataset import Dataset

    if hasattr(dataset, "__array__"):
        samples = list(np.asarray(dataset))
    elif isinstance(dataset, (tuple, list)) and all(hasattr(a, "__array__") for a in dataset):
        samples = list(zip(*(np.asarray(array) for array in dataset)))
    else:
        samples = list(dataset)
    count = len(samples)
    left, right = (
        None if size is None else _count(name, size, count)
        for name, size in (("left_size", left_size), ("right_size", right_size))
    )
    if left is None and right is None:
        raise ValueError(
            "split_dataset needs left_size or right_size. Received: `left_size` and `right_size` "
            "are both None."
        )
    left = count - right if left is None else left
    right = count - left if right is None else right
    if left + right > count or not left or not right:
        raise ValueError(
            f"split_dataset got {count} samples, left_size={left_size} and "
            f"right_size={right_size}: {left} and {right} samples. Expected at least one on "
            "either side, and no more than there are."
        )
    if shuffle:
        order = np.random.RandomState(seed).permutation(count)
        samples = [samples[i] for i in order]
    parts = samples[:left], samples[count - right if right_size is not None else left :]
    return tuple(
        Dataset(lambda part=part[: left if i == 0 else right]: iter(part), len(part))
        for i, part in enumerate(parts)
    )


def _count(name, size, count):
    """A size as a number of samples."""
    if isinstance(size, float):
        if not 0 < size < 1:
            raise ValueError(f"`{name}` is {size}. A float must be between 0 and 1.")
        return round(size * count)
    if not 0 < size < count:
        raise ValueError(
            f"`{name}` is {size}. An integer must be between 0 and the number of samples, {count}."
        )
    return int(size)
