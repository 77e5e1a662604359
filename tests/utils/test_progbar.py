"""The progress bar as Keras 2.3.1 prints it, to the character, and the callback that moves it.

`golden/progbar-keras-2.3.1.json` holds what Keras's own class wrote for these cases.
"""

import contextlib
import io
import json
from pathlib import Path

import pytest

from hornbeam.callbacks import CallbackList, ProgbarLogger
from hornbeam.callbacks import progbar as module
from hornbeam.utils.progbar import Progbar

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "progbar-keras-2.3.1.json").read_text(encoding="utf-8")
)

# name: (target, updates, seconds between updates, arguments)
CASES = {
    "samples": (
        100,
        [
            (32, [("loss", 1.0), ("acc", 0.5)]),
            (64, [("loss", 2.0), ("acc", 0.6)]),
            (96, [("loss", 0.5), ("acc", 0.7)]),
            (100, [("loss", 1e-4), ("acc", 0.7)]),
        ],
        1.0,
        {"stateful_metrics": ["acc"]},
    ),
    "small": (100, [(50, [("loss", 1e-5)]), (100, [("loss", -1e-5)])], 1e-4, {"interval": 0}),
    "interval": (10, [(i, [("x", float(i))]) for i in range(1, 11)], 0.02, {}),
    "unknown": (None, [(1, [("loss", 1.0)]), (2, [("loss", 2.0)])], 1.0, {}),
    "hours": (10, [(1, []), (2, [])], 4000.0, {}),
    "minutes": (10, [(1, []), (10, [])], 40.0, {}),
    "two": (
        10,
        [(5, [("loss", 1.0)]), (10, [("loss", 3.0), ("val_loss", 2.0)])],
        1.0,
        {"verbose": 2},
    ),
    "silent": (10, [(10, [("loss", 1.0)])], 1.0, {"verbose": 0}),
    "width": (7, [(3, [("a", 1)]), (7, None)], 1.0, {"width": 10}),
    "shrinks": (3, [(1, [("a", 1e-9)]), (2, [("a", 1.0)]), (3, [])], 500.0, {}),
}


class Clock:
    def __init__(self):
        self.now = 1000.0

    def time(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize("name", CASES)
def test_writes_what_keras_writes(name, clock):
    target, updates, seconds, arguments = CASES[name]
    with contextlib.redirect_stdout(Terminal()) as terminal:
        bar = Progbar(target, **arguments)
        for current, values in updates:
            clock.now += seconds
            bar.update(current, values)
    assert terminal.getvalue() == GOLDEN[name]


def test_add_goes_on_from_where_it_is(clock):
    with contextlib.redirect_stdout(Terminal()) as terminal:
        bar = Progbar(4)
        for _ in range(4):
            clock.now += 1
            bar.add(1, [("x", 1.0)])
    assert terminal.getvalue().endswith(
        "4/4 [==============================] - 4s 1s/step - x: 1.0000\n"
    )


def test_a_log_file_gets_one_line(clock, capsys):
    bar = Progbar(4)
    for _ in range(4):
        clock.now += 1
        bar.add(1, [("x", 1.0)])
    assert (
        capsys.readouterr().out == "4/4 [==============================] - 4s 1s/step - x: 1.0000\n"
    )


def test_an_unknown_target_can_be_ended(clock, capsys):
    bar = Progbar(None)
    clock.now += 1
    bar.update(2, [("x", 1.0)])
    bar.update(3, finalize=True)
    assert capsys.readouterr().out == "      3/Unknown - 1s 333ms/step - x: 1.0000\n"


def test_an_empty_target_is_full(clock, capsys):
    Progbar(0).update(0)
    assert capsys.readouterr().out == "0/0 [==============================] - 0s 0us/step\n"


def logger(**params):
    callback = ProgbarLogger(params.pop("count_mode", "samples"), stateful_metrics=["acc"])
    hooks = CallbackList([callback])
    hooks.set_params(
        {"verbose": 1, "epochs": 2, "samples": 10, "steps": 3, "metrics": ["loss", "acc"], **params}
    )
    hooks.on_train_begin()
    return hooks


def test_batches_and_chunks_end_in_the_same_line(clock, capsys):
    hooks = logger()
    hooks.on_epoch_begin(0)
    for batch, (size, loss) in enumerate([(4, 1.0), (4, 2.0), (2, 6.0)]):
        hooks.on_train_batch_end(batch, {"size": size, "loss": loss, "acc": 0.5})
    hooks.on_epoch_end(0, {"loss": 2.4, "acc": 0.5})
    one_by_one = capsys.readouterr().out
    hooks.on_epoch_begin(0)
    hooks.callbacks[0].on_chunk_end(2, 8, {"loss": 1.5, "acc": 0.5})
    hooks.callbacks[0].on_chunk_end(3, 10, {"loss": 2.4, "acc": 0.5})
    hooks.on_epoch_end(0, {"loss": 2.4, "acc": 0.5})
    assert capsys.readouterr().out == one_by_one
    assert one_by_one == (
        "Epoch 1/2\n"
        "10/10 [==============================] - 0s 0us/step - loss: 2.4000 - acc: 0.5000\n"
    )


def test_chunks_move_the_bar_on_a_terminal(clock):
    hooks = logger(count_mode="steps")
    with contextlib.redirect_stdout(Terminal()) as terminal:
        hooks.on_epoch_begin(1)
        clock.now += 1
        hooks.callbacks[0].on_chunk_end(1, 4, {"loss": 1.5, "acc": 0.5})
    assert terminal.getvalue() == (
        "Epoch 2/2\n\r1/3 [=========>....................] - ETA: 2s - loss: 1.5000 - acc: 0.5000"
    )


def test_an_epoch_that_ends_early_ends_its_line(clock, capsys):
    hooks = logger()
    hooks.on_epoch_begin(0)
    hooks.on_train_batch_end(0, {"size": 4, "loss": 1.0, "acc": 0.5})
    hooks.on_epoch_end(0, {"loss": 1.0, "acc": 0.5})
    assert capsys.readouterr().out.endswith(" - loss: 1.0000 - acc: 0.5000\n")


def test_an_unknown_count_mode_is_named():
    with pytest.raises(ValueError, match="Unknown `count_mode`: 'epochs'"):
        ProgbarLogger("epochs")
