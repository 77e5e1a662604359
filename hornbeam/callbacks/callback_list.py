"""`CallbackList`: calls the hooks of many callbacks."""

import time
import warnings
from collections import defaultdict, deque

import numpy as np

from hornbeam.backend.placement import is_first_process
from hornbeam.callbacks.base_logger import History
from hornbeam.callbacks.callback import as_list
from hornbeam.callbacks.logs import Logs
from hornbeam.callbacks.progbar_logger import ProgbarLogger


class CallbackList:
    """Calls the hooks of a list of callbacks, in order.

    Args:
        callbacks: List of `Callback`s, one of them, or None.
        queue_length: Integer, how many batches the check for slow hooks looks back.
        add_history, add_progbar: Bool; whether a `History`, a `ProgbarLogger` is added at the end,
            if there is none yet.
        model: The model that the callbacks are given, or None.
        **params: The `params` that they are given.

    Source: Keras 2.3.1; what follows `queue_length` is of tf.keras.
    """

    def __init__(
        self,
        callbacks=None,
        queue_length=10,
        add_history=False,
        add_progbar=False,
        model=None,
        **params,
    ):
        self.callbacks = as_list(callbacks)
        if not is_first_process():  # of those that train one model together
            self.callbacks = [
                c for c in self.callbacks if not getattr(c, "of_first_process", False)
            ]
        self.queue_length = queue_length
        self.params = {}
        self.model = None
        self._history = None
        self._reset_batch_timing()
        if add_history:
            self._history = self._add_missing(History)
        if add_progbar:
            self._add_missing(ProgbarLogger)
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def _add_missing(self, kind):
        found = next((c for c in self.callbacks if isinstance(c, kind)), None)
        if found is None:
            found = kind()
            self.callbacks.append(found)
        return found

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
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def make_logs(self, model, logs, outputs, mode, prefix=""):
        """Puts the results of a batch into logs, as tf.keras does.

        Args:
            model: The model.
            logs: Dict, which is changed.
            outputs: List of results: loss and metrics, or the outputs of a prediction.
            mode: 'train', 'test' or 'predict'.
            prefix: String before the names.

        Returns:
            `logs`; unchanged if there are no callbacks.
        """
        if not self.callbacks:
            return logs
        if mode in ("train", "test"):
            logs.update((prefix + n, value) for n, value in zip(model.metrics_names, outputs))
        else:
            logs["outputs"] = outputs
        return logs

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
        for callback in self.callbacks:  # what one needs, another may just have made: a folder
            if hasattr(callback, "check_before_training"):
                callback.check_before_training(self.callbacks)

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
