"""Processes that fetch batches: programs of the time of forks, and what goes wrong in a process."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.training.streams import Reader, Sequence


class Draws(Sequence):
    """Yields what NumPy's generator gives; the first process that is asked for `fatal` dies."""

    def __init__(self, fatal=None, bad=None):
        self.fatal, self.bad, self.epoch = fatal, bad, 0

    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        if index == self.bad:
            raise KeyError("no such picture")
        return np.random.rand(), self.epoch, os.getpid()

    def on_epoch_end(self):
        self.epoch += 1


def read(workers, epochs=2, **arguments):
    reader = Reader(Draws(**arguments), workers=workers, use_multiprocessing=True)
    try:
        return [list(reader.epoch()) for _ in range(epochs)]
    finally:
        reader.close()


def test_batches_are_the_same_however_many_processes_make_them():
    np.random.seed(3)
    one = read(1)
    np.random.seed(3)
    two = read(2)
    assert [b[:2] for epoch in one for b in epoch] == [b[:2] for epoch in two for b in epoch]
    assert len({b[0] for epoch in one for b in epoch}) == 12       # no draw comes twice
    assert [b[1] for epoch in one for b in epoch] == [0] * 6 + [1] * 6
    assert len({b[2] for epoch in one for b in epoch}) == 1        # the process stays
    assert os.getpid() not in {b[2] for epoch in two for b in epoch}


def test_what_the_program_changes_between_epochs_is_seen():
    class Level(Sequence):  # with the `on_epoch_end` of the base, which changes nothing
        level = 0

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return self.level

    source = Level()
    reader = Reader(source, workers=1, use_multiprocessing=True)
    try:
        found = [list(reader.epoch())]
        source.level = 5
        found += [list(reader.epoch()), list(reader.epoch())]
    finally:
        reader.close()
    assert found == [[0, 0], [5, 5], [5, 5]]


def test_a_killed_process_ends_fit_with_words_and_keeps_the_weights():
    class Data(Draws):
        def __getitem__(self, index):
            super().__getitem__(index)
            return np.ones((4, 3)), np.ones((4, 1))

    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    with pytest.raises(RuntimeError, match="ended without an answer.*fewer `workers`"):
        model.fit(Data(fatal=4), workers=1, use_multiprocessing=True, shuffle=False, verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_an_error_in_a_process_is_raised_here():
    with pytest.raises(KeyError, match="no such picture"):
        read(2, bad=3)


def test_what_cannot_be_pickled_is_named():
    class Locked(Draws):
        def __init__(self):
            super().__init__()
            self.lock = threading.Lock()

    reader = Reader(Locked(), use_multiprocessing=True)
    with pytest.raises(TypeError, match="Locked to other processes.*`__getstate__`"):
        list(reader.epoch())
    reader.close()


def test_a_program_without_a_main_guard_runs(tmp_path):
    """Old programs relied on forks, which do not run the program again."""
    script = tmp_path / "old.py"
    script.write_text(textwrap.dedent("""
        import numpy as np
        from keras.models import Sequential
        from keras.layers import Dense
        from keras.utils import Sequence as Base

        print("begins")
        scale = 2.0

        class Data(Base):
            def __len__(self):
                return 4

            def __getitem__(self, index):
                x = np.random.RandomState(index).rand(8, 3)
                return x, scale * x[:, :1]

        def train(**arguments):
            model = Sequential([Dense(1, kernel_initializer="ones", input_shape=(3,))])
            model.compile("sgd", "mse")
            return model.fit_generator(Data(), shuffle=False, verbose=0, **arguments)

        processes = train(use_multiprocessing=True, workers=2, epochs=2).history["loss"]
        print(processes == train(workers=0, epochs=2).history["loss"])
    """))
    command = [sys.executable, "-m", "hornbeam", "run", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["begins", "True"]), done.stderr
