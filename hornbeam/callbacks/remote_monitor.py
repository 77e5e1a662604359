"""`RemoteMonitor`: sends the logs of epochs to a server over HTTP."""

import json
import re
import threading
import time
import uuid
import warnings
from urllib.parse import urlsplit

import numpy as np

from hornbeam.callbacks.callback import Callback

_DEADLINE = 5.0  # seconds that one epoch's message may take, all in all
_SHARE = 20  # after a failure, wait this many times as long as it took before the next attempt


class RemoteMonitor(Callback):
    """Sends the number and the logs of each epoch to a server: one HTTP POST an epoch.

    `hornbeam monitor` starts a server that draws what arrives, at the address that stands here as
    the default. Training never fails because of the server. A message may take 5 seconds; then, or
    when the server is not there, refuses the message or answers with something that is not HTTP,
    there is a warning, and training goes on. After a failure that took `t` seconds the epochs of
    the next `20 * t` seconds are not sent, so that a dead server costs at most a twentieth of the
    time.

    Args:
        root: String, the address of the server.
        path: String, path below `root`. For `hornbeam monitor`, `"/publish/epoch/end/?run=NAME"`
            gives the run a name.
        field: String, name of the form's field that holds the JSON text.
        headers: Dict of further HTTP headers, or None.
        send_as_json: Bool; whether the body is the JSON text itself, with the content type
            `application/json`, in place of a form.

    What is sent is a JSON object: `epoch` (the first is 0) and the logs. Numbers that JSON does not
    have are written as Python writes them: `NaN`, `Infinity`. The header `Hornbeam-Run` tells runs
    apart that use the same server at the same time.

    Warns:
        UserWarning: that the server could not be reached, and why.

    Source: Keras 2.3.1, which waits for the server without end.
    """

    of_first_process = True

    def __init__(
        self,
        root="http://localhost:9000",
        path="/publish/epoch/end/",
        field="data",
        headers=None,
        send_as_json=False,
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json
        self._run = uuid.uuid4().hex
        self._next_attempt = 0.0
        self._sender = None

    def on_train_begin(self, logs=None):
        self._run = uuid.uuid4().hex

    def on_epoch_end(self, epoch, logs=None):
        import requests  # noqa: F401  before the clock: that it loads is no fault of the server

        began = time.monotonic()
        if began < self._next_attempt:
            return
        problem = self._send(json.dumps(_message(epoch, logs or {})))
        if problem is None:
            return
        pause = _SHARE * (time.monotonic() - began)
        self._next_attempt = time.monotonic() + pause
        then = f" The epochs of the next {pause:.0f} s are not sent." if pause >= 1 else ""
        warnings.warn(
            f"Warning: could not reach RemoteMonitor root server at {self.root}: {problem} "
            f"Training goes on.{then} `hornbeam monitor` starts a server at http://localhost:9000.",
            stacklevel=2,
        )

    def _send(self, text):
        """Sends one message; returns what went wrong as a sentence, or None.

        Timeouts of sockets count from byte to byte, and names are looked up without any: only
        another thread can be left alone after a given time.
        """
        if self._sender is not None and self._sender.is_alive():
            return "it has still not answered an earlier message."
        answer = []
        self._sender = threading.Thread(
            target=lambda: answer.append(self._post(text)), daemon=True, name="RemoteMonitor"
        )
        self._sender.start()
        self._sender.join(_DEADLINE)
        return answer[0] if answer else _too_late()

    def _post(self, text):
        import requests

        headers = {"Hornbeam-Run": self._run}
        if self.send_as_json:
            headers["Content-Type"] = "application/json"
        try:
            with requests.Session() as session:
                # A proxy on the way to this very machine is a mistake of the environment.
                session.trust_env = not _is_loopback(self.root)
                response = session.post(
                    self.root + self.path,
                    data=text if self.send_as_json else {self.field: text},
                    headers={**headers, **(self.headers or {})},
                    timeout=_DEADLINE,
                    allow_redirects=False,  # a POST that is redirected arrives without its data
                    stream=True,  # the body is not read: it may have no end
                )
                with response:
                    return _complaint(response)
        except requests.Timeout:
            return _too_late()
        except Exception as error:  # nothing that a server does may end the training
            return f"{_reason(error)}."


def _too_late():
    return f"no answer within {_DEADLINE:g} s."


def _reason(error):
    """Returns the system's own words where there are some: the same ones each time."""
    cause = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return _short(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {_short(re.sub(r' at 0x[0-9a-f]+', '', str(error)))}"


def _complaint(response):
    """Says what is wrong with an answer, with the first words of its text; None if all is well."""
    if response.status_code < 300:
        return None
    if "Location" in response.headers:
        reason = f", see {_short(response.headers['Location'])}"
    else:
        text = response.raw.read(400, decode_content=True).decode("utf-8", "replace")
        reason = f": {_short(text)}" if text.strip() else ""
    return f"it answered {response.status_code}{reason}."


def _message(epoch, logs):
    return {"epoch": _plain(epoch), **{str(name): _plain(value) for name, value in logs.items()}}


def _plain(value):
    """Returns `value` as something that JSON has; anything unknown becomes its text."""
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
        value = np.asarray(value)
        return _plain(value.item() if value.size == 1 else value.tolist())
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)


def _is_loopback(root):
    host = urlsplit(root).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _short(text):
    text = " ".join(str(text).split())
    return text if len(text) <= 200 else text[:197] + "..."
