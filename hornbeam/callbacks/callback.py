"""`Callback`, the base of all, and `CallbackList`, which calls many."""

import time
import warnings
from collections import defaultdict, deque

import numpy as np

from hornbeam.callbacks.logs import Logs


class Callback:
    """What `fit`, `evaluate` and `predict` call as they go on. Override the hooks that you need.

    A callback that overrides a hook of single batches makes the loop stop at each batch; the
    others cost nothing while an epoch runs.

    Attributes:
        params: Dict: `verbose`, `epochs`, `steps`, `batch_size`, `samples`, `do_validation`,
            `metrics` (the names in the logs).
        model: The `Model` that is trained.
        validation_data: List of the validation arrays, or None.

    The `logs` of a hook at the end of an epoch hold the averages over the epoch, and with `val_`
    before them those of the validation; after a batch its `batch`, `size`, loss and metrics.
    """

    def __init__(self):
        self.params = {}
        self.model = None
        self.validation_data = None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self.model = model

    def on_train_begin(self, logs=None):
        """Called at the start of `fit`."""

    def on_train_end(self, logs=None):
        """Called at the end of `fit`."""

    def on_epoch_begin(self, epoch, logs=None):
        """Called before an epoch; the first is number 0."""

    def on_epoch_end(self, epoch, logs=None):
        """Called after an epoch and its validation."""

    def on_batch_begin(self, batch, logs=None):
        """Called before a training step; the first of an epoch is number 0."""

    def on_batch_end(self, batch, logs=None):
        """Called after a training step."""

    def on_train_batch_begin(self, batch, logs=None):
        """Called before a training step; hands on to `on_batch_begin`."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """Called after a training step; hands on to `on_batch_end`."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs=None):
        """Called at the start of `evaluate`, and of the validation in `fit`."""

    def on_test_end(self, logs=None):
        """Called at the end of `evaluate`, and of the validation in `fit`."""

    def on_test_batch_begin(self, batch, logs=None):
        """Called before a batch of `evaluate` or of the validation."""

    def on_test_batch_end(self, batch, logs=None):
        """Called after a batch of `evaluate` or of the validation."""

    def on_predict_begin(self, logs=None):
        """Called at the start of `predict`."""

    def on_predict_end(self, logs=None):
        """Called at the end of `predict`."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Called before a batch of `predict`."""

    def on_predict_batch_end(self, batch, logs=None):
        """Called after a batch of `predict`; `logs["outputs"]` holds its outputs."""


_BATCH_HOOKS = {
    "train": ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


def needs_batches(callbacks, mode="train"):
    """Whether any of the callbacks wants to hear of single batches.

    A class that defines, beside a batch hook, `on_chunk_end(batches_done, samples_done, logs)` can
    be told of many batches at once, with the averages of the epoch so far in `logs`.

    Args:
        callbacks: Iterable of callbacks.
        mode: 'train', 'test' or 'predict'.
    """
    return any(_listens(callback, hook) for callback in callbacks for hook in _BATCH_HOOKS[mode])


def _listens(callback, hook):
    if hook in getattr(callback, "__dict__", ()):  # `LambdaCallback` sets hooks on the object
        return True
    for owner in type(callback).__mro__:
        if hook in vars(owner):
            return owner is not Callback and "on_chunk_end" not in vars(owner)
    return False


class CallbackList:
    """Calls the hooks of a list of callbacks, in order.

    Args:
        callbacks: List of `Callback`s, or None.
        queue_length: Integer, how many batches the check for slow hooks looks back.
    """

    def __init__(self, callbacks=None, queue_length=10):
        self.callbacks = list(callbacks or ())
        self.queue_length = queue_length
        self.params = {}
        self.model = None
        self._reset_batch_timing()

    def _reset_batch_timing(self):
        self._batch_began = None
        self._seconds_of_batch = 0.0
        self._seconds_of_hooks = defaultdict(lambda: deque(maxlen=self.queue_length))

    def __iter__(self):
        return iter(self.callbacks)

    def append(self, callback):
        self.callbacks.append(callback)

    def set_params(self, params):
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model):
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def call(self, hook, *args):
        """Calls `hook(*args)` of every callback; a missing `logs` at the end becomes empty logs.

        Args:
            hook: Name of the method.
        """
        *args, logs = args
        logs = Logs() if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, hook)(*args, logs)

    def _call_batch_hook(self, mode, hook, batch, logs=None):
        """Calls `on_{mode}_batch_{hook}`, and warns if that takes longer than the batch itself."""
        if not self.callbacks:
            return
        name = f"on_{mode}_batch_{hook}"
        began = time.perf_counter()
        if hook == "end" and self._batch_began is not None:
            self._seconds_of_batch = began - self._batch_began
        self.call(name, batch, logs)
        ended = time.perf_counter()
        self._note_duration(name, ended - began)
        if hook == "begin":
            self._batch_began = ended

    def _note_duration(self, name, seconds):
        durations = self._seconds_of_hooks[name]
        durations.append(seconds)
        if seconds <= 0.1:
            return
        median = float(np.median(durations))
        if median > 0.1 and 0 < self._seconds_of_batch and median > 0.95 * self._seconds_of_batch:
            warnings.warn(
                f"Method ({name}) is slow compared to the batch update ({median:f} seconds). "
                "Check your callbacks.",
                RuntimeWarning,
                stacklevel=3,
            )

    def _call_begin_hook(self, mode):
        self.call(f"on_{mode}_begin", None)

    def _call_end_hook(self, mode):
        self.call(f"on_{mode}_end", None)

    def on_train_begin(self, logs=None):
        self.call("on_train_begin", logs)

    def on_train_end(self, logs=None):
        self.call("on_train_end", logs)

    def on_epoch_begin(self, epoch, logs=None):
        self.call("on_epoch_begin", epoch, logs)
        self._reset_batch_timing()

    def on_epoch_end(self, epoch, logs=None):
        self.call("on_epoch_end", epoch, logs)

    def on_batch_begin(self, batch, logs=None):
        self._call_batch_hook("train", "begin", batch, logs)

    def on_batch_end(self, batch, logs=None):
        self._call_batch_hook("train", "end", batch, logs)

    def on_train_batch_begin(self, batch, logs=None):
        self._call_batch_hook("train", "begin", batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        self._call_batch_hook("train", "end", batch, logs)

    def on_test_begin(self, logs=None):
        self.call("on_test_begin", logs)

    def on_test_end(self, logs=None):
        self.call("on_test_end", logs)

    def on_test_batch_begin(self, batch, logs=None):
        self._call_batch_hook("test", "begin", batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        self._call_batch_hook("test", "end", batch, logs)

    def on_predict_begin(self, logs=None):
        self.call("on_predict_begin", logs)

    def on_predict_end(self, logs=None):
        self.call("on_predict_end", logs)

    def on_predict_batch_begin(self, batch, logs=None):
        self._call_batch_hook("predict", "begin", batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._call_batch_hook("predict", "end", batch, logs)
