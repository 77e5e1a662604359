"""The cases, by family, and what a row of a family's table may say."""

import importlib
from collections import namedtuple

FAMILIES = (
    "losses",
    "activations",
    "layers",
    "later_layers",
    "catalogue",
    "composed",
    "recurrent",
    "optimizers",
    "training",
    "metrics",
    "models",
    "regularizers",
    "constraints",
    "backend",
    "backend_spatial",
    "initializers",
    "images",
    "text",
    "sequences",
    "applications",
)

KERAS = "keras-2.3.1"
TF_KERAS = "tf_keras"
ORACLES = (KERAS, TF_KERAS)

# Entries (a glob over names of results) compared with another tolerance, and the reason for it.
Tolerance = namedtuple("Tolerance", "rtol floor reason entries")
Tolerance.__new__.__defaults__ = ("*",)

# Entries that only one oracle may judge, and why the other one may not.
Judge = namedtuple("Judge", "oracle why entries")
Judge.__new__.__defaults__ = ("*",)

# Entries in which hornbeam goes another way than the originals on purpose, and why. They are not
# compared with hornbeam; the oracles are still compared with each other.
Departure = namedtuple("Departure", "reason entries")

# What holds in every family.
JUDGES_EVERYWHERE = (
    Judge(KERAS, "tf_keras 2.21 writes configurations in Keras 3's layout", "*config"),
)


class Case:
    """One row: the function, and the exceptions made for it."""

    def __init__(self, run, tolerances=(), judges=(), departures=(), oracles=ORACLES, why=""):
        for exception in tolerances:
            assert exception.reason, "a tolerance needs its reason"
        for departure in departures:
            assert departure.reason, "a departure needs its reason"
        for judge in judges:
            assert judge.oracle in ORACLES and judge.why, "a judge needs its reason"
        assert why or tuple(oracles) == ORACLES, "leaving out an oracle needs its reason"
        self.run = run
        self.tolerances = tuple(tolerances)
        self.judges = tuple(judges) + JUDGES_EVERYWHERE
        self.departures = tuple(departures)
        self.oracles = tuple(oracles)
        self.why = why


def cases(family):
    """Returns the family's table: a dict from names to `Case` objects."""
    table = importlib.import_module("." + family, __name__).CASES
    return {
        name: row if isinstance(row, Case) else Case(row) for name, row in sorted(table.items())
    }
