"""`timeseries_dataset_from_array`: windows that slide over a series."""

import numpy as np

from hornbeam.utils.dataset import Dataset
from hornbeam.utils.directories import passes

__all__ = ["timeseries_dataset_from_array"]


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
):
    """Returns a data set of windows that slide over a series.

    Args:
        data: Array `(steps, ...)`; a memmap is read window by window.
        targets: Array of as many steps, or None. The target of a window is the one of its first
            step: to predict what follows, pass `targets[sequence_length:]` shifted as needed.
        sequence_length: Integer, steps in a window.
        sequence_stride: Integer, steps between the starts of two windows.
        sampling_rate: Integer, steps between two that are taken into a window.
        batch_size: Integer; None gives single windows.
        shuffle: Bool; whether the order of the windows is drawn anew for each pass.
        seed: Integer or None.
        start_index: Integer, the first step that is used, or None.
        end_index: Integer, the step before which to end, or None.

    Returns:
        `Dataset` of windows `(n, sequence_length, ...)`, with targets unless they are None.

    Raises:
        ValueError: for a number out of its range.

    Source: tf.keras 2.21.
    """
    data = np.asanyarray(data)
    steps = len(data)
    for name, value in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):
        if value <= 0:
            raise ValueError(f"`{name}` must be higher than 0. Received: {name}={value}")
        if value >= steps and name != "sequence_length":
            raise ValueError(
                f"`{name}` must be lower than the length of the data. Received: {name}={value}, "
                f"for data of length {steps}"
            )
    start, end = _range(start_index, end_index, steps)
    count = end - start - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = np.asanyarray(targets)[start:end]
        count = min(count, len(targets))
    starts = np.arange(0, max(0, count), sequence_stride)
    within = np.arange(sequence_length) * sampling_rate
    order_of_pass = passes(len(starts), shuffle, seed)

    def made(chosen):
        windows = data[start + chosen[..., None] + within]
        return windows if targets is None else (windows, targets[chosen])

    def batches():
        chosen = starts[order_of_pass()]
        if batch_size is None:
            yield from map(made, chosen)
            return
        for first in range(0, len(chosen), batch_size):
            yield made(chosen[first : first + batch_size])

    return Dataset(batches, -(-len(starts) // (batch_size or 1)))


def _range(start_index, end_index, steps):
    start = 0 if start_index is None else start_index
    end = steps if end_index is None else end_index
    if start < 0:
        raise ValueError(f"`start_index` must be 0 or greater. Received: start_index={start}")
    if start >= steps:
        raise ValueError(
            "`start_index` must be lower than the length of the data. Received: start_index="
            f"{start}, for data of length {steps}"
        )
    if end <= start:
        raise ValueError(
            "`end_index` must be higher than `start_index`. Received: start_index="
            f"{start}, and end_index={end}"
        )
    if end > steps:
        raise ValueError(
            f"`end_index` must be at most the length of the data. Received: end_index={end}, for "
            f"data of length {steps}"
        )
    return start, end
