"""`ModelCheckpoint`: saves the model as training goes on."""

import os
import re
import string
import warnings

from hornbeam.callbacks.callback import Callback, listens, overrides
from hornbeam.callbacks.logs import Logs
from hornbeam.callbacks.monitoring import checked_number, comparison, worst


class ModelCheckpoint(Callback):
    """Saves the model, or its weights, after epochs or after batches.

    Args:
        filepath: Path with any suffix, in which `{epoch:02d}` (from 1) and names of log entries,
            `{val_loss:.2f}`, are filled in; with an integer `save_freq` also `{batch}` (from 1).
        monitor: Name of the log entry that tells which epoch is the best.
        verbose: Integer; 1 prints what it saves.
        save_best_only: Bool; whether only an epoch better than all before is saved.
        save_weights_only: Bool; whether weights are saved without structure and optimizer.
        mode: 'min', 'max', or 'auto', which goes by the name of the entry.
        period: Integer, epochs between two savings.
        save_freq: 'epoch', or the integer number of batches between two savings, counted over
            the whole training; then `monitor` is looked up in the logs of the batch.
        options: None. tf.keras takes options for TensorFlow's own formats here.
        initial_value_threshold: Float that the first value must beat, with `save_best_only`.
        load_weights_on_restart: Bool; whether training begins with the weights of the newest file
            that `filepath` fits, if there is one.

    A file that exists is replaced only when the new one is complete; a missing folder is made.

    Raises:
        ValueError: for a `filepath` of no format, `options`, a `period` or `save_freq` below 1.
        KeyError: before training, if `filepath` names a log entry that there will not be.
        OSError: before training, if the folder cannot be made or written, or the file is a folder.

    Source: Keras 2.3.1; what follows `period` is of tf.keras.
    """

    of_first_process = True

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        period=1,
        save_freq="epoch",
        options=None,
        initial_value_threshold=None,
        load_weights_on_restart=False,
    ):
        super().__init__()
        self.monitor = monitor
        self.verbose = verbose
        self.filepath = filepath
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        if isinstance(period, str):  # tf.keras has `save_freq` at this place
            period, save_freq = 1, period
        self.period = checked_number("ModelCheckpoint", "period", period, at_least=1)
        self.save_freq = checked_frequency("ModelCheckpoint", save_freq)
        self.load_weights_on_restart = load_weights_on_restart
        if options is not None:
            raise ValueError(
                f"ModelCheckpoint got options={options!r}; they are for TensorFlow's own formats, "
                "which hornbeam does not write. Leave `options` out."
            )
        if save_freq != "epoch" and period != 1:
            raise ValueError(
                f"ModelCheckpoint got period={period} (epochs) and save_freq={save_freq} "
                "(batches); give one of them."
            )
        self.fields = _fields(os.fspath(filepath))
        self.epochs_since_last_save = 0
        self.batches_since_last_save = 0
        self.epoch = 0
        rising = ("acc", "fmeasure") if monitor.startswith("fmeasure") else ("acc",)
        self.monitor_op = comparison(monitor, mode, "ModelCheckpoint", rising)
        self.best = worst(self.monitor_op)
        if initial_value_threshold is not None:
            self.best = initial_value_threshold

    def _implements_train_batch_hooks(self):
        return self.save_freq != "epoch" or listens(self, "train", but_for=(ModelCheckpoint,))

    # ---- before training

    def on_train_begin(self, logs=None):
        if self.load_weights_on_restart:
            newest = newest_file(self.filepath)
            if newest is not None:
                self.model.load_weights(newest)

    def check_before_training(self, callbacks):
        """Raises now what would else be raised at the first saving, perhaps after an hour.

        Args:
            callbacks: List of all callbacks, some of which add to the logs.
        """
        logs = self._expected_logs(callbacks)
        if logs is not None:
            self._path(0, logs, batch=0)
        folder, name = os.path.split(os.fspath(self.filepath))
        if "{" not in folder:
            _make_folder(folder, self.filepath)
            if "{" not in name and os.path.isdir(self.filepath):
                raise IsADirectoryError(
                    f"ModelCheckpoint cannot write {os.fspath(self.filepath)!r}: it is a folder. "
                    "Give it the path of a file."
                )

    def _expected_logs(self, callbacks):
        """Logs with a value for each entry that there will be; None where one cannot know."""
        by_batches = self.save_freq != "epoch"
        names = ["size"] if by_batches else []
        for callback in callbacks:
            # Ours say in `adds_to_logs` what they add; of others one sees only whether they could.
            ours = type(callback).__module__.startswith("hornbeam.")
            adds = getattr(callback, "adds_to_logs", ()) if ours else None
            if adds is not None:
                names.extend(adds)
            elif listens(callback, "train") if by_batches else overrides(callback, "on_epoch_end"):
                return None
        metrics = self.params.get("metrics")
        if metrics is None:
            return None
        if by_batches:
            metrics = [name for name in metrics if not name.startswith("val_")]
        return Logs((name, 0.5) for name in [*metrics, *names])

    # ---- saving

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if self.save_freq == "epoch":
            return
        self.batches_since_last_save += 1
        if self.batches_since_last_save >= self.save_freq:
            self.batches_since_last_save = 0
            self._save(self.epoch, logs, batch)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs_since_last_save += 1
        if self.save_freq == "epoch" and self.epochs_since_last_save >= self.period:
            self.epochs_since_last_save = 0
            self._save(epoch, logs)

    def _save(self, epoch, logs, batch=None):
        logs = Logs(logs or {})
        path = self._path(epoch, logs, batch)
        if self.save_best_only:
            current = logs.get(self.monitor)
            if current is None:
                warnings.warn(
                    f"Can save best model only with {self.monitor} available, skipping. "
                    f"Available are: {','.join(logs)}",
                    RuntimeWarning,
                    stacklevel=3,
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
        _make_folder(os.path.dirname(path), path)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _path(self, epoch, logs, batch=None):
        fields = Logs(logs, epoch=epoch + 1)
        if batch is not None and self.save_freq != "epoch":
            fields["batch"] = batch + 1
        unknown = [name for name in self.fields if name not in fields]
        if unknown:
            raise KeyError(
                f"ModelCheckpoint cannot fill in {{{unknown[0]}}} of {str(self.filepath)!r}. "
                f"There are: {', '.join(fields)}."
            )
        return os.fspath(self.filepath).format_map(fields)

    def _say(self, epoch, text):
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: {text}")


def newest_file(filepath):
    """Returns the newest file whose name a `filepath` with fields could have become, or None."""
    folder, name = os.path.split(os.fspath(filepath))
    pattern = re.compile(".*".join(map(re.escape, re.split(r"{[^{}]*}", name))))
    if not os.path.isdir(folder or "."):
        return None
    found = [os.path.join(folder, n) for n in os.listdir(folder or ".") if pattern.fullmatch(n)]
    found = [path for path in found if os.path.isfile(path)]
    return max(found, key=os.path.getmtime, default=None)


def checked_frequency(callback, save_freq):
    """Returns 'epoch' or the number of batches that was given as `save_freq`."""
    if isinstance(save_freq, str) and save_freq == "epoch":
        return save_freq
    if isinstance(save_freq, str) or int(save_freq) != save_freq or save_freq < 1:
        raise ValueError(
            f"Unrecognized save_freq: {callback} got {save_freq!r}. Expected 'epoch', or an "
            "integer number of batches of at least 1."
        )
    return int(save_freq)


def _fields(filepath):
    """The names in the braces of a path.

    Raises:
        ValueError: for braces that do not match, or hold no name.
    """
    example = "Write fields as {epoch:02d} or {val_loss:.2f}, and a brace itself as {{."
    try:
        found = [name for _, name, _, _ in string.Formatter().parse(filepath) if name is not None]
    except ValueError as error:
        message = f"ModelCheckpoint got filepath={filepath!r}: {error}. {example}"
        raise ValueError(message) from error
    names = [re.split(r"[.\[]", name)[0] for name in found]
    if any(not name or name.isdigit() for name in names):
        raise ValueError(
            f"ModelCheckpoint got filepath={filepath!r}, with a field without a name. {example}"
        )
    return names


def _make_folder(folder, filepath):
    folder = folder or "."
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise type(error)(
            error.errno,
            f"{error.strerror}: ModelCheckpoint cannot make the folder of {os.fspath(filepath)!r}",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(
            f"ModelCheckpoint cannot write {os.fspath(filepath)!r}: the folder {folder} is not "
            "writable."
        )
