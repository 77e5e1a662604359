"""`BaseLogger` averages what batches report, `History` keeps what epochs report."""

from hornbeam.callbacks.callback import Callback
from hornbeam.callbacks.logs import Logs


class BaseLogger(Callback):
    """Averages the logs of batches over the epoch. `fit` adds it by itself, as the first.

    Args:
        stateful_metrics: Names that are averages already: their last value stands.
    """

    def __init__(self, stateful_metrics=None):
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen = 0
        self.totals = {}

    def on_epoch_begin(self, epoch, logs=None):
        self.seen = 0
        self.totals = {}

    def on_batch_end(self, batch, logs=None):
        logs = logs or {}
        size = logs.get("size", 0)
        self.seen += size
        for name, value in logs.items():
            if name in self.stateful_metrics:
                self.totals[name] = value
            else:
                self.totals[name] = self.totals.get(name, 0) + value * size

    def on_chunk_end(self, batches_done, samples_done, logs):
        """Takes the averages of the epoch so far in place of the logs of single batches.

        Args:
            batches_done: Integer, batches of this epoch.
            samples_done: Integer, samples of this epoch.
            logs: Dict of averages.
        """
        self.seen = samples_done
        for name, value in logs.items():
            self.totals[name] = value if name in self.stateful_metrics else value * samples_done

    def on_epoch_end(self, epoch, logs=None):
        if logs is None:
            return
        for name in self.params["metrics"]:
            if name in self.totals:
                total = self.totals[name]
                logs[name] = total if name in self.stateful_metrics else total / self.seen


class History(Callback):
    """Keeps the logs of all epochs. `fit` adds it by itself, as the last, and returns it.

    Attributes:
        epoch: List of the epochs' numbers.
        history: Dict from name to the list of its values; `acc` finds `accuracy` and the reverse.
    """

    def __init__(self):
        super().__init__()
        self.epoch = []
        self.history = Logs()

    def on_train_begin(self, logs=None):
        self.epoch = []
        self.history = Logs()

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
