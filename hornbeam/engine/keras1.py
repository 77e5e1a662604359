"""The arguments that `Model.fit_generator` and its like had in Keras 1, translated at the edge.

Keras 1 counted an epoch of a generator in samples, Keras 2 counts it in batches. A number of
samples is divided by the size of a batch: the generator's `batch_size`, or that of its first batch.
"""

import functools
import inspect
import itertools
import warnings

import numpy as np

from hornbeam.translations import tell

__all__ = ["takes_old_arguments", "takes_show_accuracy"]

_RENAMES = {
    "nb_epoch": "epochs",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
    "max_q_size": "max_queue_size",
}
# Number of samples -> number of batches, and the argument that holds the data.
_SAMPLES = {
    "samples_per_epoch": ("steps_per_epoch", "generator"),
    "nb_val_samples": ("validation_steps", "validation_data"),
    "val_samples": ("steps", "generator"),
}


def takes_old_arguments(method):
    """Decorates a `*_generator` method of a model: it takes Keras 1's arguments as well."""
    signature = inspect.signature(method)
    renames = {old: new for old, new in _RENAMES.items() if new in signature.parameters}
    samples = {old: new for old, new in _SAMPLES.items() if new[0] in signature.parameters}

    @functools.wraps(method)
    def wrapper(*args, **kwargs):
        if renames.keys().isdisjoint(kwargs) and samples.keys().isdisjoint(kwargs):
            return method(*args, **kwargs)
        old = {name: kwargs.pop(name) for name in (*renames, *samples) if name in kwargs}
        given = signature.bind_partial(*args, **kwargs).arguments
        for name, value in old.items():
            new = renames.get(name) or samples[name][0]
            tell("argument", f"{method.__name__}({name})", new)
            if new in given:
                raise TypeError(
                    f"{method.__name__} got both the legacy keyword argument `{name}` and the "
                    f"Keras 2 keyword argument `{new}`. Stick to the latter!"
                )
            if name in samples and value is not None:
                source = samples[name][1]
                value, given[source] = _batches(value, given.get(source))
            given[new] = value
        if "samples_per_epoch" in old:
            given.setdefault("shuffle", False)  # Keras 1 took batches in the order they came
        return method(**given)

    wrapper.old_arguments = {**renames, **{old: new for old, (new, _) in samples.items()}}
    return wrapper


def takes_show_accuracy(method):
    """Decorates a method of a model: it takes `show_accuracy` (of a batch: `accuracy`) of Keras 0.

    As in Keras 1, it changes nothing; a warning tells where accuracy was wanted and none is seen.
    """

    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        wanted = [kwargs.pop(name) for name in ("show_accuracy", "accuracy") if name in kwargs]
        if any(wanted) and not any("acc" in name for name in self.metrics_names):
            warnings.warn(
                f"{method.__name__}: show_accuracy shows nothing since Keras 1.0. Pass "
                "metrics=['accuracy'] to compile.",
                stacklevel=2,
            )
        return method(self, *args, **kwargs)

    return wrapper


def _batches(samples, source):
    """How many batches of a source hold so many samples; and the source, with nothing lost."""
    size = getattr(source, "batch_size", None)
    if not size:
        if source is None or isinstance(source, tuple):
            return None, source  # arrays have their own size
        if hasattr(source, "__getitem__"):
            first = source[0]
        else:
            source = iter(source)
            first = next(source)
            source = itertools.chain([first], source)
        size = _samples_of(first)
    return -(-int(samples) // int(size)), source


def _samples_of(batch):
    """Number of samples of a batch: inputs, or a tuple of inputs, targets and weights."""
    while isinstance(batch, (tuple, list, dict)):
        batch = next(iter(batch.values())) if isinstance(batch, dict) else batch[0]
    return np.shape(batch)[0]
