"""The state of the program's random numbers: NumPy's global generator and Python's `random`."""

import random

import numpy as np

from hornbeam.training.backups import shared


def random_state():
    """Returns the state of both generators, as plain data with arrays."""
    version, words, gauss = random.getstate()
    return {
        "numpy": np.random.get_state(),
        "python": (version, np.array(words, "uint32"), gauss),
    }


def set_random_state(state):
    """Sets both generators to what `random_state` returned."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words.tolist()), gauss))
    np.random.set_state(state["numpy"])


def share_random_state():
    """Gives every process the random state of the first: they draw the same seeds and orders."""
    set_random_state(shared(random_state()))


def is_random_state(state):
    """Whether both generators are in this state."""
    now = random_state()
    return all(
        np.array_equal(mine, other)
        for name in ("numpy", "python")
        for mine, other in zip(now[name], state[name])
    )
