"""`CSVLogger`: writes the logs of epochs to a file."""

import csv
import os
from collections.abc import Iterable

import numpy as np

from hornbeam.callbacks.callback import Callback


class CSVLogger(Callback):
    """Writes one line an epoch: its number and its logs, their names sorted.

    Args:
        filename: Path.
        separator: String of one character.
        append: Bool; whether to go on with an existing file, without a second header.

    Values that are arrays or lists are written as `"[1, 2]"`. The file is flushed after each epoch.
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename = filename
        self.sep = separator
        self.append = append
        self.append_header = True
        self.keys = None
        self.writer = None
        self.csv_file = None

    def on_train_begin(self, logs=None):
        if self.append and os.path.exists(self.filename):
            with open(self.filename, encoding="utf-8") as file:
                self.append_header = not file.readline()
        self.csv_file = open(
            self.filename, "a" if self.append else "w", newline="\n", encoding="utf-8"
        )

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
        if self.writer is None:
            self.writer = csv.writer(self.csv_file, delimiter=self.sep)
            if self.append_header:
                self.writer.writerow(["epoch", *self.keys])
        if self.model.stop_training:  # the last epoch may lack entries
            values = [_cell(logs.get(key, "NA")) for key in self.keys]
        else:
            values = [_cell(logs[key]) for key in self.keys]
        self.writer.writerow([epoch, *values])
        self.csv_file.flush()

    def on_train_end(self, logs=None):
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
