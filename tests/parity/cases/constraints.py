"""Constraints: what they make of kernels of ranks 2 and 4, names, configurations."""

import numpy as np

from . import KERAS, Case
from .support import compute_named, normal


def constrained(make, shapes=((4, 3), (2, 3, 2, 3))):
    def case(keras, random):
        K = keras.backend
        constraint = make(keras.constraints)
        feeds, outputs = [], {}
        for shape in shapes:
            values = normal(random, *shape) * 2
            values[..., 0] *= 0.05  # a column within every limit
            values[..., 1] = np.abs(values[..., 1])
            x = K.placeholder(shape=shape)
            feeds.append((x, values))
            outputs["rank {}".format(len(shape))] = constraint(x)
        results = compute_named(keras, feeds, outputs)
        results["config"] = constraint.get_config()
        results["again config"] = type(constraint)(**constraint.get_config()).get_config()
        return results

    return case


def zeros(make):
    """A column of zeros stays finite."""

    def case(keras, random):
        x = keras.backend.placeholder(shape=(3, 2))
        values = normal(random, 3, 2)
        values[:, 0] = 0
        return compute_named(keras, [(x, values)], {"y": make(keras.constraints)(x)})

    return case


def by_name(keras, random):
    """Names in their spellings, dictionaries, None."""
    C = keras.constraints
    names = ("max_norm", "MaxNorm", "non_neg", "NonNeg", "unit_norm", "UnitNorm", "min_max_norm")
    dictionary = {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": [0, 1]}}
    return {
        "class": [type(C.get(name)).__name__ for name in names],
        "config": {name: C.get(name).get_config() for name in names},
        "serialized config": C.serialize(C.max_norm(1.5, axis=1)),
        "from dict config": C.get(dictionary).get_config(),
        "none": C.get(None),
    }


CASES = {
    "MaxNorm": constrained(lambda C: C.MaxNorm(1.5)),
    "MaxNorm default": constrained(lambda C: C.MaxNorm()),
    "MaxNorm axis 1": constrained(lambda C: C.MaxNorm(1.5, axis=1)),
    "MaxNorm axes": constrained(lambda C: C.MaxNorm(1.5, axis=[0, 1, 2]), [(2, 3, 2, 3)]),
    "NonNeg": constrained(lambda C: C.NonNeg()),
    "UnitNorm": constrained(lambda C: C.UnitNorm()),
    "UnitNorm axis 1": constrained(lambda C: C.UnitNorm(axis=1)),
    "UnitNorm axes": constrained(lambda C: C.UnitNorm(axis=[0, 1]), [(2, 3, 2, 3)]),
    "MinMaxNorm": constrained(lambda C: C.MinMaxNorm(0.5, 1.5)),
    "MinMaxNorm default": constrained(lambda C: C.MinMaxNorm()),
    "MinMaxNorm rate": constrained(lambda C: C.MinMaxNorm(0.5, 1.5, rate=0.4, axis=1)),
    "MaxNorm zeros": zeros(lambda C: C.MaxNorm(1.0)),
    "UnitNorm zeros": zeros(lambda C: C.UnitNorm()),
    "MinMaxNorm zeros": zeros(lambda C: C.MinMaxNorm(0.5, 1.0)),
    "by name": Case(by_name, oracles=(KERAS,), why="tf_keras 2.21 serializes in Keras 3's layout"),
}
