"""Runs the cases in tf_keras and stores what comes out.

    python -m tests.mixed_precision.regenerate      # in a Python that has tf_keras and Keras 3
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


def write_file(keras, path, set_policy):
    """Writes a model that was trained with its loss scaled, and what it predicts."""
    set_policy("mixed_float16")
    inputs = keras.Input((4,))
    logits = keras.layers.Dense(3, name="logits")(inputs)
    outputs = keras.layers.Activation("softmax", dtype="float32", name="softmax")(logits)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    random = np.random.RandomState(0)
    x, y = random.uniform(-1, 1, (8, 4)), random.uniform(0, 1, (8, 3))
    model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    model.save(path)
    set_policy("float32")
    return model.predict(x, verbose=0)


if __name__ == "__main__":
    import keras
    import tf_keras

    from .cases import CASES

    found = found_by(tf_keras, CASES)
    place = os.path.dirname(FILE)
    set_policy = tf_keras.mixed_precision.set_global_policy
    for name in ("tf_keras.h5", "tf_keras.keras"):
        path = os.path.join(place, "files", name)
        found[f"files: {name}"] = write_file(tf_keras, path, set_policy)
    path = os.path.join(place, "files", "keras3.keras")
    found["files: keras3.keras"] = write_file(keras, path, keras.config.set_dtype_policy)
    store(found)
