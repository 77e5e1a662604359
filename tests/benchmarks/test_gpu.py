"""The benchmarks on a GPU: what is said where there is none."""

import pytest

from benchmarks import gpu, peers
from benchmarks.subjects import gpu as subject


@pytest.mark.parametrize(
    "found, said",
    [(["cpu", "cpu"], "of the kind cpu"), ([None, "No module named 'jax'"], "No module named")],
)
def test_without_a_gpu_it_says_so_and_ends_with_status_2(monkeypatch, capsys, found, said):
    monkeypatch.setattr(gpu, "device", lambda: found)
    assert gpu.main([]) == 2
    text = capsys.readouterr().err
    assert text.startswith("No GPU that JAX can use") and text.count("\n") == 1
    assert said in text and "--any-device" in text


def test_workers_are_kept_off_the_gpu_unless_it_is_asked_for(monkeypatch):
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    on_cpu = peers.environment_of(peers.PEERS["hornbeam"], "home")
    assert on_cpu["JAX_PLATFORMS"] == "cpu" and on_cpu["CUDA_VISIBLE_DEVICES"] == ""
    assert "JAX_PLATFORMS" not in peers.environment_of(peers.PEERS["hornbeam"], "home", True)


def test_tiny_cases_are_the_same_cases(monkeypatch):
    names = [case.name for case in subject.cases()]
    monkeypatch.setenv(subject.TINY, "1")
    assert [case.name for case in subject.cases()] == names
    x, y, batch = subject._data("resnet50 bfloat16", subject.sizes())
    assert x.shape == (4, 32, 32, 3) and y.shape == (4, 1000) and batch == 2
