"""`ProgbarLogger`: the progress bar of `fit`."""

from hornbeam.callbacks.callback import Callback
from hornbeam.callbacks.progbar import Progbar


class ProgbarLogger(Callback):
    """Prints losses and metrics while `fit` goes on. `fit` adds it by itself unless `verbose=0`.

    Args:
        count_mode: 'samples' or 'steps', what the bar counts.
        stateful_metrics: Names that are averages already and are shown as they are.

    Raises:
        ValueError: for another `count_mode`.
    """

    of_first_process = True

    not_state = ("verbose", "epochs", "target")  # as this run was called, not as a killed one was

    def __init__(self, count_mode="samples", stateful_metrics=None):
        super().__init__()
        if count_mode not in ("samples", "steps"):
            raise ValueError(
                f"Unknown `count_mode`: {count_mode!r}. Expected 'samples' or 'steps'."
            )
        self.use_steps = count_mode == "steps"
        self.stateful_metrics = set(stateful_metrics or ())
        self.verbose = 0
        self.epochs = 1
        self.target = None
        self.progbar = None
        self.seen = 0

    def on_train_begin(self, logs=None):
        self.verbose = self.params["verbose"]
        self.epochs = self.params["epochs"]

    def on_epoch_begin(self, epoch, logs=None):
        self.seen = 0
        if self.verbose:
            print(f"Epoch {epoch + 1}/{self.epochs}")
            self.target = self.params["steps" if self.use_steps else "samples"]
            self.progbar = Progbar(
                self.target, verbose=self.verbose, stateful_metrics=self.stateful_metrics
            )

    def on_batch_end(self, batch, logs=None):
        logs = logs or {}
        self.seen += 1 if self.use_steps else logs.get("size", 0)
        if self.verbose and self._goes_on():
            self.progbar.update(self.seen, self._values(logs))

    def on_chunk_end(self, batches_done, samples_done, logs):
        """Takes the averages of the epoch so far in place of the logs of single batches.

        Args:
            batches_done: Integer, batches of this epoch.
            samples_done: Integer, samples of this epoch.
            logs: Dict of averages.
        """
        self.seen = batches_done if self.use_steps else samples_done
        if self.verbose and self._goes_on():
            self.progbar.update_averages(self.seen, self._values(logs))

    def on_epoch_end(self, epoch, logs=None):
        if self.verbose:
            self.progbar.update_averages(self.seen, self._values(logs or {}), finalize=True)

    def _goes_on(self):
        """Whether the bar is not full; the full one is drawn at the end, with the validation."""
        return self.target is None or self.seen < self.target

    def _values(self, logs):
        return [(name, logs[name]) for name in self.params["metrics"] if name in logs]
