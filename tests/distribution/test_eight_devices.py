"""Eight (virtual) devices give the numbers of one, up to rounding."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("on_eight_devices.py")


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
    path = tmp_path_factory.mktemp("eight") / "model.h5"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(path)],
        capture_output=True, text=True, env=environment, check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def flat(tree):
    """The numbers of nested lists and dicts, in order of the keys."""
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    return [number for part in tree for number in flat(part)] if isinstance(tree, list) else [tree]


def close(one, other):
    return flat(other) == pytest.approx(flat(one), rel=1e-5, abs=1e-6)


def test_devices_are_listed_by_name(facts):
    assert facts["all devices"] == [f"cpu:{number}" for number in range(8)]


@pytest.mark.parametrize("kind", ["dense", "convolutional", "recurrent"])
@pytest.mark.parametrize("fact", ["fit", "evaluate", "predict", "weights", "optimizer"])
def test_training_on_arrays(facts, kind, fact):
    one, eight = facts[kind]
    assert (one["devices"], eight["devices"]) == (1, 8)
    assert close(one[fact], eight[fact])


def test_training_batch_by_batch(facts):
    one, eight = facts["batch_by_batch"]
    for fact in one:
        assert close(one[fact], eight[fact]), fact


@pytest.mark.parametrize("kind", ["dense", "convolutional", "recurrent", "depthwise"])
def test_devices_only_add_up_gradients(facts, kind):
    """A gathered activation would be an all-gather; one step, and a loop of them."""
    assert facts["collectives"][kind] == [["all-reduce"], ["all-reduce"]]


def test_a_batch_size_that_cannot_be_split_is_told_once(facts):
    (warning,) = facts["warnings"]
    assert "A batch of 10 samples cannot be split evenly over 8 devices" in warning


def test_multi_gpu_model(facts):
    one, four = facts["multi_gpu"]
    assert (one["devices"], four["devices"]) == (1, 4)
    assert four["names"] == ["kind", "size"]
    for fact in ("history", "weights", "predictions"):
        assert close(one[fact], four[fact]), fact
    assert close(four["predictions"], four["loaded"])


def test_mirrored_strategy(facts):
    one, eight = facts["mirrored"]
    assert (one["replicas"], one["devices"], eight["replicas"], eight["devices"]) == (1, 1, 8, 8)
    assert close(one["history"], eight["history"])
    assert close(one["loss"], eight["loss"])


def test_weights_may_be_split_as_well(facts):
    one, split = facts["model_parallel"]
    for fact in ("history", "weights", "predict"):
        assert close(one[fact], split[fact]), fact
    assert split["layout"] == [[None, "model"]] * 2
