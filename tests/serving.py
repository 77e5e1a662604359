"""A web server in a thread, for tests of downloads: good, slow, broken or hostile as asked."""

import contextlib
import http.server
import threading


class Server(http.server.ThreadingHTTPServer):
    """Answers each path by an entry of `pages`: bytes, or a function of the request handler."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = {}
        self.asked = []  # (path, its headers), in the order of the requests
        self.ended = threading.Event()  # what a page that stalls waits for
        self.address = f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request, client_address):
        """A client that gives up is part of the tests."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = self.path.lstrip("/")
        self.server.asked.append((name, dict(self.headers)))
        page = self.server.pages.get(name)
        if page is None:
            self.send_error(404)
        elif callable(page):
            page(self)
        else:
            answer(self, page)

    def log_message(self, *arguments):
        pass


def answer(handler, content, status=200, length=None, **headers):
    """Sends a response; a `length` larger than the content breaks off."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(content) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content)
    if length is not None and length != len(content):
        handler.close_connection = True


@contextlib.contextmanager
def serving():
    """Context of a running `Server`."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
