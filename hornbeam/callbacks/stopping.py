"""Callbacks that end training: `EarlyStopping`, `TerminateOnNaN`."""

import numpy as np

from hornbeam.callbacks.callback import Callback
from hornbeam.callbacks.monitoring import comparison, monitored, worst


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
            this callback ends training.
        start_from_epoch: Integer, epochs at the start that do not count.

    Source: Keras 2.3.1; `start_from_epoch` is of tf.keras 2.11.
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
        self.monitor = monitor
        self.baseline = baseline
        self.patience = patience
        self.verbose = verbose
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.monitor_op = comparison(monitor, mode, "EarlyStopping")
        self.min_delta = min_delta if self.monitor_op is np.greater else -min_delta
        self._begin()

    def _begin(self):
        self.wait = 0
        self.stopped_epoch = 0
        self.best = worst(self.monitor_op)
        self.best_weights = None

    def on_train_begin(self, logs=None):
        self._begin()

    def on_epoch_end(self, epoch, logs=None):
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._improves(current, self.best):
            self.best = current
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._improves(current, self.baseline):
                self.wait = 0
                return
        if self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.best_weights is not None:
                if self.verbose > 0:
                    print("Restoring model weights from the end of the best epoch")
                self.model.set_weights(self.best_weights)

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1:05d}: early stopping")

    def get_monitor_value(self, logs):
        """Returns the monitored entry of `logs`; None, with a warning, if it is not there."""
        return monitored(logs, self.monitor, "Early stopping")

    def _improves(self, value, reference):
        return self.monitor_op(value - self.min_delta, reference)


class TerminateOnNaN(Callback):
    """Ends training at the first batch whose loss is NaN or infinite."""

    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True
