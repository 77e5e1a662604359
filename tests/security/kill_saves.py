"""Kills a process again and again while it saves a model: the file must always load.

    python -m tests.security.kill_saves --count 100

The process saves two models in turn over one file, as fast as it can; each time it is killed
(`kill -9`) at a random moment. The file must then be one of the two models, whole, and nothing else
in the folder may look like a model. What killed saves leave is gone after the next save.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("model.h5", "model.keras")
SUFFIXES = (".h5", ".hdf5", ".keras", ".json", ".safetensors")


def model(fill):
    """A model of some 160 kB whose weights are all `fill`."""
    from hornbeam.layers import Dense
    from hornbeam.models import Sequential

    made = Sequential([Dense(200, input_shape=(100,)), Dense(100)], name="net")
    made.compile("sgd", "mse")
    made.set_weights([np.full(w.shape, fill, "float32") for w in made.get_weights()])
    return made


def serve():
    """The process whose children are killed: for each path it reads, a child saves to it forever.

    A child is forked before JAX has started a thread, so that it may do what its parent did.
    """
    models = [model(1.0), model(2.0)]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries the children
    for line in sys.stdin:
        path = line.rstrip("\n")
        models[0].save(path)
        child = os.fork()
        if child == 0:
            while True:
                for made in models:
                    made.save(path)
        print(child, flush=True)


def check(path):
    """Loads what is there; returns the number that fills it, or raises."""
    from hornbeam.models import load_model

    values = {float(v) for w in load_model(path).get_weights() for v in np.unique(w)}
    if values not in ({1.0}, {2.0}):
        raise AssertionError(f"{path} mixes two models: {values}")
    return values.pop()


def kills(folder, count, seed=0):
    """Kills `count` processes that save into `folder`; yields a note on each.

    Raises:
        AssertionError: if a file does not load or is mixed, or if litter looks like a model.
    """
    rng = random.Random(seed)
    command = [sys.executable, "-m", "tests.security.kill_saves", "--serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as server:
        for number in range(count):
            path = Path(folder) / NAMES[number % 2]
            print(path, file=server.stdin, flush=True)
            child = int(server.stdout.readline())
            time.sleep(rng.uniform(0, 0.05))  # a save takes some 5 ms
            os.kill(child, signal.SIGKILL)
            while _is_alive(child):
                os.sched_yield()
            found = check(path)
            others = [entry.name for entry in Path(folder).iterdir() if entry.name not in NAMES]
            taken = [name for name in others if name.endswith(SUFFIXES)]
            if taken:
                raise AssertionError(f"{taken} look like models")
            yield f"{path.name} holds {found}, {len(others)} left over"
        server.stdin.close()


def _is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
        return 0
    left = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, note in enumerate(kills(folder, arguments.count, arguments.seed)):
            left += not note.endswith(" 0 left over")
            print(number, note, flush=True)
        for name in NAMES:
            model(1.0).save(Path(folder) / name)
        rest = sorted(entry.name for entry in Path(folder).iterdir())
    print(f"{arguments.count} kills: the file loaded each time; {left} left something over, which "
          f"the next save removed: the folder holds {rest}")
    return int(rest != sorted(NAMES))


if __name__ == "__main__":
    sys.exit(main())
