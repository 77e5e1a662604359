"""Initializers: distributions, scales by fan-in and fan-out, seeds, configurations."""

import functools

import numpy as np

from . import KERAS, Case, Tolerance
from .support import array

SHAPES = {"dense": (60, 90), "convolution": (3, 3, 20, 30), "convolution 1D": (5, 16, 64)}
SAMPLED = "the moments of a random sample"


def draw(keras, initializer, shape):
    values = initializer(shape)  # Keras 2.3.1's Orthogonal returns an array, not a tensor
    return values if isinstance(values, np.ndarray) else np.asarray(keras.backend.eval(values))


def distribution(keras, random, make, shapes=tuple(SHAPES)):
    """Moments of a large sample; truths about it."""
    results = {}
    for name in shapes:
        values = draw(keras, make(keras.initializers), SHAPES[name])
        deviation = values.std()
        results[name + " shape"] = list(values.shape)
        results[name + " sampled deviation"] = array(deviation)
        results[name + " sampled mean"] = array(values.mean() / deviation)
        standard = (values - values.mean()) / deviation
        results[name + " sampled kurtosis"] = array((standard**4).mean())
        # the bounds of uniform and truncated distributions: the farthest value, in deviations
        results[name + " bounded by 2.5 deviations"] = bool(np.abs(standard).max() < 2.5)
        results[name + " differ"] = bool(len(np.unique(values)) > values.size * 0.9)
    results["config"] = make(keras.initializers).get_config()
    return results


def seeded(keras, random, name, **settings):
    """The same seed draws the same values; another seed does not."""
    kind, shape = getattr(keras.initializers, name), (6, 5)
    first, again, other = (draw(keras, kind(seed=seed, **settings), shape) for seed in (7, 7, 8))
    return {
        "same": bool(np.array_equal(first, again)),
        "other": bool(np.array_equal(first, other)),
        "seed in config": kind(seed=7, **settings).get_config()["seed"],
    }


def constant(keras, random, make, shape=(3, 4)):
    """Initializers without chance: values."""
    initializer = make(keras.initializers)
    return {"values": draw(keras, initializer, shape), "config": initializer.get_config()}


def orthogonal(keras, random, gain=1.0):
    """Rows or columns are orthogonal and of length `gain`."""
    results = {}
    for shape in ((6, 4), (4, 6), (3, 2, 4)):
        values = draw(keras, keras.initializers.Orthogonal(gain=gain, seed=1), shape)
        flat = values.reshape(-1, shape[-1])
        product = flat.dot(flat.T) if flat.shape[0] < flat.shape[1] else flat.T.dot(flat)
        results["product {}".format(shape)] = array(product)
    results["config"] = keras.initializers.Orthogonal(gain=gain, seed=1).get_config()
    return results


def by_name(keras, random):
    """`initializers.get`: every name; what each turns into."""
    I = keras.initializers
    names = (
        "zeros Zeros ones Ones constant Constant uniform random_uniform RandomUniform normal "
        "random_normal RandomNormal truncated_normal TruncatedNormal VarianceScaling orthogonal "
        "Orthogonal identity Identity glorot_normal glorot_uniform he_normal he_uniform "
        "lecun_normal lecun_uniform"
    ).split()
    results = {"config": {}, "class": {}}
    for name in names:
        found = I.get(name)
        results["class"][name] = type(found).__name__
        results["config"][name] = found.get_config()
    results["serialized config"] = I.serialize(I.RandomNormal(mean=1.0, stddev=0.5, seed=3))
    dictionary = {"class_name": "RandomUniform", "config": {"minval": -1, "maxval": 2, "seed": 4}}
    results["from dict config"] = I.get(dictionary).get_config()
    return results


def in_layers(keras, random):
    """The default initial weights of layers, in truths."""
    L = keras.layers
    dense = L.Dense(100)
    dense.build((None, 200))
    kernel, bias = dense.get_weights()
    conv = L.Conv2D(40, 3)
    conv.build((None, 8, 8, 30))
    lstm = L.LSTM(20)
    lstm.build((None, 4, 5))
    embedding = L.Embedding(100, 50)
    embedding.build((None, 3))
    forget = lstm.get_weights()[2]
    recurrent = lstm.get_weights()[1]
    return {
        "sampled dense": array(np.abs(kernel).max()),
        "bias": bias[:3],
        "sampled convolution": array(np.abs(conv.get_weights()[0]).max()),
        "lstm bias": forget,
        "lstm recurrent": array(recurrent.dot(recurrent.T)),
        "sampled embedding": array(np.abs(embedding.get_weights()[0]).max()),
    }


NAMED = (
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
)
TOLERANCES = [
    Tolerance(0.04, 0.0, SAMPLED, "* sampled deviation"),
    Tolerance(0.0, 0.06, SAMPLED, "* sampled mean"),
    Tolerance(0.08, 0.0, SAMPLED, "* sampled kurtosis"),
    Tolerance(0.01, 0.0, "the largest of a random sample", "sampled *"),
    Tolerance(0.0, 2e-6, "products of a float32 decomposition", "product *"),
    Tolerance(0.0, 2e-6, "products of a float32 decomposition", "lstm recurrent"),
]


def table():
    drawn = {
        "RandomNormal": lambda I: I.RandomNormal(mean=0.5, stddev=0.2, seed=1),
        "RandomNormal default": lambda I: I.RandomNormal(seed=2),
        "RandomUniform": lambda I: I.RandomUniform(-1, 3, seed=3),
        "RandomUniform default": lambda I: I.RandomUniform(seed=4),
        "TruncatedNormal": lambda I: I.TruncatedNormal(mean=-0.5, stddev=0.3, seed=5),
        "TruncatedNormal default": lambda I: I.TruncatedNormal(seed=6),
    }
    for mode in ("fan_in", "fan_out", "fan_avg"):
        for kind in ("normal", "uniform"):
            drawn[f"VarianceScaling {mode} {kind}"] = functools.partial(
                scaled, mode=mode, distribution=kind
            )
    for index, name in enumerate(NAMED):
        drawn[name] = functools.partial(by_function, name=name, seed=index + 20)
    cases = {
        "distribution " + name: functools.partial(distribution, make=make)
        for name, make in drawn.items()
    }
    for name in NAMED + ("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling"):
        cases["seeded " + name] = functools.partial(seeded, name=name)
    cases["seeded Orthogonal"] = functools.partial(seeded, name="Orthogonal", gain=2.0)
    constants = {
        "Zeros": lambda I: I.Zeros(),
        "Ones": lambda I: I.Ones(),
        "Constant": lambda I: I.Constant(2.5),
        "Constant default": lambda I: I.Constant(),
        "Identity": lambda I: I.Identity(),
        "Identity gain": lambda I: I.Identity(gain=0.5),
    }
    for name, make in constants.items():
        cases[name] = functools.partial(constant, make=make)
    cases["Identity square"] = functools.partial(
        constant, make=lambda I: I.Identity(2.0), shape=(3, 3)
    )
    cases["orthogonal"] = orthogonal
    cases["orthogonal gain"] = functools.partial(orthogonal, gain=1.5)
    cases["in layers"] = in_layers
    rows = {name: Case(run, tolerances=TOLERANCES) for name, run in cases.items()}
    rows["by name"] = Case(by_name, oracles=(KERAS,), why="tf_keras has classes for all of them")
    return rows


def scaled(initializers, mode, distribution):
    return initializers.VarianceScaling(scale=2.0, mode=mode, distribution=distribution, seed=9)


def by_function(initializers, name, seed):
    return getattr(initializers, name)(seed=seed)


CASES = table()
