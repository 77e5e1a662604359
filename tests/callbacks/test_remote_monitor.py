"""RemoteMonitor against servers that answer, and against all kinds that do not."""

import contextlib
import json
import re
import socket
import threading
import warnings
from urllib.parse import parse_qs

import numpy as np
import pytest

from hornbeam.callbacks import RemoteMonitor, remote_monitor
from hornbeam.layers import Dense
from hornbeam.models import Sequential

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Server:
    """Answers each connection with the next of `answers`, the last one again and again.

    An answer is bytes; None is silence; a generator gives bytes piece by piece, `release` being an
    event that ends the test.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.received = []
        self.release = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.root = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        self.threads = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            thread = threading.Thread(target=self.serve, args=(connection, answer), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, connection, answer):
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as file:
            head = []
            while (line := file.readline().strip()):
                head.append(line.decode())
            headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in head[1:])}
            body = file.read(int(headers.get("content-length", 0)))
            self.received.append((head[0], headers, body.decode()))
            if answer is None:
                self.release.wait(30)
            elif isinstance(answer, bytes):
                connection.sendall(answer)
            else:
                for piece in answer(self.release):
                    connection.sendall(piece)

    def close(self):
        self.release.set()
        self.socket.close()
        for thread in self.threads:
            thread.join(10)


@pytest.fixture
def serve():
    servers = []

    def make(*answers):
        servers.append(Server(*answers))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


class Clock:
    """Stands in for the module `time`; passes as it is told."""

    now = 100.0

    def monotonic(self):
        return self.now


def train(callback, epochs=3):
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    x, y = np.random.rand(4, 2), np.random.rand(4, 1)
    return model.fit(x, y, epochs=epochs, verbose=0, callbacks=[callback]).history


def test_epochs_arrive_as_a_form(serve):
    server = serve(OK)
    history = train(RemoteMonitor(server.root, headers={"X-Own": "1"}))
    assert len(server.received) == 3
    runs = set()
    for epoch, (line, headers, body) in enumerate(server.received):
        assert line == "POST /publish/epoch/end/ HTTP/1.1"
        assert headers["content-type"] == "application/x-www-form-urlencoded"
        assert headers["x-own"] == "1"
        (text,), = parse_qs(body, strict_parsing=True).values()
        assert json.loads(text) == {"epoch": epoch, "loss": history["loss"][epoch]}
        runs.add(headers["hornbeam-run"])
    assert len(runs) == 1


def test_epochs_arrive_as_json(serve):
    server = serve(OK)
    callback = RemoteMonitor(server.root, "/here", send_as_json=True)
    history = train(callback, 1)
    (line, headers, body), = server.received
    assert (line, headers["content-type"]) == ("POST /here HTTP/1.1", "application/json")
    assert json.loads(body) == {"epoch": 0, "loss": history["loss"][0]}
    train(callback, 1)
    first, second = (headers["hornbeam-run"] for _, headers, _ in server.received)
    assert first != second      # each training is a run of its own


def test_all_kinds_of_values_are_sent(serve):
    server = serve(OK)
    RemoteMonitor(server.root, field="own", send_as_json=False).on_epoch_end(np.int64(2), {
        "a": np.float32(0.5), "b": np.array([[3]]), "c": np.arange(3), "d": float("nan"),
        "e": {"f": [np.int8(1)]}, "g": None, "h": 1j, "i": True})
    text = parse_qs(server.received[0][2])["own"][0]
    assert '"d": NaN' in text
    sent = json.loads(text)
    assert sent.pop("d") != 0
    assert sent == {"epoch": 2, "a": 0.5, "b": 3, "c": [0, 1, 2], "e": {"f": [1]}, "g": None,
                    "h": "1j", "i": True}


@pytest.mark.parametrize("answer, words", [
    (b"SSH-2.0-OpenSSH\r\n", "ConnectionError|ProtocolError"),
    (b"", "ConnectionError"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000, "ConnectionError|InvalidHeader"),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "it answered 404"),
    (b"HTTP/1.1 400 Bad\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nno epochs",
     "it answered 400: no epochs"),
    (b"HTTP/1.1 500 Bad\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
     "DecodeError"),
    (b"HTTP/1.1 301 Moved\r\nLocation: https://example.org/\r\nContent-Length: 0\r\n\r\n",
     "it answered 301, see https://example.org/"),
], ids=["garbage", "nothing", "long", "404", "400", "broken", "301"])
def test_a_wrong_answer_is_a_warning(answer, words, serve):
    server = serve(answer)
    callback = RemoteMonitor(server.root)
    with pytest.warns(UserWarning, match="could not reach RemoteMonitor root server") as caught:
        history = train(callback, 1)
    assert len(history["loss"]) == 1
    assert re.search(words, str(caught[0].message)), caught[0].message
    assert server.root in str(caught[0].message)


@pytest.mark.parametrize("root", [
    "http://[::1", "nothing at all", "ftp://localhost", "http://localhost:x"])
def test_no_server_at_all_is_a_warning(root):
    with pytest.warns(UserWarning, match="could not reach RemoteMonitor root server"):
        history = train(RemoteMonitor(root), 1)
    assert len(history["loss"]) == 1


def test_a_monitor_that_was_not_started_is_told_of_once():
    with socket.create_server(("127.0.0.1", 0)) as free:
        root = "http://127.0.0.1:%d" % free.getsockname()[1]
    with pytest.warns(UserWarning) as caught:
        train(RemoteMonitor(root), 3)
    texts = {str(warning.message) for warning in caught}      # Python shows one of each
    assert texts == {
        f"Warning: could not reach RemoteMonitor root server at {root}: Connection refused. "
        "Training goes on. `hornbeam monitor` starts a server at http://localhost:9000."}


def drip(release):
    """Headers without end, a byte at a time: no timeout of a socket would ever fire."""
    yield b"HTTP/1.1 200 OK\r\nX: "
    while not release.wait(0.02):
        yield b"a"


@pytest.mark.parametrize("answer", [None, drip], ids=["silent", "dripping"])
def test_a_slow_server_is_left_alone(answer, serve, monkeypatch):
    server, clock = serve(answer), Clock()
    monkeypatch.setattr(remote_monitor, "time", clock)
    monkeypatch.setattr(remote_monitor, "_DEADLINE", 0.3)
    callback = RemoteMonitor(server.root)
    send = callback._send
    monkeypatch.setattr(callback, "_send", lambda text: (send(text), setattr(clock, "now", 105))[0])
    with pytest.warns(UserWarning, match=r"no answer within 0.3 s.*next 100 s are not sent"):
        callback.on_epoch_end(0, {"loss": 1.0})
    assert len(server.received) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clock.now = 204      # five seconds were lost: for a hundred nothing is tried
        callback.on_epoch_end(1, {"loss": 1.0})
    clock.now = 206
    with pytest.warns(UserWarning):
        callback.on_epoch_end(2, {"loss": 1.0})


def test_a_server_that_comes_back_is_heard_again(serve):
    server = serve(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", OK)
    callback = RemoteMonitor(server.root)
    with pytest.warns(UserWarning, match="it answered 503"):
        callback.on_epoch_end(0, {})
    callback._next_attempt = 0.0
    callback.on_epoch_end(1, {})
    assert len(server.received) == 2


def test_a_body_without_end_is_not_read(serve):
    def endless(release):
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
        while not release.is_set():
            yield b"a" * 65536

    server = serve(endless)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(RemoteMonitor(server.root), 2)
    assert len(server.received) == 2
