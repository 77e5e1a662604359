"""One file from the network: in bounded time, whole, and from where it was asked for."""

import contextlib
import errno
import os
import shutil
import time
import urllib.parse
import urllib.request

from hornbeam.callbacks.progbar import Progbar

__all__ = ["DownloadError", "check_origin", "transfer"]

SCHEMES = ("http", "https", "file")
CONNECT_SECONDS = 20
STALL_SECONDS = 30  # without enough bytes, and the server counts as stalled
SLOWEST = 1024  # bytes a second over STALL_SECONDS; a telephone modem does better
TRIES = 3
PAUSE_SECONDS = 1  # before the second try; twice that before the third
MAX_REDIRECTS = 10
CHUNK = 256 * 1024  # bytes


class DownloadError(OSError):
    """A file could not be downloaded; the cache is as it was.

    The message says what the server, the network or the disk answered. Where the network is the
    cause, try again later, or download the file by other means and put it where `get_file` looks.
    """


class _Interrupted(Exception):
    """The transfer broke off in a way that may not happen again."""


def check_origin(url):
    """Raises a ValueError if an address is none that `transfer` can fetch."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme.lower() not in SCHEMES:
        raise ValueError(
            f"origin={url!r} has the scheme {parts.scheme!r}. get_file downloads from http:, "
            "https: and file: addresses. Download the file by other means and put it into the "
            "cache."
        )
    if parts.scheme.lower() == "file" and parts.netloc not in ("", "localhost"):
        raise ValueError(
            f"origin={url!r} names the host {parts.netloc!r}. A file: address is a local path, "
            "with three slashes: file:///folder/name."
        )


def transfer(url, path):
    """Downloads a URL into the file at `path`, which is overwritten; shows a progress bar.

    A transfer that breaks off is resumed where the server can prove that the file is still the
    same (ETag or Last-Modified), else begun again: three tries in all. Redirects are followed
    within a scheme and from http to https, never to another scheme or to a file. A `file:` URL is
    copied.

    Args:
        url: String; its scheme is http, https or file.
        path: Path of a file in an existing folder.

    Raises:
        DownloadError: if there is no such file, the server stalls or fails, or the disk is full.
        ValueError: for an address that `check_origin` refuses.
    """
    check_origin(url)
    with open(path, "wb", buffering=0) as file:  # nothing is left to be written when it closes
        if urllib.parse.urlsplit(url).scheme.lower() == "file":
            _copy(url, file)
        else:
            _Transfer(url, file).run()
        os.fsync(file.fileno())


def _copy(url, file):
    try:
        with open(urllib.request.url2pathname(urllib.parse.urlsplit(url).path), "rb") as source:
            while chunk := source.read(CHUNK):
                _store(file, chunk)
    except OSError as error:
        raise DownloadError(error.errno, f"URL fetch failure on {url}: {error}") from error


class _Transfer:
    """A download in progress: the file, how much of it is there, what the server said of it."""

    def __init__(self, url, file):
        self.url = url
        self.file = file
        self.received = 0  # bytes
        self.total = None
        self.validator = None  # by which the server tells whether the file has changed
        self.bar = None

    def run(self):
        import requests

        with requests.Session() as session:
            for attempt in range(TRIES):
                time.sleep(attempt * PAUSE_SECONDS)
                try:
                    return self._attempt(session)
                except _Interrupted as error:
                    reason = error
        raise DownloadError(
            f"URL fetch failure on {self.url}: {reason}. {TRIES} tries were made; try again later."
        )

    def _attempt(self, session):
        with contextlib.closing(self._open(session)) as response:
            self._begin(response)
            mark, at_mark = time.monotonic(), self.received
            while chunk := self._read(response):
                self._write(chunk)
                now = time.monotonic()
                if now - mark > STALL_SECONDS:
                    if self.received - at_mark < SLOWEST * (now - mark):
                        raise _Interrupted(
                            f"the server sends less than {SLOWEST} bytes a second: "
                            f"{self._progress()}"
                        )
                    mark, at_mark = now, self.received
        if self.total is not None and self.received < self.total:
            raise _Interrupted(f"the connection ended after {self._progress()}")
        if self.total is None:
            self.bar.update(self.received, finalize=True)

    def _progress(self):
        of_total = "" if self.total is None else f" of {self.total}"
        return f"{self.received}{of_total} bytes arrived"

    # ---- the network

    def _open(self, session):
        """Returns the response to the request, redirects followed."""
        import requests

        url = self.url
        headers = {"Accept-Encoding": "identity"}  # the bytes that the hash was taken of
        if self.received and self.validator:
            headers |= {"Range": f"bytes={self.received}-", "If-Range": self.validator}
        for _ in range(MAX_REDIRECTS):
            try:
                response = session.get(
                    url,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=(CONNECT_SECONDS, STALL_SECONDS),
                )
            except requests.Timeout as error:
                raise _Interrupted("the server did not answer in time") from error
            except requests.RequestException as error:
                if self.received:
                    raise _Interrupted(f"{error}") from error
                raise DownloadError(f"URL fetch failure on {self.url}: {error}") from error
            if not response.is_redirect:
                break
            response.close()
            url = self._redirected(url, response.headers["location"])
        else:
            raise DownloadError(
                f"URL fetch failure on {self.url}: more than {MAX_REDIRECTS} redirects."
            )
        if response.status_code == 429 or response.status_code >= 500:
            response.close()
            raise _Interrupted(f"{response.status_code} -- {response.reason}")
        return response

    def _redirected(self, url, location):
        target = urllib.parse.urljoin(url, location)
        old, new = (urllib.parse.urlsplit(u).scheme.lower() for u in (url, target))
        if new != old and (old, new) != ("http", "https"):
            raise DownloadError(
                f"URL fetch failure on {self.url}: it redirects from {old}: to {target!r}, and "
                "only a redirect within a scheme, or from http to https, is followed. If you "
                "trust that address, give it as origin."
            )
        return target

    def _begin(self, response):
        """Finds out whether the response is the whole file, the rest of it, or a refusal."""
        status, headers = response.status_code, response.headers
        length = headers.get("Content-Length", "")
        length = int(length) if length.isdecimal() else None
        start = f"bytes {self.received}-"
        if status == 206 and headers.get("Content-Range", "").startswith(start):
            self.total = None if length is None else self.received + length
        elif status == 200:
            self.received, self.total = 0, length
            self.file.seek(0)
            self.file.truncate()
        elif status in (206, 416):  # not the part that was asked for: begin again
            self.received, self.validator = 0, None
            raise _Interrupted(f"{status} -- {response.reason}")
        else:
            raise DownloadError(
                f"URL fetch failure on {self.url}: {status} -- {response.reason}"
            )
        etag = headers.get("ETag", "")
        strong = etag if etag.startswith('"') else None
        self.validator = strong or headers.get("Last-Modified")
        free = shutil.disk_usage(os.path.dirname(self.file.name)).free
        if self.total is not None and self.total - self.received > free:
            raise DownloadError(
                errno.ENOSPC,
                f"URL fetch failure on {self.url}: it has {self.total} bytes, and the disk of "
                f"{os.path.dirname(self.file.name)} has {free} left. Free some space, or name "
                "another folder by cache_dir or the environment variable KERAS_HOME.",
            )
        if self.bar is None:
            self.bar = Progbar(self.total)

    def _read(self, response):
        """Returns some bytes, as soon as there are any; none at the end."""
        import requests
        import urllib3

        read = getattr(response.raw, "read1", response.raw.read)  # urllib3 2.2 has read1
        try:
            return read(CHUNK, decode_content=False)
        except (urllib3.exceptions.ReadTimeoutError, TimeoutError) as error:
            raise _Interrupted(
                f"the server sent nothing for {STALL_SECONDS} seconds: {self._progress()}"
            ) from error
        except (urllib3.exceptions.HTTPError, requests.RequestException, OSError) as error:
            raise _Interrupted(f"{error}: {self._progress()}") from error

    # ---- the disk

    def _write(self, chunk):
        try:
            _store(self.file, chunk)
        except OSError as error:
            raise DownloadError(
                error.errno,
                f"URL fetch failure on {self.url}: writing to "
                f"{os.path.dirname(self.file.name)} failed: {error}. Free some space, or name "
                "another folder by cache_dir or the environment variable KERAS_HOME.",
            ) from error
        self.received += len(chunk)
        self.bar.update(self.received)


def _store(file, chunk):
    chunk = memoryview(chunk)
    while chunk:
        chunk = chunk[file.write(chunk) :]  # a full disk takes a part first
