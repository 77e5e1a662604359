"""`SidecarEvaluatorModelExport`: saves the best of the models that another program trains."""

import os
import re

from hornbeam.callbacks.model_checkpoint import ModelCheckpoint, newest_file


class SidecarEvaluatorModelExport(ModelCheckpoint):
    """Saves the model after `evaluate`, if it is the best so far.

    For a program beside the one that trains: it loads each checkpoint that the other writes, and
    evaluates it with this callback.

    Args:
        export_filepath: Path of the best model, with fields as in `ModelCheckpoint`; `{epoch}` is
            that of the checkpoint.
        checkpoint_filepath: Path of the checkpoints, as the other program gave it to
            `ModelCheckpoint`; its `{epoch}` tells which epoch it is.
        **kwargs: As for `ModelCheckpoint`. `monitor` is looked up in the results of `evaluate`:
            pass `monitor="loss"`.

    Attributes:
        export_index: Integer, the epoch of the newest checkpoint; without `{epoch}` in its name,
            how often was evaluated.

    Example:
        >>> export = SidecarEvaluatorModelExport(
        ...     "best.h5", "checkpoints/w{epoch}.h5", monitor="loss"
        ... )
        >>> while not finished():  # doctest: +SKIP
        ...     model.load_weights(next_checkpoint())
        ...     model.evaluate(x, y, callbacks=[export])

    Source: tf.keras.
    """

    def __init__(self, export_filepath, checkpoint_filepath, **kwargs):
        if "save_best_only" in kwargs:
            raise TypeError(
                "SidecarEvaluatorModelExport saves the best model only; leave `save_best_only` out."
            )
        super().__init__(filepath=export_filepath, save_best_only=True, **kwargs)
        self.checkpoint_filepath = os.fspath(checkpoint_filepath)
        self.export_index = 0

    def on_epoch_end(self, epoch, logs=None):
        """Does nothing: here nothing is trained."""

    def on_test_begin(self, logs=None):
        newest = newest_file(self.checkpoint_filepath)
        self.export_index = self._epoch_of(newest) or self.export_index + 1

    def _epoch_of(self, path):
        """The number in the name of a checkpoint at the place of `{epoch}`, or None."""
        parts = re.split(r"{epoch[^{}]*}", os.path.basename(self.checkpoint_filepath), maxsplit=1)
        if path is None or len(parts) == 1:
            return None
        before, after = (".*".join(map(re.escape, re.split(r"{[^{}]*}", part))) for part in parts)
        return int(re.fullmatch(rf"{before}0*(\d+){after}", os.path.basename(path))[1])

    def on_test_end(self, logs=None):
        self._save(self.export_index - 1, logs)
