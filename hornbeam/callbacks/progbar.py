"""`Progbar`: a line of text that shows how far a loop has come."""

import sys
import time

import numpy as np

from hornbeam.renames import takes_old_names


class Progbar:
    """Shows progress on one line, which is rewritten on a terminal and in a notebook.

    Where the output is neither, a log file for instance, `verbose=1` writes the line once, when the
    target is reached.

    Args:
        target: Integer, total number of steps (or samples); None if unknown.
        width: Integer, characters of the bar.
        verbose: 0 for silence, 1 for the bar, 2 for one line at the end without a bar.
        interval: Float, seconds that pass at least between two rewritings.
        stateful_metrics: Names of the values that are shown as they are. The others are averaged
            over the steps.

    Source: Keras 2.3.1.
    """

    def __init__(self, target, width=30, verbose=1, interval=0.05, stateful_metrics=None):
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.stateful_metrics = set(stateful_metrics or ())
        self._rewrites = _can_rewrite(sys.stdout)
        self._shown_width = 0
        self._seen_so_far = 0
        self._values = {}  # name -> [sum, weight]; what is shown is their ratio
        self._start = time.time()
        self._last_shown = 0.0

    @takes_old_names(force="finalize")
    def update(self, current, values=None, finalize=False):
        """Moves the bar.

        Args:
            current: Integer, number of steps done.
            values: List of `(name, value of the last steps)`.
            finalize: Bool; whether this is the end although `target` is unknown or not reached.
        """
        steps = current - self._seen_so_far
        for name, value in values or ():
            if name in self.stateful_metrics:
                self._values[name] = [value, 1]
            else:
                total = self._values.setdefault(name, [0, 0])
                total[0] += value * steps
                total[1] += steps
        self._show(current, finalize)

    def add(self, n, values=None):
        """Moves the bar by `n` steps; see `update`."""
        self.update(self._seen_so_far + n, values)

    def update_averages(self, current, averages, finalize=False):
        """Moves the bar, for a caller that has done the averaging.

        Args:
            current: Integer, number of steps done.
            averages: List of `(name, average over all steps so far)`.
            finalize: As for `update`.
        """
        for name, value in averages:
            single = name in self.stateful_metrics or not current
            self._values[name] = [value, 1] if single else [value * current, current]
        self._show(current, finalize)

    def _show(self, current, finalize):
        self._seen_so_far = current
        ended = finalize or (self.target is not None and current >= self.target)
        if self.verbose == 1:
            self._show_bar(current, ended)
        elif self.verbose == 2 and (ended or self.target is None):
            _write(f" - {time.time() - self._start:.0f}s{self._values_text()}\n")

    def _show_bar(self, current, ended):
        if not ended and not self._rewrites:
            return
        now = time.time()
        if not ended and self.target is not None and now - self._last_shown < self.interval:
            return
        self._last_shown = now
        text = self._bar(current) + self._timing(current, now, ended) + self._values_text()
        start = "\b" * self._shown_width + "\r" if self._rewrites else ""
        rest = " " * (self._shown_width - len(text))
        self._shown_width = len(text)
        _write(start + text + rest + ("\n" if ended else ""))

    def _bar(self, current):
        if self.target is None:
            return f"{int(current):7d}/Unknown"
        digits = len(str(self.target))
        filled = int(self.width * (current / self.target)) if self.target else self.width
        head = "=" if current >= self.target else ">"
        done = "=" * (filled - 1) + head if filled > 0 else ""
        return f"{int(current):{digits}d}/{self.target} [{done}{'.' * (self.width - filled)}]"

    def _timing(self, current, now, ended):
        elapsed = now - self._start
        seconds = elapsed / current if current else 0.0
        if self.target is not None and not ended:
            return f" - ETA: {_clock(seconds * (self.target - current))}"
        if seconds >= 1:
            pace = f"{seconds:.0f}s/step"
        elif seconds >= 1e-3:
            pace = f"{seconds * 1e3:.0f}ms/step"
        else:
            pace = f"{seconds * 1e6:.0f}us/step"
        return f" - {elapsed:.0f}s {pace}"

    def _values_text(self):
        parts = []
        for name, (total, weight) in self._values.items():
            average = float(np.mean(total / max(1, weight)))
            number = f"{average:.4f}" if abs(average) > 1e-3 else f"{average:.4e}"
            parts.append(f" - {name}: {number}")
        return "".join(parts)


def _can_rewrite(stream):
    """Whether a line can be written over: on a terminal or in a notebook."""
    return bool(hasattr(stream, "isatty") and stream.isatty()) or "ipykernel" in sys.modules


def _write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def _clock(seconds):
    """`3723` -> `1:02:03`, `65` -> `1:05`, `9` -> `9s`."""
    minutes, rest = divmod(int(seconds), 60)
    if seconds > 3600:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{int(seconds)}s"
