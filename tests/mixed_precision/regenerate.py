"""Runs the cases in tf_keras and stores what comes out.

    python -m tests.mixed_precision.regenerate      # in a Python that has tf_keras
"""

import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np  # noqa: E402

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.npz")


def found_by(keras, cases):
    """Returns what the cases find, as a dict from (case, entry) to array or JSON value."""
    found = {}
    for place, (name, case) in enumerate(cases.items()):
        for entry, value in case(keras, np.random.RandomState(place)).items():
            found[f"{name}: {entry}"] = value
    return found


def store(found):
    arrays = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
    plain = {name: value for name, value in found.items() if name not in arrays}
    flat = [np.ravel(array) for array in arrays.values()]
    index = [[name, list(array.shape)] for name, array in arrays.items()]
    np.savez_compressed(
        FILE, numbers=np.concatenate(flat), index=json.dumps(index), plain=json.dumps(plain)
    )


def load():
    with np.load(FILE) as file:
        numbers, found = file["numbers"], json.loads(str(file["plain"]))
        start = 0
        for name, shape in json.loads(str(file["index"])):
            size = int(np.prod(shape))
            found[name] = numbers[start : start + size].reshape(shape)
            start += size
    return found


if __name__ == "__main__":
    import tf_keras

    from .cases import CASES

    store(found_by(tf_keras, CASES))
