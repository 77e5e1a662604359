"""The monitor's server: what it takes, what it gives, whom it refuses."""

import json
import socket
import sys

import pytest
from werkzeug.test import Client

from hornbeam import cli
from hornbeam.callbacks import RemoteMonitor
from hornbeam.monitor import Server, Store
from hornbeam.monitor import server as module
from hornbeam.monitor.server import make_app
from tests.monitor.support import started

HOST = {"Host": "localhost:9000"}


@pytest.fixture
def store():
    store = Store()
    yield store
    store.close()


@pytest.fixture
def client(store):
    return Client(make_app(store))


def publish(client, body, query="", **headers):
    return client.post(f"/publish/epoch/end/{query}", data=body, headers={**HOST, **headers})


@pytest.mark.parametrize("body", [
    b'{"epoch": 0, "loss": 0.5}',
    b' {"epoch": 0, "loss": 0.5}\n',
    b"data=%7B%22epoch%22%3A+0%2C+%22loss%22%3A+0.5%7D",
    b"a=1&own=%7B%22epoch%22%3A%200%2C%22loss%22%3A0.5%7D",
], ids=["json", "spaces", "form", "other field"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", ""])
def test_messages_are_found_whatever_their_type(body, kind, client, store):
    answer = publish(client, body, **{"Content-Type": kind})
    assert (answer.status_code, answer.json) == (200, {"run": 1})
    assert store.points(1) == [[0, {"loss": 0.5}]]


@pytest.mark.parametrize("body", [
    b"", b"nothing", b"data=5", b"\xff\xfe", b"{", b"[1]", b"{]}", b"[" * 60_000,
    b'{"epoch": "0"}', b"&".join(b"a=1" for _ in range(50)),
    b'{"epoch": 0, "a": ' + b"9" * 5000 + b"}",
], ids=lambda body: repr(body[:12]))
def test_garbage_is_refused_in_words(body, client, store):
    answer = publish(client, body)
    assert answer.status_code == 400
    assert answer.content_type.startswith("text/plain") and answer.text.endswith(".")
    assert store.runs() == []


def test_too_much_is_refused(client, store):
    answer = publish(client, b'{"epoch": 0, "a": "' + b"x" * 65536 + b'"}')
    assert answer.status_code == 413
    assert store.runs() == []


def test_runs_and_points(client):
    for epoch in range(3):
        publish(client, json.dumps({"epoch": epoch, "loss": epoch}), "?run=wide%20%3Cb%3E")
    listed = client.get("/api/runs", headers=HOST).json
    run, = listed["runs"]
    assert (run["id"], run["name"], run["epoch"], run["logs"]) == (1, "wide <b>", 2, {"loss": 2.0})
    version = listed["version"]
    assert client.get(f"/api/runs?version={version}", headers=HOST).status_code == 204
    assert client.get("/api/runs/1/points?after=0", headers=HOST).json == [
        [1, {"loss": 1.0}], [2, {"loss": 2.0}]]
    assert client.get("/api/runs/1/points?after=x", headers=HOST).status_code == 200
    publish(client, '{"epoch": 3}', "?run=wide%20%3Cb%3E")
    assert client.get(f"/api/runs?version={version}", headers=HOST).status_code == 200
    assert client.delete("/api/runs/1", headers=HOST).json == {"deleted": True}
    assert client.delete("/api/runs/1", headers=HOST).status_code == 404
    assert client.get("/api/runs", headers=HOST).json["runs"] == []


def test_the_page_and_what_it_needs(client):
    page = client.get("/", headers=HOST)
    assert page.status_code == 200 and page.content_type == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    for path in module._FILES:
        answer = client.get(path, headers=HOST)
        assert answer.status_code == 200 and answer.data
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert b"http://" not in answer.data.replace(b"http://www.w3.org/2000/svg", b"")
    assert b"innerHTML" not in client.get("/monitor.js", headers=HOST).data
    assert client.get("/../server.py", headers=HOST).status_code == 404
    assert client.get("/publish/epoch/end/", headers=HOST).status_code == 405


@pytest.mark.parametrize("host, origin, allowed", [
    ("localhost:9000", None, True),
    ("localhost", None, True),
    ("LOCALHOST:1234", None, True),      # forwarded from another port
    ("127.0.0.1:9000", None, True),
    ("[::1]:9000", None, True),
    ("localhost:9000", "http://localhost:9000", True),
    ("localhost:9000", "http://localhost:8888", False),
    ("localhost:9000", "https://localhost:9000", False),
    ("localhost:9000", "http://evil.example", False),
    ("localhost:9000", "null", False),
    ("evil.example:9000", None, False),
    ("evil.example:9000", "http://evil.example:9000", False),
    ("localhost.evil.example", None, False),
    ("127.0.0.1.evil.example:9000", None, False),
    ("192.168.0.1:9000", None, False),
    ("", None, False),
])
def test_only_the_own_page_and_programs_are_answered(host, origin, allowed, client, store):
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    answers = [client.get("/", headers=headers), client.get("/api/runs", headers=headers),
               client.post("/publish/epoch/end/", data=b'{"epoch": 0}', headers=headers)]
    assert {answer.status_code for answer in answers} == {200 if allowed else 403}
    assert len(store.runs()) == allowed


@pytest.fixture
def monitor(tmp_path):
    """A started `hornbeam monitor`: its address and its file."""
    file = tmp_path / "runs.sqlite"
    with started(file) as root:
        yield root, file


def test_remote_monitor_and_the_monitor_understand_each_other(monitor):
    root, file = monitor
    for as_json in (False, True):
        callback = RemoteMonitor(root, path="/publish/epoch/end/?run=mine", send_as_json=as_json)
        callback.on_train_begin()
        for epoch in range(2):
            callback.on_epoch_end(epoch, {"loss": 0.5, "val_loss": float("nan")})
    with pytest.warns(UserWarning, match="it answered 400: `epoch` must be a whole number"):
        callback.on_epoch_end(-1, {})
    callback._next_attempt = 0
    with pytest.warns(UserWarning, match="it answered 413"):
        callback.on_epoch_end(2, {"text": "x" * 100_000})
    store = Store(file)
    expected = [[e, {"loss": 0.5, "val_loss": "NaN"}] for e in range(2)]
    assert store.points(1) == store.points(2) == expected
    assert [run["name"] for run in store.runs()] == ["mine", "mine"]
    store.close()


def test_it_listens_on_this_machine_only():
    server = Server(Store(), 0)
    hosts = {each.getsockname()[0] for each in server.sockets}
    ports = {each.getsockname()[1] for each in server.sockets}
    assert "127.0.0.1" in hosts <= {"127.0.0.1", "::1"}
    assert ports == {server.port} and server.url == f"http://localhost:{server.port}/"
    server.close()


def test_a_port_that_is_taken_is_named(store):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} of this machine cannot be had.*--port"):
            Server(store, port)


@pytest.mark.parametrize("options, words", [
    (["--prot", "1"], "monitor knows no option '--prot'"),
    (["--port"], "--port needs a value"),
    (["--port", "x"], "--port must be a whole number up to 65535; got 'x'"),
    (["--port=70000"], "70000"),
    (["--file="], "--file needs a value"),
])
def test_wrong_options_are_named(options, words, capsys):
    assert cli.main(["monitor", *options]) == 2
    assert words in capsys.readouterr().err


def test_help_shows_the_monitor(capsys):
    assert cli.main(["monitor", "--help"]) == 0
    assert "hornbeam monitor [--port N] [--file PATH]" in capsys.readouterr().out


def test_a_file_that_cannot_be_used_ends_the_command(tmp_path, capsys):
    (tmp_path / "file").write_text("text" * 1000)
    assert cli.main(["monitor", "--port", "0", "--file", str(tmp_path / "file")]) == 1
    assert "cannot be used as the monitor's file" in capsys.readouterr().err


def test_without_its_packages_the_command_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "waitress", None)
    assert cli.main(["monitor", "--file", str(tmp_path / "runs")]) == 1
    assert "pip install 'hornbeam[monitor]'" in capsys.readouterr().err
