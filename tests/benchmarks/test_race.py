"""How the benchmarks judge and what they say of a peer that does not run."""

import sys

import pytest

from benchmarks import peers, race, worker


@pytest.fixture
def bench():
    bench = race.Bench(["hornbeam", "torch", "torch_compile"], rounds=1, round_s=0.1)
    yield bench
    bench.close()


def case(*goals):
    return race.Case("fit", "`fit`", "ms", ["hornbeam", "torch", "torch_compile"], list(goals))


def test_goals_compare_times():
    faster, within = race.Goal("torch", at_least=1.2), race.Goal("jax", at_most=1.5)
    assert faster.verdict(1.0, 1.3) == "≥ 1.2 x: met"
    assert faster.verdict(1.0, 1.1) == "≥ 1.2 x: NOT MET"
    assert within.verdict(1.2, 1.0) == "≤ 1.5 x its time (1.20): met"
    assert within.verdict(1.6, 1.0) == "≤ 1.5 x its time (1.60): NOT MET"


def test_an_absent_peer_is_shown_and_a_failed_one_explained(bench):
    seconds = {"hornbeam": [0.001], "torch": []}
    missing = {"torch_compile": peers.NO_COMPILER, "torch": "ValueError: it broke"}
    table = bench.table("Title", case(*race.ahead(["torch"])), seconds, missing)
    assert [row[:2] for row in table.rows] == [
        ["hornbeam", "1.00"],
        ["PyTorch eager, by hand", "failed"],
        ["PyTorch, torch.compile", "no compiler"],
    ]
    assert table.notes == ["PyTorch eager, by hand failed: ValueError: it broke"]


def test_compiled_pytorch_needs_a_compiler(monkeypatch):
    monkeypatch.setattr(peers, "installed", lambda peer: True)
    monkeypatch.setenv("CXX", sys.executable)
    assert peers.absence(peers.PEERS["torch_compile"]) is None
    monkeypatch.setenv("CXX", "there-is-no-such-compiler")
    assert peers.absence(peers.PEERS["torch_compile"]) == "no compiler"
    assert peers.absence(peers.PEERS["torch"]) is None
    monkeypatch.setattr(peers, "installed", lambda peer: False)
    assert peers.absence(peers.PEERS["torch"]) == "not installed"


def test_the_share_of_the_rate_of_a_product(bench, monkeypatch):
    monkeypatch.setattr(bench, "fresh_process", lambda peer, statement: ("5e10\n", None))
    assert bench.share(flops=1e9, step_s=0.04) == (
        "The products of a step are 1.00 GFLOP. A product of large matrices runs at "
        "50.0 GFLOP/s here; hornbeam's step reaches 50 % of that rate."
    )


@pytest.mark.parametrize("run_s, runs, repeats", [(2.0, 2, 1), (0.25, 5, 2), (0.125, 6, 3)])
def test_a_long_run_is_warm_after_two(monkeypatch, run_s, runs, repeats):
    clock = {"now": 0.0, "runs": 0}

    def run():
        clock["now"] += run_s
        clock["runs"] += 1

    monkeypatch.setattr(worker.time, "perf_counter", lambda: clock["now"])
    timed = worker.Timed(run, steps=4, flops=7)
    assert timed.warm_up(round_s=0.375) == {"first_s": run_s, "check": None, "flops": 7}
    assert (clock["runs"], timed.repeats) == (runs, repeats)
    assert timed.round() == {"step_s": run_s / 4}
