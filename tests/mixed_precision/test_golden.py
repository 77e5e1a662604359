"""The cases in hornbeam beside what tf_keras found, and the files that it and Keras 3 wrote."""

import numpy as np
import pytest

import hornbeam
from hornbeam.models import load_model

from .cases import CASES
from .regenerate import FILE, load

# A rounding of the dtype, of the largest element: twice where several layers follow each other.
ROUNDING = {"mixed_float16": 2.0**-10, "mixed_bfloat16": 2.0**-7}
GOLDEN = load()


@pytest.mark.parametrize("name", CASES)
def test_it_is_as_in_tf_keras(name):
    found = CASES[name](hornbeam, np.random.RandomState(list(CASES).index(name)))
    assert {f"{name}: {entry}" for entry in found} == {
        entry for entry in GOLDEN if entry.startswith(f"{name}: ")
    }
    for entry, value in found.items():
        golden = GOLDEN[f"{name}: {entry}"]
        if not isinstance(value, np.ndarray):
            assert value == golden, entry
            continue
        # Twenty steps of Adam carry roundings of gradients, divided by their own size, along.
        allowed = ROUNDING.get(entry.split()[0], 2e-3 if "adam" not in entry else 2.0**-5)
        if name == "bad data" or name == "bfloat16":
            allowed = 2.0**-5
        distance = np.abs(value - golden).max() / np.abs(golden).max()
        assert distance <= 2 * allowed, (entry, distance)


@pytest.mark.parametrize("name", ["tf_keras.h5", "tf_keras.keras", "keras3.keras"])
def test_a_file_brings_policies_and_the_state_of_the_scaled_optimizer(name):
    model = load_model(FILE.replace("golden.npz", f"files/{name}"))
    random = np.random.RandomState(0)
    x, y = random.uniform(-1, 1, (8, 4)), random.uniform(0, 1, (8, 3))
    np.testing.assert_allclose(model.predict(x), GOLDEN[f"files: {name}"], rtol=2.0**-9)
    logits = model.get_layer("logits")
    assert (logits.compute_dtype, logits.dtype) == ("float16", "float32")
    assert model.get_layer("softmax").compute_dtype == "float32"
    optimizer = model.optimizer
    assert type(optimizer.inner_optimizer).__name__ == "Adam"
    assert int(optimizer.iterations) == 4
    assert all(np.any(slot.get_value()) for slot in optimizer.weights[1:5])
    counted = 4 if name == "keras3.keras" else 0  # tf_keras does not store it
    assert (float(optimizer.loss_scale), int(optimizer.dynamic_counter)) == (32768.0, counted)
    before = model.evaluate(x, y, verbose=0)
    model.fit(x, y, epochs=5, verbose=0)
    assert model.evaluate(x, y, verbose=0) < before
