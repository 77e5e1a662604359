"""One model on eight (virtual) devices gives the numbers of one device."""

import json
import os
import subprocess
import sys

import pytest

from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.utils import multi_gpu_model

PROGRAM = """
import json, sys
import jax, numpy as np
from hornbeam import backend as K
from hornbeam.layers import BatchNormalization, Dense, Dropout, Input, concatenate
from hornbeam.models import Model, load_model
from hornbeam.utils import multi_gpu_model

R = np.random.RandomState(1)
A, B = R.rand(40, 6), R.rand(40, 3)
Y = {"kind": np.eye(4)[R.randint(0, 4, 40)], "size": R.rand(40, 1)}

def build():
    a, b = Input((6,)), Input((3,))
    x = concatenate([Dense(8, activation="tanh")(a), b])
    x = Dropout(0.3, seed=3)(BatchNormalization()(x))
    outputs = [Dense(4, activation="softmax", name="kind")(x), Dense(1, name="size")(x)]
    model = Model([a, b], outputs)
    draw = np.random.RandomState(0)
    model.set_weights([draw.rand(*weight.shape) for weight in model.get_weights()])
    return model

facts = {}
for name, devices in (("one", None), ("eight", 8), ("four", [0, 2, 5, 7])):
    np.random.seed(0)
    base = build()
    model = base if devices is None else multi_gpu_model(base, devices)
    model.compile("sgd", {"kind": "categorical_crossentropy", "size": "mse"}, metrics=["mae"])
    history = model.fit([A, B], Y, batch_size=16, epochs=2, verbose=0).history
    facts[name] = {
        "history": history,
        "weights": [weight.tolist() for weight in base.get_weights()],
        "predictions": [output.tolist() for output in model.predict([A, B])],
        "devices": len(base.weights[0].on_device().sharding.device_set),
    }
model.save(sys.argv[1])
loaded = load_model(sys.argv[1])
facts["loaded"] = [output.tolist() for output in loaded.predict([A, B])]
facts["names"] = model.output_names
print(json.dumps(facts))
"""


def test_eight_devices_give_the_numbers_of_one(tmp_path):
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "model.h5")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert [facts[name]["devices"] for name in ("one", "eight", "four")] == [1, 8, 4]
    assert facts["names"] == ["kind", "size"]

    def flat(tree):
        if isinstance(tree, dict):
            tree = [tree[key] for key in sorted(tree)]
        return [x for part in tree for x in flat(part)] if isinstance(tree, list) else [tree]

    for name in ("eight", "four"):
        for fact in ("history", "weights", "predictions"):
            assert flat(facts[name][fact]) == pytest.approx(
                flat(facts["one"][fact]), rel=1e-5, abs=1e-6)
    assert flat(facts["loaded"]) == pytest.approx(flat(facts["four"]["predictions"]), rel=1e-5)


def test_bad_arguments():
    model = Sequential([Dense(1, input_shape=(2,))])
    with pytest.raises(ValueError, match=r"call `multi_gpu_model` with `gpus >= 2`.*`gpus=1`"):
        multi_gpu_model(model, 1)
    with pytest.raises(ValueError, match=r"devices \[64, 65\] should be there.*Try reducing"):
        multi_gpu_model(model, [64, 65])
    with pytest.raises(ValueError, match="`cpu_relocation=True` is not available"):
        multi_gpu_model(model, 2, cpu_relocation=True)
    with pytest.raises(ValueError, match="`cpu_merge` must be True or False"):
        multi_gpu_model(model, 2, cpu_merge="yes")
