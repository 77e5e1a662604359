"""The monitor's memory: which epochs belong to which run, what is refused, what is forgotten."""

import math
import sqlite3
import threading

import pytest

from hornbeam.monitor import store as module
from hornbeam.monitor.store import MessageError, Store


@pytest.fixture
def store():
    store = Store()
    yield store
    store.close()


def test_a_run_begins_where_the_epoch_goes_back(store):
    runs = [store.add({"epoch": e, "loss": 1.0}) for e in (0, 1, 2, 0, 1, 1, 5)]
    assert runs == [1, 1, 1, 2, 2, 3, 3]
    assert store.points(1) == [[e, {"loss": 1.0}] for e in (0, 1, 2)]
    assert store.points(3) == [[e, {"loss": 1.0}] for e in (1, 5)]


def test_senders_and_names_are_runs_of_their_own(store):
    who = [("a", ""), ("b", ""), ("a", ""), ("", "wide"), ("", ""), ("", "wide")]
    assert [store.add({"epoch": i}, *w) for i, w in enumerate(who)] == [1, 2, 1, 3, 4, 3]
    assert [run["name"] for run in store.runs()] == ["", "wide", "", ""]


def test_runs_are_listed_with_their_last_epoch(store):
    store.add({"epoch": 0, "loss": 2}, now=100.0)
    store.add({"epoch": 1, "loss": 1.5, "note": "text", "flag": True, "list": [1]}, now=101.0)
    assert store.runs() == [
        {"id": 1, "name": "", "began": 100.0, "heard": 101.0, "epoch": 1, "logs": {"loss": 1.5}}]


def test_points_come_in_pages(store):
    for epoch in range(5):
        store.add({"epoch": epoch, "loss": epoch})
    assert [p[0] for p in store.points(1, after=0, limit=3)] == [1, 2, 3]
    assert store.points(1, after=4) == [] and store.points(7) == []


def test_numbers_that_json_has_not_keep_their_names(store):
    values = {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 10**400, "e": 1e308}
    store.add({"epoch": 0, **values})
    assert store.points(1)[0][1] == {
        "a": "NaN", "b": "Infinity", "c": "-Infinity", "d": "Infinity", "e": 1e308}


@pytest.mark.parametrize("message, words", [
    ([], "must be a JSON object"),
    ({}, "`epoch` must be a whole number from 0; got 'None'"),
    ({"epoch": -1}, "got '-1'"),
    ({"epoch": 0.5}, "whole number"),
    ({"epoch": True}, "whole number"),
    ({"epoch": math.nan}, "whole number"),
    ({"epoch": 10**30}, "whole number"),
    ({"epoch": 0, **{f"x{i}": 1 for i in range(201)}}, "200 values; this one has 201"),
    ({"epoch": 0, "x" * 201: 1}, "200 characters; one has 201"),
])
def test_a_message_that_makes_no_sense_is_refused(message, words, store):
    with pytest.raises(MessageError, match=words):
        store.add(message)
    assert store.runs() == []


def test_a_run_has_an_end(store, monkeypatch):
    monkeypatch.setattr(module, "MAX_EPOCHS", 3)
    for epoch in range(3):
        store.add({"epoch": epoch})
    with pytest.raises(MessageError, match="Run 1 has 3 epochs"):
        store.add({"epoch": 3})
    assert store.add({"epoch": 0}) == 2
    monkeypatch.setattr(module, "MAX_TEXT", 20)
    with pytest.raises(MessageError, match="Run 2 fills all the room"):
        store.add({"epoch": 1, "loss": 1.2345678901234})


@pytest.mark.parametrize("bound, value", [("MAX_RUNS", 2), ("MAX_TEXT", 50)])
def test_the_run_silent_longest_is_forgotten(bound, value, store, monkeypatch):
    monkeypatch.setattr(module, bound, value)
    logs = {"a": 1, "b": 2}
    store.add({"epoch": 0, **logs}, "first", now=1.0)
    store.add({"epoch": 0, **logs}, "second", now=2.0)
    store.add({"epoch": 1}, "first", now=3.0)
    store.add({"epoch": 0, **logs}, "third", now=4.0)
    assert sorted(run["id"] for run in store.runs()) == [1, 3]
    assert store.points(2) == []


def test_deleting_a_run_leaves_the_others(store):
    store.add({"epoch": 0, "loss": 1})
    store.add({"epoch": 0, "loss": 2})
    before = store.version
    assert store.delete(1) and not store.delete(1)
    assert store.version != before
    assert store.points(1) == [] and store.points(2) == [[0, {"loss": 2.0}]]
    assert store.add({"epoch": 0}) == 3      # numbers are not given twice


def test_runs_outlive_the_process(tmp_path):
    path = tmp_path / "below" / "runs.sqlite"
    first = Store(path)
    first.add({"epoch": 0, "loss": 1})
    version = first.version
    first.close()
    second = Store(path)
    assert second.points(1) == [[0, {"loss": 1.0}]]
    assert second.version >= version
    assert second.add({"epoch": 1, "loss": 1}) == 1
    second.close()


def test_threads_may_write_at_the_same_time(store):
    def write(sender):
        for epoch in range(50):
            store.add({"epoch": epoch, "loss": 1}, sender)

    threads = [threading.Thread(target=write, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(store.points(run["id"])) for run in store.runs()] == [50] * 4


def test_a_file_of_another_kind_is_left_alone(tmp_path):
    text, other = tmp_path / "text", tmp_path / "other"
    text.write_text("no data base" * 100)
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    for path in (text, other, tmp_path):
        before = path.read_bytes() if path.is_file() else None
        with pytest.raises(OSError, match="cannot be used as the monitor's file"):
            Store(path)
        assert before is None or path.read_bytes() == before
