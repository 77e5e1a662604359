"""`ModelCheckpoint`: saves the model as training goes on."""

import warnings

from hornbeam.callbacks.callback import Callback
from hornbeam.callbacks.logs import Logs
from hornbeam.callbacks.monitoring import comparison, worst


class ModelCheckpoint(Callback):
    """Saves the model, or its weights, after epochs.

    Args:
        filepath: Path, in which `{epoch:02d}` and names of log entries, `{val_loss:.2f}`, are
            filled in.
        monitor: Name of the log entry that tells which epoch is the best.
        verbose: Integer; 1 prints what it saves.
        save_best_only: Bool; whether only an epoch better than all before is saved.
        save_weights_only: Bool; whether weights are saved without structure and optimizer.
        mode: 'min', 'max', or 'auto', which goes by the name of the entry.
        period: Integer, epochs between two savings.

    A file that exists is replaced only when the new one is complete.
    """

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        period=1,
    ):
        super().__init__()
        self.monitor = monitor
        self.verbose = verbose
        self.filepath = filepath
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.period = period
        self.epochs_since_last_save = 0
        rising = ("acc", "fmeasure") if monitor.startswith("fmeasure") else ("acc",)
        self.monitor_op = comparison(monitor, mode, "ModelCheckpoint", rising)
        self.best = worst(self.monitor_op)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs_since_last_save += 1
        if self.epochs_since_last_save < self.period:
            return
        self.epochs_since_last_save = 0
        logs = Logs(logs or {})
        path = self._path(epoch, logs)
        if self.save_best_only:
            current = logs.get(self.monitor)
            if current is None:
                warnings.warn(
                    f"Can save best model only with {self.monitor} available, skipping. "
                    f"Available are: {','.join(logs)}",
                    RuntimeWarning,
                    stacklevel=2,
                )
                return
            if not self.monitor_op(current, self.best):
                self._say(epoch, f"{self.monitor} did not improve from {self.best:0.5f}")
                return
            self._say(
                epoch,
                f"{self.monitor} improved from {self.best:0.5f} to {current:0.5f}, "
                f"saving model to {path}",
            )
            self.best = current
        else:
            self._say(epoch, f"saving model to {path}")
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _path(self, epoch, logs):
        fields = Logs(logs, epoch=epoch + 1)
        try:
            return str(self.filepath).format_map(fields)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint cannot fill in {{{error.args[0]}}} of {str(self.filepath)!r}. "
                f"There are: {', '.join(fields)}."
            ) from error

    def _say(self, epoch, text):
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: {text}")
