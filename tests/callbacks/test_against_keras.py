"""Callbacks at work beside Keras 2.3.1's and tf.keras's: same epochs, rates, files, hooks, logs.

`cases.py` says what is done, and how to record `golden/*.json` again under each of them.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import hornbeam
from hornbeam.callbacks.logs import Logs
from tests.callbacks import cases

FOLDER = Path(__file__).parent / "golden"
KERAS = json.loads((FOLDER / "keras-2.3.1.json").read_text())
TF_KERAS = json.loads((FOLDER / "tf_keras-2.21.json").read_text())

# What differs, and why.
FROM_KERAS = {
    "stop_start": cases.NEW,
    "check_threshold": cases.NEW,
    "saved_by_batches": cases.NEW,
    "one_callback": "only tf.keras takes one callback without a list",
    "stop_never": "tf.keras restores the best weights at every end; so says its documentation",
    "ended": "the same",
    "stop_baseline_best": "2.3.1 sets weights that it never kept, and fails",
    "stop_nan": "the same",
    "stop_auc": "tf.keras knows that an AUC should rise",
    "traced_stop": "2.3.1 does not validate where a callback ends the epoch: {val_loss} is missing",
    "ended_on_nan": "the same",
}
FROM_TF_KERAS = {
    "stop_baseline_at_once": "tf.keras never stops at the first epoch",
    "batch_losses": "tf.keras shows the mean over the batches so far",
    "ended_on_nan": "tf.keras: other accuracy of predictions that are NaN",
}


def without(pattern, found):
    """Takes words away from the notes of hooks and logs."""
    if "calls" not in found:
        return found
    return {**found, "calls": [re.sub(pattern, "", call) for call in found["calls"]]}


def as_keras_has_it(found):
    """Keras 2.3.1 has no logs at the end of a test and of a training; tf.keras has."""
    return without(r"(?<=^test_end) .*|(?<=^train_end) .*", found)


def as_tf_keras_has_it(found):
    """tf.keras has no `batch` and `size` in the logs, and words what it prints in another way."""
    return without(" batch| size", {name: v for name, v in found.items() if name != "text"})


def equal(found, expected):
    """Whether two results are equal; numbers up to what float32 sums in another order."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(equal(found[k], expected[k]) for k in found)
    if isinstance(expected, list) and expected and all(isinstance(v, float) for v in expected):
        return len(found) == len(expected) and np.allclose(
            found, expected, rtol=1e-4, atol=2e-5, equal_nan=True
        )
    return found == expected


def run(name, folder):
    fed = cases.fed(hornbeam.callbacks)
    if name in fed:
        return cases.feed(hornbeam, *fed[name])
    return cases.TRAINED[name](hornbeam, folder)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # unknown modes, monitors that are missing
@pytest.mark.parametrize("name", KERAS)
def test_does_what_keras_does(name, tmp_path):
    found = run(name, tmp_path)
    same = equal(as_keras_has_it(found), KERAS[name])
    assert same is (name not in FROM_KERAS), FROM_KERAS.get(name)
    same = equal(as_tf_keras_has_it(found), as_tf_keras_has_it(TF_KERAS[name]))
    assert same is (name not in FROM_TF_KERAS), FROM_TF_KERAS.get(name)


def test_every_case_is_recorded():
    names = {*cases.fed(hornbeam.callbacks), *cases.TRAINED}
    assert names == set(KERAS) == set(TF_KERAS)


@pytest.mark.parametrize("name", ["stop_acc", "check_best", "plateau_max"])
def test_the_other_name_of_accuracy_is_found(name):
    maker, all_logs = cases.fed(hornbeam.callbacks)[name]
    renamed = [Logs((k.replace("acc", "accuracy"), v) for k, v in o.items()) for o in all_logs]
    callback, seen = maker(), []
    model = hornbeam.models.Sequential([hornbeam.layers.Dense(1, input_shape=(1,))])
    model.compile(hornbeam.optimizers.SGD(0.1), "mse")
    model.save_weights = lambda path, **kwargs: seen.append(["weights", path])
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, logs in enumerate(renamed):
        callback.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    assert epoch + 1 == KERAS[name]["epochs"]
    assert seen == KERAS[name]["saved"]
    assert round(float(hornbeam.backend.get_value(model.optimizer.lr)), 7) == KERAS[name]["lrs"][-1]
