"""The monitor's server: takes what `RemoteMonitor` sends, and serves the page that draws it.

It listens on this machine's own address only. Any web page that the user visits can make the
browser send requests there, so each must come from the monitor's own page or from no page at all.
"""

import json
import signal
import socket
from pathlib import Path
from urllib.parse import parse_qs

from hornbeam.monitor.store import MessageError, Store, default_path

MAX_BODY = 64 * 1024  # bytes of a message

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_PAGE = Path(__file__).parent / "page"
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/monitor.css": ("monitor.css", "text/css; charset=utf-8"),
    "/monitor.js": ("monitor.js", "text/javascript; charset=utf-8"),
    "/charts.js": ("charts.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/uplot.js": ("uplot/uPlot.iife.min.js", "text/javascript; charset=utf-8"),
    "/uplot.css": ("uplot/uPlot.min.css", "text/css; charset=utf-8"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def make_app(store):
    """Returns the WSGI application over a `Store`.

    Requests:
        GET /: the page.
        POST /publish/epoch/end/?run=NAME: an epoch, as `RemoteMonitor` sends it.
        GET /api/runs?version=V: JSON `{"version", "runs"}`; nothing (204) if the version is V.
        GET /api/runs/ID/points?after=E: JSON list of the epochs above E.
        DELETE /api/runs/ID: forgets a run.
    """
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import Map, Rule
    from werkzeug.wrappers import Request, Response

    class MonitorRequest(Request):
        max_content_length = MAX_BODY

    def answer(content, mimetype="application/json", status=200):
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        return Response(content, status, _HEADERS, content_type=mimetype)

    def page(request):
        name, mimetype = _FILES[request.path]
        return answer((_PAGE / name).read_bytes(), mimetype)

    def publish(request):
        message = parse_message(request.get_data(cache=False))
        sender = request.headers.get("Hornbeam-Run", "")
        return answer({"run": store.add(message, sender, request.args.get("run", ""))})

    def runs(request):
        version = store.version  # before the runs: what comes between is asked for again
        if request.args.get("version") == str(version):
            return answer(b"", status=204)
        return answer({"version": version, "runs": store.runs()})

    def points(request, run):
        return answer(store.points(run, request.args.get("after", -1, type=int)))

    def delete(request, run):
        found = store.delete(run)
        return answer({"deleted": found}, status=200 if found else 404)

    rules = Map(
        [
            *(Rule(path, endpoint=page, methods=["GET"]) for path in _FILES),
            Rule("/publish/epoch/end/", endpoint=publish, methods=["POST"]),
            Rule("/publish/epoch/end", endpoint=publish, methods=["POST"]),
            Rule("/api/runs", endpoint=runs, methods=["GET"]),
            Rule("/api/runs/<int:run>/points", endpoint=points, methods=["GET"]),
            Rule("/api/runs/<int:run>", endpoint=delete, methods=["DELETE"]),
        ]
    )

    @MonitorRequest.application
    def app(request):
        refusal = refused(request.headers.get("Host", ""), request.headers.get("Origin"))
        if refusal is not None:
            return answer(refusal.encode(), "text/plain; charset=utf-8", 403)
        try:
            endpoint, arguments = rules.bind_to_environ(request.environ).match()
            return endpoint(request, **arguments)
        except MessageError as error:
            return answer(str(error).encode(), "text/plain; charset=utf-8", 400)
        except HTTPException as error:
            text = f"{error.code}: {error.description}"
            return answer(text.encode(), "text/plain; charset=utf-8", error.code)

    return app


def refused(host, origin):
    """Says why a request is not answered; None if it is.

    Args:
        host: The request's header `Host`. A foreign name means that a page elsewhere has let its
            own name point to this machine.
        origin: The header `Origin`, or None. Browsers send it along where a page sends data.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.lower() not in _LOOPBACK:
        return f"The monitor answers under {', '.join(_LOOPBACK)} only, not under {host[:100]!r}."
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return "The monitor takes nothing from other web pages."
    return None


def parse_message(body):
    """Finds the JSON object in what `RemoteMonitor` sends: as it stands, or in a field of a form.

    The content type does not tell: Keras 1 and 2 send a form whatever it says.

    Args:
        body: Bytes.

    Raises:
        MessageError: if there is none.
    """
    try:
        text = body.decode("utf-8").strip()
        if not text.startswith(("{", "[")):
            fields = parse_qs(text, max_num_fields=20)
            found = [values[0] for values in fields.values() if values[0].startswith("{")]
            if not found:
                raise MessageError("The message holds no JSON object: neither as it stands, nor in "
                                   "a field of a form.")
            text = found[0]
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if isinstance(error, MessageError):
            raise
        raise MessageError(f"The message cannot be read as JSON: {error}.") from error


class Server:
    """The monitor, listening.

    Args:
        store: `Store`.
        port: Integer; 0 takes any that is free.

    Attributes:
        port: The port.
        url: The page's address.

    Raises:
        ImportError: without the packages of `hornbeam[monitor]`.
        OSError: if the port is taken.
    """

    def __init__(self, store, port=9000):
        try:
            import waitress
            import werkzeug  # noqa: F401
        except ImportError as error:
            raise ImportError(
                "`hornbeam monitor` needs the packages werkzeug and waitress. Install them with: "
                "pip install 'hornbeam[monitor]'"
            ) from error
        self.store = store
        self.sockets = _listen(port)
        self.port = self.sockets[0].getsockname()[1]
        self.url = f"http://localhost:{self.port}/"
        self._server = waitress.create_server(
            make_app(store),
            sockets=self.sockets,
            threads=4,
            ident=None,
            max_request_body_size=MAX_BODY,
            max_request_header_size=16 * 1024,
            channel_timeout=30,
        )

    def run(self):
        """Answers until Ctrl-C."""
        self._server.run()

    def close(self):
        self._server.close()
        self.store.close()


def _listen(port):
    """Sockets on this machine's own addresses, of IPv4 and, where there is one, of IPv6."""
    first = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        first.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        first.close()
        raise OSError(
            f"port {port} of this machine cannot be had ({error}). Is a monitor running there "
            "already? Take another one with --port; RemoteMonitor then needs "
            "root='http://localhost:PORT'."
        ) from error
    sockets = [first]
    try:
        second = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    except OSError:
        return sockets
    try:
        second.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        second.bind(("::1", first.getsockname()[1]))
        sockets.append(second)
    except OSError:
        second.close()
    return sockets


def serve(port=9000, path=None):
    """Runs the monitor until Ctrl-C or SIGTERM; see `hornbeam monitor --help`.

    Args:
        port: Integer.
        path: Path of the file of runs; by default `default_path()`.
    """
    store = Store(default_path() if path is None else path)
    try:
        server = Server(store, port)
    except BaseException:
        store.close()
        raise
    signal.signal(signal.SIGTERM, _end)
    print(f"hornbeam monitor: {server.url}", flush=True)
    print(f"Runs are kept in {store.path}. Ctrl-C ends the monitor.", flush=True)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def _end(number, frame):
    raise KeyboardInterrupt
