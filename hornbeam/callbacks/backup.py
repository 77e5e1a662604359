"""`BackupAndRestore`: training goes on where a killed program had left it."""

import os

from hornbeam.backend.placement import is_first_process
from hornbeam.callbacks.callback import Callback, listens
from hornbeam.callbacks.model_checkpoint import checked_frequency


class BackupAndRestore(Callback):
    """Keeps all of a training in a file, from which the same program goes on after a kill.

    A program that is started again, and comes to the same `fit`, goes on after the last backup and
    ends with the weights, bit for bit, that it would have had without the interruption. What is
    kept: weights, the optimizer, metrics, the order of the samples, NumPy's and Python's random
    numbers, and of each callback the attributes that are plain data or arrays (`wait`, `best`, the
    `history` of `History`; `CSVLogger` goes on in its file), but for the arguments that it was
    made with.

    Args:
        backup_dir: Path of a folder, which is made if need be. Each `fit` needs one of its own.
        save_freq: 'epoch', or the integer number of batches between two backups, counted over the
            whole training: then training stops at each batch.
        delete_checkpoint: Bool; whether the file is deleted when training ends. If not, a further
            `fit` with a larger `epochs` goes on, and one without has nothing to do.
        save_before_preemption: False. tf.keras listens to the signals of Google's clusters here.

    Raises:
        ValueError: for another `save_freq`, an empty `backup_dir`, or `save_before_preemption`;
            when training begins, if the file is damaged or of another model or data.
        OSError: when training begins, if the folder cannot be made or written.

    Notes: A generator is read from its beginning up to the batch where it was, as is the present
        epoch of a `Sequence`; other random numbers than those of NumPy's global generator and of
        `random`, and what a program keeps outside its callbacks, are not known here. Data that
        draw from them are best read with `workers=0`: beside threads, no two runs draw the same.

    Source: tf.keras; there, the data and the other callbacks begin anew.
    """

    def __init__(
        self, backup_dir, save_freq="epoch", delete_checkpoint=True, save_before_preemption=False
    ):
        super().__init__()
        if not os.fspath(backup_dir):
            raise ValueError("BackupAndRestore got an empty `backup_dir`; give it a folder's path.")
        if save_before_preemption:
            raise ValueError(
                "BackupAndRestore got save_before_preemption=True, which needs TensorFlow's "
                "distribution strategies. Back up often instead: save_freq=100 (batches)."
            )
        self.backup_dir = backup_dir
        self.save_freq = checked_frequency("BackupAndRestore", save_freq)
        self.delete_checkpoint = delete_checkpoint
        self.save_before_preemption = save_before_preemption
        self.is_due = False
        self.batches = 0

    @property
    def path(self):
        """Path of the file."""
        return os.path.join(self.backup_dir, "backup.npz")

    def _implements_train_batch_hooks(self):
        ours = (BackupAndRestore,)
        return self.save_freq != "epoch" or listens(self, "train", but_for=ours)

    def check_before_training(self, callbacks):
        """Makes the folder."""
        os.makedirs(self.backup_dir, exist_ok=True)
        if not os.access(self.backup_dir, os.W_OK | os.X_OK):
            raise PermissionError(
                f"BackupAndRestore cannot write {self.path!r}: the folder is not writable."
            )

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        self.batches += 1
        if self.save_freq != "epoch" and self.batches % self.save_freq == 0:
            self.is_due = True  # the loop does it when all callbacks have heard of this batch

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self.is_due = True

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and is_first_process() and os.path.exists(self.path):
            os.remove(self.path)
