"""Sequences: padding, sampling tables, skip-grams, windows over time series."""

import json
import random as python_random

import numpy as np

from . import Case, Departure

SIDES = ("pre", "post")


def padding(keras, random):
    pad = keras.preprocessing.sequence.pad_sequences
    lists = [[1], [], [2, 3, 4, 5], (6, 7), [8, 9, 10]]
    arrays = [np.arange(n, dtype="float64") / 4 for n in (2, 0, 5)]
    features = [random.uniform(-1, 1, (n, 2)) for n in (3, 1, 0, 4)]
    results = {"defaults": pad(lists)}
    for padding in SIDES:
        for truncating in SIDES:
            way = {"padding": padding, "truncating": truncating}
            name = "{} {} ".format(padding, truncating)
            results[name + "lists"] = pad(lists, maxlen=3, value=-1, **way)
            results[name + "arrays"] = pad(arrays, maxlen=4, dtype="float32", value=0.5, **way)
            results[name + "features"] = pad(features, 2, "float32", value=7, **way)
            results[name + "nested"] = pad([[[1, 2]], [[3, 4], [5, 6]]], maxlen=3, **way)
    results["longer"] = pad(lists, maxlen=6)
    results["a matrix"] = pad(np.arange(12).reshape(3, 4), maxlen=2)
    results["a matrix, longer"] = pad(np.arange(12).reshape(3, 4), maxlen=5)
    results["truncated floats"] = pad([[1.7, -1.7], [2.2]], dtype="int32")
    results["bools"] = pad([[True], [False, True]])
    results["words"] = pad(
        [["a"], ["long", "word"]], maxlen=3, dtype=object, value="<pad>"
    ).tolist()
    results["strings"] = pad([["a"], ["b", "c"]], dtype="U5", value="pad").tolist()
    results["empty"] = pad([[], []], maxlen=2)
    results["all empty"] = pad([[], []])
    return results


def sampling_table(keras, random):
    make = keras.preprocessing.sequence.make_sampling_table
    return {"defaults": make(30), "factor": make(10, sampling_factor=1e-3), "one": make(1)}


def skipgrams(keras, random):
    make = keras.preprocessing.sequence.skipgrams
    table = keras.preprocessing.sequence.make_sampling_table(20, 1e-2)
    words = [1, 5, 0, 7, 2, 2, 19, 3, 0, 11]
    ways = {
        "defaults": {"seed": 3},
        "window": {"window_size": 1, "seed": 3},
        "no shuffle": {"shuffle": False},
        "no negatives": {"negative_samples": 0, "shuffle": False},
        "many negatives": {"negative_samples": 1.5, "seed": 0},
        "categorical": {"categorical": True, "seed": 1},
        "sampled": {"sampling_table": table, "seed": 1},
        "no seed": {},
    }
    results = {}
    for name, way in ways.items():
        python_random.seed(7)
        couples, labels = make(words, 20, **way)
        results[name] = {"couples": couples, "labels": labels, "next": python_random.random()}
    python_random.seed(7)
    results["nothing"] = make([0, 0], 5)
    return results


def windows(keras, random):
    make = keras.preprocessing.sequence.TimeseriesGenerator
    data = random.uniform(-1, 1, (23, 2))
    targets = np.arange(23)
    ways = {
        "defaults": {},
        "batch": {"batch_size": 4},
        "rate": {"sampling_rate": 2, "batch_size": 5},
        "stride": {"stride": 3, "batch_size": 2},
        "range": {"start_index": 4, "end_index": 15, "batch_size": 3},
        "reverse": {"reverse": True, "batch_size": 6, "sampling_rate": 3},
        "all": {"sampling_rate": 2, "stride": 2, "start_index": 1, "end_index": 20,
                "reverse": True, "batch_size": 3},
        "shuffled": {"shuffle": True, "batch_size": 4},
    }
    results = {}
    for name, way in ways.items():
        for kind, values in (("arrays", (data, targets)), ("lists", (data.tolist(), [*targets]))):
            np.random.seed(5)
            made = make(values[0], values[1], 6, **way)
            results["{} {} count".format(name, kind)] = len(made)
            for index in range(len(made)):
                samples, following = made[index]
                results["{} {} {} x".format(name, kind, index)] = samples
                results["{} {} {} y".format(name, kind, index)] = following
    return results


def stored_windows(keras, random):
    make = keras.preprocessing.sequence.TimeseriesGenerator
    made = make(np.arange(12.0), np.arange(12), 3, batch_size=4, stride=2)
    full = json.loads(made.to_json())
    config = full["config"]
    data, targets = json.loads(config.pop("data")), json.loads(config.pop("targets"))
    start = config.pop("start_index")
    x, y = make(data, targets, start_index=3, **config)[0]
    return {
        "class_name": full["class_name"],
        "plain": config,
        "data": data,
        "targets": targets,
        "start_index": start,
        "x": x,
        "y": y,
    }


CASES = {
    "padding": padding,
    "sampling table": sampling_table,
    "skipgrams": skipgrams,
    "windows": windows,
    "stored windows": Case(
        stored_windows,
        departures=[
            Departure("Keras stores start_index + length and loses windows", "start_index")
        ],
    ),
}
