"""The whole state of a `fit`, to go on from in another run of the program.

`capture` and `restore` are called where nothing is under way: between two steps, or two epochs.
"""

import inspect
import os
import zlib

import numpy as np

from hornbeam.backend.placement import is_first_process
from hornbeam.callbacks import BackupAndRestore
from hornbeam.training import backups
from hornbeam.training.randomness import random_state, set_random_state

_FORMAT = 1


class Resuming:
    """Backs up one `fit` for its `BackupAndRestore`s, and brings it back.

    Args:
        run: The `fit`: `trainer`, `runner`, `callbacks`, `data`, `validation` and `logs`.

    Attributes:
        found: What the newest file holds, or None. `found["epoch"]` and `found["batch"]` are the
            next to do.
    """

    def __init__(self, run):
        self.run = run
        self.backups = [c for c in run.callbacks if isinstance(c, BackupAndRestore)]
        self.found = None
        if not self.backups:
            return
        self._given = [_checksums(callback) for callback in run.callbacks]
        for data in (run.data, run.validation):
            if data is not None:
                data.track()
        for backup in self.backups if is_first_process() else ():
            backups.remove_unfinished(backup.path)
        self.path = self.backups[0].path
        paths = [b.path for b in self.backups if os.path.exists(b.path)]
        if paths:
            self.path = max(paths, key=os.path.getmtime)
            self.found = backups.read(self.path)
        placement = run.trainer.placement
        if placement is not None and placement.processes > 1:
            self.found = backups.shared(self.found if is_first_process() else None)
        if self.found is not None:
            if not isinstance(self.found, dict) or self.found.get("format") != _FORMAT:
                raise ValueError(
                    f"The backup {self.path!r} was written by another version of hornbeam, or by "
                    "something else. Delete it to train from the beginning."
                )

    def epochs(self, initial_epoch, epochs):
        """Returns the epochs that are to do; restores what was found between two epochs."""
        found = self.found
        if found is None:
            return range(initial_epoch, epochs)
        if not found["batch"]:
            self.restore()
        return range(found["epoch"], found["epoch"] if found["stopped"] else epochs)

    def batches_done(self, epoch):
        """Restores what was found within this epoch; returns how many of its batches are done."""
        found = self.found
        if found is None or not found["batch"] or found["epoch"] != epoch:
            return 0
        self.restore()  # after `on_epoch_begin`, whose effects are part of what was found
        return found["batch"]

    def back_up(self, epoch, batch=0):
        """Writes a backup where one is due.

        Args:
            epoch: Integer, the next epoch.
            batch: Integer, its next batch.
        """
        due = [backup for backup in self.backups if backup.is_due]
        if not due:
            return
        for backup in due:
            backup.is_due = False
        state = self.capture(epoch, batch)
        for backup in due if is_first_process() else ():
            backups.write(backup.path, state)

    def capture(self, epoch, batch):
        """Returns the whole state, as plain data."""
        run = self.run
        trainer = run.trainer
        variables, beside = trainer.state_variables()
        return {
            "format": _FORMAT,
            "epoch": epoch,
            "batch": batch,
            "stopped": bool(trainer.model.stop_training),
            "variables": [variable.get_value() for variable in variables],
            "beside": [variable.get_value() for variable in beside],
            "logs": dict(run.logs),
            "seeds": [run.runner.run_seed, trainer.single_seed],
            "counts": [trainer.step_count, trainer.other_count],
            "random": random_state(),
            "data": run.data.place(),
            "validation": None if run.validation is None else run.validation.place(),
            "callbacks": [
                [type(callback).__name__, _state(callback, given)]
                for callback, given in zip(run.callbacks, self._given)
            ],
        }

    def restore(self):
        """Brings everything to what was found.

        Raises:
            ValueError: if the backup is of another model, or of other data.
        """
        run, found = self.run, self.found
        trainer = run.trainer
        variables, _ = trainer.state_variables()
        shapes = [(tuple(v.shape), v.dtype) for v in variables]
        saved = [(array.shape, str(array.dtype)) for array in found["variables"]]
        if shapes != saved:
            raise ValueError(
                f"The backup {self.path!r} is of another model or optimizer: it holds "
                f"{len(saved)} arrays, {_first_difference(saved, shapes)}. Give each `fit` a "
                "`backup_dir` of its own, or delete the file to train from the beginning."
            )
        for variable, value in zip(variables, found["variables"]):
            variable.set_value(value)
        trainer.wait_for_step(found["beside"])
        run.runner.run_seed, trainer.single_seed = found["seeds"]
        trainer.step_count, trainer.other_count = found["counts"]
        if run.validation is not None and found["validation"] is not None:
            run.validation.go_to(found["validation"])
        if not run.data.go_to(found["data"]):
            set_random_state(found["random"])
        trainer.model.stop_training = found["stopped"]
        run.logs.update(found["logs"])
        waiting = list(found["callbacks"])
        for callback in run.callbacks:
            place = next(
                (i for i, (name, _) in enumerate(waiting) if name == type(callback).__name__), None
            )
            if place is not None:
                _set_state(callback, waiting.pop(place)[1])


def _first_difference(saved, shapes):
    for one, other in zip(saved, shapes):
        if one != other:
            return f"one of shape {one[0]} and dtype {one[1]} where the model has {other}"
    return f"the model has {len(shapes)}"


# ---- callbacks


def _plain_attributes(callback):
    """Yields `(name, encoded value, arrays)` of the attributes that may be state."""
    arguments = {"model", "params", "validation_data", *getattr(callback, "not_state", ())}
    for kind in type(callback).__mro__[:-1]:
        arguments |= set(inspect.signature(kind.__init__).parameters)
    for name, value in getattr(callback, "__dict__", {}).items():
        if name in arguments:
            continue
        arrays = []
        try:
            data = backups.encode(value, arrays)
        except (backups.NotPlain, RecursionError):
            continue
        yield name, data, arrays


def _checksum(arrays):
    return tuple(
        (a.shape, str(a.dtype), zlib.crc32(np.ascontiguousarray(a).view("uint8"))) for a in arrays
    )


def _checksums(callback):
    """Tells the arrays that a callback was made with from those that training gives it."""
    found = _plain_attributes(callback)
    return {name: _checksum(arrays) for name, _, arrays in found if arrays}


def _state(callback, given):
    return {
        name: getattr(callback, name)
        for name, _, arrays in _plain_attributes(callback)
        if not arrays or given.get(name) != _checksum(arrays)
    }


def _set_state(callback, state):
    for name, value in state.items():
        current = getattr(callback, name, None)
        if isinstance(current, dict) and isinstance(value, dict):  # others may hold on to it
            current.clear()
            current.update(value)
        elif type(current) is list and type(value) is list:
            current[:] = value
        else:
            setattr(callback, name, value)
