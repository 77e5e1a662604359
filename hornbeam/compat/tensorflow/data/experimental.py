"""`tf.data.experimental`."""

import warnings

from hornbeam.utils.dataset import AUTOTUNE, Dataset

INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2


def cardinality(dataset):
    """Returns the number of elements of a data set: -1 if infinite, -2 if unknown."""
    return dataset.cardinality()


def assert_cardinality(expected_cardinality):
    """Returns a function for `dataset.apply`: a data set of a number of elements that is known.

    Its reading raises ValueError if there are more or fewer.
    """

    def apply(dataset):
        def counted():
            count = 0
            for element in dataset._source():
                count += 1
                if count > expected_cardinality:
                    break
                yield element
            if count != expected_cardinality:
                raise ValueError(
                    f"Input dataset was expected to contain {expected_cardinality} elements but "
                    f"contained {'more' if count > expected_cardinality else f'only {count}'}."
                )

        return dataset._next(counted, expected_cardinality)

    return apply


def shuffle_and_repeat(buffer_size, count=None, seed=None):
    """Returns a function for `dataset.apply`: shuffles, then repeats."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def map_and_batch(
    map_func, batch_size, num_parallel_batches=None, drop_remainder=False, num_parallel_calls=None
):
    """Returns a function for `dataset.apply`: maps, then batches."""
    threads = num_parallel_calls or num_parallel_batches
    return lambda dataset: dataset.map(map_func, threads).batch(batch_size, drop_remainder)


def parallel_interleave(map_func, cycle_length, block_length=1, sloppy=False, **options):
    """Returns a function for `dataset.apply`: `interleave`, in order whatever `sloppy` says."""
    return lambda dataset: dataset.interleave(map_func, cycle_length, block_length)


def unbatch():
    """Returns a function for `dataset.apply`: `unbatch`."""
    return lambda dataset: dataset.unbatch()


def ignore_errors(log_warning=False):
    """Returns a function for `dataset.apply`: leaves out elements whose making fails.

    Args:
        log_warning: Bool, whether each such failure is a warning.
    """

    def apply(dataset):
        def kept():
            elements = iter(dataset._source())
            while True:
                try:
                    yield next(elements)
                except StopIteration:
                    return
                except Exception as error:
                    if log_warning:
                        warnings.warn(f"An element is left out: {error}", stacklevel=2)

        return dataset._next(kept)

    return apply


def sample_from_datasets(datasets, weights=None, seed=None, stop_on_empty_dataset=False):
    """See `Dataset.sample_from_datasets`."""
    return Dataset.sample_from_datasets(datasets, weights, seed, stop_on_empty_dataset)


def get_single_element(dataset):
    """Returns the only element of a data set."""
    return dataset.get_single_element()


__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "assert_cardinality",
    "cardinality",
    "get_single_element",
    "ignore_errors",
    "map_and_batch",
    "parallel_interleave",
    "sample_from_datasets",
    "shuffle_and_repeat",
    "unbatch",
]
