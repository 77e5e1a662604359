"""Damages real model files at random and loads them: each must load or be refused in words.

    python -m tests.security.fuzz --count 10000 --processes 2

The files are loaded in processes of their own, with bounded memory and time, so that a crash of the
interpreter and a hang are found, reported and passed over. A mutation is known by its number: with
`--first N --count 1` it is run again, and `--keep FOLDER` keeps the files that made trouble.
"""

import argparse
import collections
import io
import json
import os
import queue
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
import zipfile
from pathlib import Path

import numpy as np

from tests.security import samples

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 3 * 2**30  # bytes that a process may take beyond what it has after its imports
SECONDS = 30  # for one file; a load takes 0.05 s
_NUMBERS = (0, 1, -1, 2, 255, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**64, 10**12, 10**400, -(2**40),
            0.5, -0.0, 1e308, float("nan"), float("inf"))
_VALUES = (None, True, False, "", "x", "Dense", "relu", "__class__", "../../x", "\x00", "é" * 10,
           [], {}, [None], [[]], {"class_name": "Dense", "config": {}},
           {"class_name": "Lambda", "config": {"function": ["4wEAAAA=", None, None]}},
           {"class_name": "function", "config": "get_file"},
           {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}},
           {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}}, *_NUMBERS)


# ---- mutations


def mutated(path, data, rng):
    """Returns a file's content, damaged."""
    kind = rng.random()
    if path.suffix == ".json" and kind < 0.6:
        return json.dumps(_with_changes(json.loads(data), rng)).encode()
    if path.suffix == ".keras" and kind < 0.7:
        return _changed_member(data, rng)
    if path.suffix == ".h5" and kind < 0.2:
        return _changed_attribute(data, rng)
    return _damaged(data, rng)


def _damaged(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        if not data:
            break
        place, length = rng.randrange(len(data)), rng.choice((1, 1, 2, 4, 8, 64, 1000))
        how = rng.randrange(8)
        if how <= 2:
            data[place] ^= 1 << rng.randrange(8)
        elif how == 3:
            data[place : place + length] = rng.randbytes(length)
        elif how == 4:
            data[place : place + length] = rng.choice((b"\x00", b"\xff", b"\x7f")) * length
        elif how == 5:
            del data[place : place + length]
        elif how == 6:
            other = rng.randrange(len(data))
            data[place:place] = data[other : other + length]
        elif rng.random() < 0.3:
            del data[place:]
        else:
            value = rng.choice((1, 2**15, 2**31, 2**32 - 1, 2**40, 2**63, len(data)))
            data[place : place + 8] = value.to_bytes(8, "little")
    return bytes(data)


def _with_changes(config, rng):
    """Changes some places of a config: values, keys, whole parts."""
    for _ in range(rng.choice((1, 1, 2, 5))):
        places = []
        stack = [config]
        while stack:
            value = stack.pop()
            keys = list(value) if isinstance(value, dict) else range(len(value))
            for key in keys:
                places.append((value, key))
                if isinstance(value[key], (dict, list)):
                    stack.append(value[key])
        if not places:
            break
        holder, key = rng.choice(places)
        how = rng.randrange(6)
        if how == 0 and isinstance(holder, dict):
            del holder[key]
        elif how == 1:
            other, other_key = rng.choice(places)
            if other_key in other if isinstance(other, dict) else other_key < len(other):
                holder[key] = json.loads(json.dumps(other[other_key]))
        elif how == 2 and isinstance(holder, dict):
            holder[rng.choice(("function", "weights", "input_tensor", "module", "name", "x"))] = (
                rng.choice(_VALUES)
            )
        elif how == 3 and isinstance(holder, list):
            holder.extend(holder[:3])
        else:
            holder[key] = rng.choice(_VALUES)
        config = json.loads(json.dumps(config))
    return config


def _changed_attribute(data, rng):
    import h5py

    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        names = [name for name in ("model_config", "training_config") if name in file.attrs]
        if not names:
            return _damaged(data, rng)
        name = rng.choice(names)
        changed = _with_changes(json.loads(file.attrs[name]), rng)
        del file.attrs[name]
        file.attrs[name] = json.dumps(changed).encode()
    return buffer.getvalue()


def _changed_member(data, rng):
    """Changes a file in a zip; the checksums are right again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            if name == chosen and name.endswith(".json") and rng.random() < 0.8:
                content = json.dumps(_with_changes(json.loads(content), rng)).encode()
            elif name == chosen:
                content = _damaged(content, rng)
            new.writestr(name, content)
    return buffer.getvalue()


# ---- one case


class Half(AssertionError):
    """A refused file has changed the model."""


class Cases:
    """The mutations by number; equal for equal seeds.

    Args:
        folder: Path of an empty folder.
        seed: Integer.
    """

    def __init__(self, folder, seed):
        made = Path(folder) / "samples"
        made.mkdir()
        self.work = Path(folder)
        self.seed = seed
        self.files = [(path, path.read_bytes()) for path in samples.write(made)]
        self.model = samples.small_model()
        self.before = self.model.get_weights()

    def content(self, number):
        """Returns the path of the sample and the damaged content of the case `number`."""
        rng = random.Random(f"{self.seed}-{number}")
        path, data = rng.choice(self.files)
        return path, mutated(path, data, rng)

    def run(self, number):
        """Loads the case; returns what happened, in a word."""
        path, data = self.content(number)
        target = self.work / f"case{path.suffix}"
        target.write_bytes(data)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._load(target, data, weights="weight" in path.name or number % 4 == 3)
        except (OSError, ValueError):
            self._check_unchanged()
            return "refused"
        return "loaded"

    def _load(self, target, data, weights):
        from hornbeam import models

        if target.suffix == ".json":
            models.model_from_json(data.decode("utf-8", "replace"))
        elif target.suffix == ".yaml":
            models.model_from_yaml(data.decode("utf-8", "replace"))
        elif weights or target.suffix == ".safetensors":
            self.model.load_weights(str(target))
            self.model.set_weights(self.before)
        else:
            models.load_model(str(target))

    def _check_unchanged(self):
        for now, before in zip(self.model.get_weights(), self.before):
            if not np.array_equal(now, before):
                self.model.set_weights(self.before)
                raise Half("the file was refused, but the weights have changed")


# ---- processes


def work(arguments):
    """A process: runs cases, tells each before it starts and what came of it."""
    from hornbeam import backend

    with tempfile.TemporaryDirectory() as folder:
        cases = Cases(folder, arguments.seed)
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
        for number in range(arguments.first, arguments.first + arguments.count, arguments.step):
            print("start", number, flush=True)
            try:
                outcome = cases.run(number)
            except Exception as error:
                outcome = f"unclean {type(error).__name__}"
                frame = traceback.extract_tb(error.__traceback__)[-1]
                print(f"note {number} {error!r:.300} at {frame.filename}:{frame.lineno}")
            backend.clear_session()
            print("end", number, outcome, flush=True)
        print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)


def fuzz(count, processes=1, seed=0, first=0, keep=None, seconds=SECONDS):
    """Runs `count` cases; returns a `Counter` of outcomes and a list of notes on trouble."""
    outcomes, notes = collections.Counter(), []
    threads = [
        threading.Thread(
            target=_watch,
            args=(first + start, first + count, processes, seed, seconds, outcomes, notes),
        )
        for start in range(processes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if keep:
        _keep(Path(keep), seed, notes)
    return outcomes, notes


def _watch(first, end, step, seed, seconds, outcomes, notes):
    """Runs every `step`-th case in one process after another, until all are run."""
    while first < end:
        command = [sys.executable, "-X", "faulthandler", "-m", "tests.security.fuzz", "--worker"]
        command += [f"--first={first}", f"--count={end - first}", f"--step={step}"]
        command += [f"--seed={seed}"]
        with tempfile.TemporaryFile("w+") as errors:
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1, cwd=ROOT
            ) as process:
                running = _follow(process, seconds, outcomes, notes)
            if running is None and process.returncode == 0:
                return
            if running is None:
                errors.seek(0)
                notes.append(("start", -1, errors.read()[-2000:]))
                outcomes["a process did not start"] += 1
                return
            number, hung = running
            outcome = "hung" if hung else "crashed"
            outcomes[outcome] += 1
            errors.seek(0)
            notes.append((outcome, number, f"status {process.returncode} {errors.read()[-1500:]}"))
        first = number + step


def _follow(process, seconds, outcomes, notes):
    """Reads what a process tells; returns the case in which it ended and whether it hung."""
    lines = queue.Queue()

    def pump():
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    pumping = threading.Thread(target=pump, daemon=True)
    pumping.start()
    running, limit = None, 20 * seconds
    while True:
        try:
            line = lines.get(timeout=limit)
        except queue.Empty:
            process.kill()
            pumping.join()
            return running, True
        if line is None:
            pumping.join()
            return None if running is None else (running, False)
        word, number, *rest = line.split(maxsplit=2)
        if word == "start":
            running, limit = int(number), seconds
        elif word == "end":
            running = None
            outcomes[rest[0].strip()] += 1
            if rest[0].startswith("unclean"):
                notes.append((rest[0].strip(), int(number), ""))
        elif word == "note":
            notes.append(("note", int(number), rest[0].strip()))
        elif word == "peak":
            outcomes["peak MiB"] = max(outcomes["peak MiB"], int(number))


def _keep(folder, seed, notes):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work_folder:
        cases = Cases(work_folder, seed)
        for _, number, _ in notes:
            if number >= 0:
                path, data = cases.content(number)
                (folder / f"{number}-{path.name}").write_bytes(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--step", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--keep", help="folder for the files that made trouble")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments)
        return 0
    begin = time.perf_counter()
    outcomes, notes = fuzz(
        arguments.count, arguments.processes, arguments.seed, arguments.first, arguments.keep
    )
    for note in notes:
        print(*note)
    seconds = time.perf_counter() - begin
    print(f"{arguments.count} files in {seconds:.0f} s:", dict(sorted(outcomes.items())))
    return int(bool(notes))


if __name__ == "__main__":
    sys.exit(main())
