"""Callbacks that end training: `EarlyStopping`, `TerminateOnNaN`."""

import math

import numpy as np

from hornbeam.callbacks.callback import Callback
from hornbeam.callbacks.monitoring import checked_number, comparison, monitored, worst


class EarlyStopping(Callback):
    """Ends training when a value has stopped getting better.

    Args:
        monitor: Name of the log entry.
        min_delta: Float; a change must be larger than this to count.
        patience: Integer, epochs without improvement after which training ends.
        verbose: Integer; 1 prints when it ends.
        mode: 'min', 'max', or 'auto', which goes by the name of the entry.
        baseline: Float that the value must beat within `patience` epochs.
        restore_best_weights: Bool; whether the model gets back the weights of its best epoch when
            training ends: by this callback, by another one, or because all epochs are done. The
            best epoch counts even if it did not beat `baseline`.
        start_from_epoch: Integer, epochs at the start that do not count.

    Attributes:
        best, best_epoch: The best value so far, and its epoch (the first is number 0).
        wait: Integer, epochs since then.
        stopped_epoch: The epoch at which this callback ended training; 0 if it did not.

    Raises:
        ValueError: for a negative `patience` or `start_from_epoch`.

    Source: Keras 2.3.1, which gives the best weights back only where it ends training itself;
        `start_from_epoch`, and the weights at every end, are of tf.keras.
    """

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
    ):
        super().__init__()
        name = "EarlyStopping"
        self.monitor = monitor
        self.baseline = baseline
        self.patience = checked_number(name, "patience", patience)
        self.verbose = verbose
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = checked_number(name, "start_from_epoch", start_from_epoch)
        if baseline is not None:
            checked_number(name, "baseline", baseline, at_least=-math.inf)
        self.monitor_op = comparison(monitor, mode, name, rising=("acc", "auc"))
        checked_number(name, "min_delta", min_delta, at_least=-math.inf)
        self.min_delta = min_delta if self.monitor_op is np.greater else -min_delta
        self._begin()

    def _begin(self):
        self.wait = 0
        self.stopped_epoch = 0
        self.best = worst(self.monitor_op)
        self.best_weights = None
        self.best_epoch = 0

    def on_train_begin(self, logs=None):
        self._begin()

    def on_epoch_end(self, epoch, logs=None):
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._improves(current, self.best):
            self.best = current
            self._keep(epoch)
            if self.baseline is None or self._improves(current, self.baseline):
                self.wait = 0
                return
        elif self.best_weights is None:  # a first value of NaN is no improvement
            self._keep(epoch)
        if self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            self._restore()

    def _keep(self, epoch):
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def _restore(self):
        if self.best_weights is None:
            return
        if self.verbose > 0:
            print("Restoring model weights from the end of the best epoch")
        self.model.set_weights(self.best_weights)

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0:
            if self.verbose > 0:
                print(f"Epoch {self.stopped_epoch + 1:05d}: early stopping")
        elif self.wait:  # the best epoch was not the last
            self._restore()

    def get_monitor_value(self, logs):
        """Returns the monitored entry of `logs`; None, with a warning, if it is not there."""
        return monitored(logs, self.monitor, "Early stopping")

    def _improves(self, value, reference):
        return self.monitor_op(value - self.min_delta, reference)


class TerminateOnNaN(Callback):
    """Ends training at the first batch whose loss is NaN or infinite.

    Args:
        raise_error: Bool; whether it ends with an error (of Keras 3).

    Raises:
        RuntimeError: in training, with `raise_error`.
    """

    def __init__(self, raise_error=False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or np.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}: {loss}. Lower the learning rate, "
                "clip gradients (clipnorm=1.0), or look for NaN in the data."
            )
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
