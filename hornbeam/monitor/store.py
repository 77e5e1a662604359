"""`Store`: the runs that the monitor has heard of, in a small SQLite file."""

import json
import math
import os
import sqlite3
import threading
import time
from pathlib import Path

MAX_NAMES = 200  # values of one epoch
MAX_NAME_LENGTH = 200  # characters
MAX_EPOCHS = 100_000  # of one run
MAX_RUNS = 1000
MAX_TEXT = 200 * 1024 * 1024  # characters of all epochs' values

_FORMAT = 1
_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sender TEXT NOT NULL,     -- what tells runs apart that go on at the same time
    name TEXT NOT NULL,       -- what the user called it, or ''
    began REAL NOT NULL,      -- seconds since 1970
    heard REAL NOT NULL,
    epoch INTEGER NOT NULL,   -- the last one
    epochs INTEGER NOT NULL,  -- how many were heard
    amount INTEGER NOT NULL,  -- how many characters their values take
    logs TEXT NOT NULL        -- the last ones
);
CREATE TABLE points (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    logs TEXT NOT NULL,       -- JSON object: name -> number, 'NaN', 'Infinity' or '-Infinity'
    PRIMARY KEY (run, epoch)
) WITHOUT ROWID;
CREATE INDEX runs_of_sender ON runs (sender, id);
"""


class MessageError(ValueError):
    """A message that the monitor cannot take; its text says why."""


def default_path():
    """Path of the file: `hornbeam/monitor.sqlite` in the user's data folder."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "hornbeam" / "monitor.sqlite"


class Store:
    """Runs and what they reported, kept in a file.

    Args:
        path: Path of the SQLite file, made with its folder if it is not there; `":memory:"` keeps
            nothing.

    Raises:
        OSError: if the file cannot be opened, or is not a file of the monitor.

    Attributes:
        version: Integer that is another after each change.

    All methods may be called from any thread. At most 1000 runs and 200 MB are kept: when there
    is more, the runs that have been silent longest are forgotten.
    """

    def __init__(self, path=":memory:"):
        self.path = str(path)
        self.version = time.time_ns() // 1_000_000  # grows with every change, over restarts too
        self._lock = threading.Lock()
        if self.path != ":memory:":
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(self.path, check_same_thread=False, timeout=5)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise
        except sqlite3.Error as error:
            raise OSError(
                f"{self.path} cannot be used as the monitor's file: {error}. Give another one with "
                "--file, or move this one away."
            ) from error

    def _prepare(self):
        self._db.execute("PRAGMA foreign_keys = ON")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version not in (0, _FORMAT) or (version == 0 and tables):
            raise sqlite3.DatabaseError(
                "it was written by another program or by a newer hornbeam"
            )
        if version == 0:
            self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_FORMAT}; COMMIT;")
        self._db.execute("PRAGMA journal_mode = WAL")  # a kill leaves the file whole

    def close(self):
        with self._lock:
            self._db.close()

    def add(self, message, sender="", name="", now=None):
        """Notes an epoch. A new run begins where its number is not above the last one's.

        Args:
            message: Dict with `epoch`, a whole number from 0, and the logs. Values that are not
                numbers are left out.
            sender: String that is the same for all messages of a run.
            name: String, what to call the run.
            now: Float, seconds since 1970; by default the clock's.

        Returns:
            The run's number.

        Raises:
            MessageError: for a message that makes no sense or is too large.
        """
        epoch, logs = _checked(message)
        text = json.dumps(logs)
        now = time.time() if now is None else now
        sender, name = f"{sender}\n{name}"[:500], name[:MAX_NAME_LENGTH]
        with self._lock, self._db:
            last = self._db.execute(
                "SELECT id, epoch, epochs, amount FROM runs WHERE sender = ? "
                "ORDER BY id DESC LIMIT 1",
                (sender,),
            ).fetchone()
            if last is None or epoch <= last[1]:
                run = self._db.execute(
                    "INSERT INTO runs (sender, name, began, heard, epoch, epochs, amount, logs) "
                    "VALUES (?, ?, ?, ?, ?, 0, 0, '{}')",
                    (sender, name, now, now, epoch),
                ).lastrowid
            else:
                run = last[0]
                if last[2] >= MAX_EPOCHS:
                    raise MessageError(
                        f"Run {run} has {MAX_EPOCHS} epochs, which is as many as the monitor keeps."
                    )
                if last[3] + len(text) > MAX_TEXT:
                    raise MessageError(f"Run {run} fills all the room that the monitor has.")
            self._db.execute(
                "INSERT INTO points (run, epoch, logs) VALUES (?, ?, ?)", (run, epoch, text)
            )
            self._db.execute(
                "UPDATE runs SET heard = ?, epoch = ?, epochs = epochs + 1, amount = amount + ?, "
                "logs = ? WHERE id = ?",
                (now, epoch, len(text), text, run),
            )
            self._forget(run)
            self.version += 1
        return run

    def _forget(self, current):
        """Drops the runs that have been silent longest while there is too much."""
        while True:
            runs, amount = self._db.execute("SELECT count(*), sum(amount) FROM runs").fetchone()
            if runs <= 1 or (runs <= MAX_RUNS and amount <= MAX_TEXT):
                return
            self._db.execute(
                "DELETE FROM runs WHERE id = (SELECT id FROM runs WHERE id != ? "
                "ORDER BY heard, id LIMIT 1)",
                (current,),
            )

    def delete(self, run):
        """Forgets a run. Returns whether there was one of that number."""
        with self._lock, self._db:
            self.version += 1
            return self._db.execute("DELETE FROM runs WHERE id = ?", (run,)).rowcount > 0

    def runs(self):
        """All runs, the newest first.

        Returns:
            List of dicts: `id`, `name`, `began` and `heard` (seconds since 1970), `epoch`, and
            `logs`, the last epoch's values by their names.
        """
        with self._lock:
            rows = self._db.execute(
                "SELECT id, name, began, heard, epoch, logs FROM runs ORDER BY id DESC"
            ).fetchall()
        names = ("id", "name", "began", "heard", "epoch")
        return [{**dict(zip(names, row)), "logs": json.loads(row[-1])} for row in rows]

    def points(self, run, after=-1, limit=2000):
        """What a run has reported.

        Args:
            run: Integer.
            after: Integer; only epochs of a higher number are given.
            limit: Integer, epochs at most.

        Returns:
            List of `[epoch, {name: value}]`, in order.
        """
        with self._lock:
            rows = self._db.execute(
                "SELECT epoch, logs FROM points WHERE run = ? AND epoch > ? ORDER BY epoch LIMIT ?",
                (run, after, limit),
            ).fetchall()
        return [[epoch, json.loads(logs)] for epoch, logs in rows]


def _checked(message):
    """Returns the number of the epoch and the numbers of a message."""
    if not isinstance(message, dict):
        raise MessageError("A message must be a JSON object of an epoch's number and its logs.")
    epoch = message.get("epoch")
    whole = isinstance(epoch, (int, float)) and not isinstance(epoch, bool)
    if not whole or not 0 <= epoch < 2**53 or epoch != int(epoch):
        raise MessageError(f"`epoch` must be a whole number from 0; got {str(epoch)[:50]!r}.")
    logs = {name: _number(value) for name, value in message.items() if name != "epoch"}
    logs = {name: value for name, value in logs.items() if value is not None}
    if len(logs) > MAX_NAMES:
        raise MessageError(f"A message may hold {MAX_NAMES} values; this one has {len(logs)}.")
    for name in logs:
        if len(name) > MAX_NAME_LENGTH:
            raise MessageError(
                f"A name may have {MAX_NAME_LENGTH} characters; one has {len(name)}: {name[:50]!r}."
            )
    return int(epoch), logs


def _number(value):
    """Returns a number as JSON can hold it, or None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        value = float(value)
    except OverflowError:  # an integer of more than 308 digits
        value = math.inf if value > 0 else -math.inf
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
