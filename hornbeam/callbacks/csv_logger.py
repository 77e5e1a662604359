"""`CSVLogger`: writes the logs of epochs to a file."""

import csv
import os
from collections.abc import Iterable

import numpy as np

from hornbeam.callbacks.callback import Callback


class CSVLogger(Callback):
    """Writes one line an epoch: its number and its logs, their names sorted.

    Args:
        filename: Path. Its folder must exist.
        separator: String of one character.
        append: Bool; whether to go on with an existing file, without a second header.

    Values that are arrays or lists are written as `"[1, 2]"`; what an epoch lacks, validation that
    is not done in each epoch for one, is written as `NA`. The file is flushed after each epoch.
    An existing file is emptied when the first line is written, not before.

    Raises:
        TypeError: if `separator` is not one character.
        OSError: when training begins, if the file cannot be written.
    """

    of_first_process = True

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1:
            raise TypeError(
                f"CSVLogger got separator={separator!r}; it must be a string of one character, "
                "such as ',' or ';' or '\\t'."
            )
        self.filename = filename
        self.sep = separator
        self.append = append
        self.append_header = True
        self.keys = None
        self.writer = None
        self.csv_file = None
        self.end = None  # bytes of the file that are ours; None: all that it had

    def on_train_begin(self, logs=None):
        self.append_header, self.end = True, 0
        if self.append and os.path.exists(self.filename):
            self.append_header, self.end = not os.path.getsize(self.filename), None
        try:
            self.csv_file = open(self.filename, "a", newline="\n", encoding="utf-8")
        except OSError as error:
            raise type(error)(
                error.errno,
                f"{error.strerror}: CSVLogger cannot write {os.fspath(self.filename)!r}. Its "
                "folder must exist and be writable",
            ) from error
        self.writer = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.keys is None:
            names = self.params.get("metrics", ())
            self.keys = sorted({*logs, *(name for name in names if name.startswith("val_"))})
        if self.writer is None:
            self._begin_lines()
        self.writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self.csv_file.flush()
        self.end = os.path.getsize(self.filename)

    def _begin_lines(self):
        """Makes ready to write where our part of the file ends: a resumed run had written more."""
        self._cut()
        self.writer = csv.writer(self.csv_file, delimiter=self.sep)
        if self.append_header:
            self.writer.writerow(["epoch", *self.keys])
            self.append_header = False

    def _cut(self):
        if self.end is not None and os.path.getsize(self.filename) > self.end:
            self.csv_file.truncate(self.end)

    def on_train_end(self, logs=None):
        if self.writer is None:
            self._cut()  # no epoch was trained
        self.csv_file.close()
        self.writer = None

    def __del__(self):
        file = getattr(self, "csv_file", None)
        if file is not None:
            file.close()


def _cell(value):
    if isinstance(value, str) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value
    if isinstance(value, Iterable):
        return '"[%s]"' % ", ".join(map(str, value))
    return value
