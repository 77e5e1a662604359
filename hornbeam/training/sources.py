"""What users give as data, before it becomes batches."""

import numpy as np

from hornbeam.backend.placement import is_first_process


def check_count(name, value):
    """Checks a number of epochs or steps.

    Raises:
        ValueError: unless it is None or an integer of at least 0.
    """
    if value is None:
        return
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise ValueError(f"`{name}` must be an integer of at least 0; got {value!r}.")


def verbosity(verbose):
    """Returns `verbose` as a number; 'auto' is 1. Of several processes, the first is not silent.

    Raises:
        ValueError: for anything else than a number, a bool or 'auto'.
    """
    if isinstance(verbose, str) and verbose == "auto":
        verbose = 1
    if not isinstance(verbose, (int, np.integer)):
        raise ValueError(
            f"`verbose` must be 0 (silent), 1 (progress bar), 2 (one line an epoch) or 'auto'; "
            f"got {verbose!r}."
        )
    return int(verbose) if is_first_process() else 0


def peeked(trainer, source):
    """Lets a model that waits for data see the first batch, without losing it."""
    if trainer.model.outputs:
        return source
    if hasattr(source, "__getitem__"):
        trainer.ensure_built(source[0][0])
        return source
    iterator = iter(source)
    first = next(iterator)
    trainer.ensure_built(first[0])
    if iterator is not source:  # a data set, which begins anew for each epoch
        return source

    def again():
        yield first
        yield from iterator

    return again()


def repeated(data, steps, shuffle, done=None):
    """Yields `steps` batches of arrays, beginning again where they end.

    Args:
        data: `Arrays`.
        steps: Integer.
        shuffle: How the order is shuffled each time they begin; see `Arrays.shuffle`.
        done: Integer, how many of the steps are done, in the order that the data have; None
            begins, with a new order.
    """
    first, left = (0, steps) if done is None else (done % data.steps, steps - done)
    shuffles = done is None
    while left > 0:
        if shuffles:
            data.shuffle(shuffle)
        for batch in data.batches(first):
            yield batch
            left -= 1
            if not left:
                return
        first, shuffles = 0, True
