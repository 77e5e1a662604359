"""Two processes that train one model end with the weights of one process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("in_two_processes.py")
SECONDS = 240  # after which processes that wait for each other in vain are ended


def start(port, number, folder, devices):
    flags = f"--xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), str(port), str(number), str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "XLA_FLAGS": flags},
    )


def finished(processes):
    try:
        found = [process.communicate(timeout=SECONDS) for process in processes]
    finally:
        for process in processes:
            process.kill()
    errors = [error[-3000:] for _, error in found]
    assert [process.returncode for process in processes] == [0] * len(processes), errors
    return [output for output, _ in found]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folders = [tmp_path_factory.mktemp(name) for name in ("two", "one")]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    two = finished([start(port, number, folders[0], devices=2) for number in (0, 1)])
    one = finished([start(0, 0, folders[1], devices=1)])
    return [*two, *one], folders


@pytest.fixture(scope="module")
def facts(outputs):
    return [json.loads(output.splitlines()[-1]) for output in outputs[0]]


def flat(tree):
    """The numbers of nested lists and dicts, in order of the keys."""
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    return [number for part in tree for number in flat(part)] if isinstance(tree, list) else [tree]


def test_each_process_sees_all_devices(facts):
    first, second, alone = (fact["devices"] for fact in facts)
    assert first == second
    assert (len(first), len(alone)) == (4, 1)


@pytest.mark.parametrize("fact", ["same data", "on batches", "resumed", "own step", "own data"])
def test_two_processes_end_as_one(facts, fact):
    first, second, alone = (flat(each[fact]) for each in facts)
    assert first == second
    assert first == pytest.approx(alone, rel=1e-5, abs=1e-6)


def test_with_data_of_their_own_they_predict_their_own(facts):
    first, second, alone = (flat(fact["own predictions"]) for fact in facts)
    assert first + second == pytest.approx(alone, rel=1e-5, abs=1e-6)


def test_data_of_other_lengths_are_refused_in_both(facts):
    for fact in facts[:2]:
        assert "[samples, batch_size] = [[8, 8], [9, 9]]" in fact["error"]
        assert "pad the shorter" in fact["error"]


def test_only_the_first_process_shows_and_writes(outputs):
    (first, second, _), (folder, _) = outputs
    assert "Epoch 2/2" in first
    assert "Epoch" not in second
    assert len((folder / "log.csv").read_text().splitlines()) == 3
    assert (folder / "best.h5").exists()
    assert not (folder / "backup1" / "backup.npz").exists()
