"""get_file: what comes is whole or does not come; the cache stays sound whatever happens."""

import contextlib
import errno
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from hornbeam.utils import downloads, get_file, transfers
from hornbeam.utils.data_utils import _hash_file, validate_file
from hornbeam.utils.downloads import DownloadError, HashMismatchError
from tests.serving import answer, serving

DATA = bytes(range(256)) * 4000          # a million bytes: several reads
MD5 = hashlib.md5(DATA).hexdigest()
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server():
    with serving() as server:
        server.pages["a.bin"] = DATA
        yield server


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of data sets in a cache of this test alone."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(transfers, "PAUSE_SECONDS", 0)
    return tmp_path / "keras" / "datasets"


@pytest.fixture
def impatient(monkeypatch):
    """One try, and a second of patience: enough for a machine that is busy with other tests."""
    monkeypatch.setattr(transfers, "STALL_SECONDS", 1)
    monkeypatch.setattr(transfers, "TRIES", 1)


def visible(folder):
    """What lies in a folder but for the files of locks."""
    return sorted(name for name in os.listdir(folder) if not name.endswith(".lock"))


# ---- as meant


def test_a_file_is_downloaded_once(server, cache, capsys):
    for _ in range(2):
        path = get_file("b.bin", server.address + "a.bin", file_hash=SHA256)
    assert path == str(cache / "b.bin")
    assert Path(path).read_bytes() == DATA
    assert len(server.asked) == 1
    assert visible(cache) == ["b.bin"]
    assert capsys.readouterr().out.count("Downloading data from " + server.address) == 1


def test_the_name_is_the_last_part_of_the_address(server, cache):
    server.pages["x%20y.bin?v=1"] = DATA
    assert get_file(origin=server.address + "x%20y.bin?v=1") == str(cache / "x y.bin")
    with pytest.raises(ValueError, match="Please give fname"):
        get_file(origin=server.address)


@pytest.mark.parametrize(
    "hashes",
    [
        {"file_hash": MD5},
        {"file_hash": SHA256.upper()},
        {"md5_hash": MD5},
        {"file_hash": SHA256, "hash_algorithm": "sha256"},
    ],
)
def test_the_ways_to_give_a_hash(server, cache, hashes):
    assert Path(get_file("a.bin", server.address + "a.bin", **hashes)).read_bytes() == DATA


def test_folders_of_the_cache(server, cache, tmp_path):
    origin = server.address + "a.bin"
    other = tmp_path / "other"
    places = [
        get_file("a", origin, cache_subdir="models"),
        get_file("a", origin, cache_dir=str(other)),
        get_file("a", origin, cache_subdir=str(other / "absolute")),
        get_file(str(other / "by_name"), origin),
        get_file("in/side", origin),
    ]
    assert places == [
        str(cache.parent / "models" / "a"),
        str(other / "datasets" / "a"),
        str(other / "absolute" / "a"),
        str(other / "by_name"),
        str(cache / "in" / "side"),
    ]
    assert all(Path(place).read_bytes() == DATA for place in places)


def test_a_file_address_is_copied(cache, tmp_path):
    (tmp_path / "local file.bin").write_bytes(DATA)
    path = get_file("a.bin", (tmp_path / "local file.bin").as_uri(), file_hash=MD5)
    assert Path(path).read_bytes() == DATA
    with pytest.raises(DownloadError, match="No such file"):
        get_file("b.bin", (tmp_path / "missing").as_uri())
    with pytest.raises(ValueError, match="three slashes"):
        get_file("b.bin", "file://host/name")


def test_a_file_has_the_permissions_that_new_files_have(server, cache, tmp_path):
    path = get_file("a.bin", server.address + "a.bin")
    (tmp_path / "new").touch()
    assert os.stat(path).st_mode == os.stat(tmp_path / "new").st_mode


def test_a_file_of_unknown_length(server, cache):
    def without_length(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for part in (DATA[:10], DATA[10:]):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        handler.wfile.write(b"0\r\n\r\n")

    server.pages["a.bin"] = without_length
    assert Path(get_file("a.bin", server.address + "a.bin")).read_bytes() == DATA


def test_force_download_replaces_the_file_only_by_a_whole_one(server, cache):
    path = get_file("a.bin", server.address + "a.bin", file_hash=MD5)
    with pytest.raises(DownloadError, match="404"):
        get_file("a.bin", server.address + "gone", file_hash=MD5, force_download=True)
    assert Path(path).read_bytes() == DATA
    get_file("a.bin", server.address + "a.bin", file_hash=MD5, force_download=True)
    assert [name for name, _ in server.asked] == ["a.bin", "gone", "a.bin"]


# ---- archives


@pytest.fixture
def archive(server):
    """A page `d.tar.gz` with the file `d/one.txt`."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        member = tarfile.TarInfo("d/one.txt")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    server.pages["d.tar.gz"] = content.getvalue()
    return server.address + "d.tar.gz"


@pytest.mark.parametrize("fname", ["d", "d.tar.gz"])
def test_untar_returns_the_folder_and_keeps_the_archive(server, archive, cache, fname):
    for _ in range(2):
        path = get_file(fname, archive, untar=True)
    assert path == str(cache / "d") and os.listdir(path) == ["one.txt"]
    assert visible(cache) == ["d", "d.tar.gz"] and len(server.asked) == 1


def test_extract_unpacks_beside_the_archive(archive, cache):
    assert get_file(origin=archive, extract=True) == str(cache / "d.tar.gz")
    (cache / "d" / "one.txt").unlink()
    get_file(origin=archive, extract=True)
    assert (cache / "d" / "one.txt").read_text() == "hello"
    get_file("other", archive, extract=True, archive_format="zip", cache_subdir="elsewhere")
    assert visible(cache.parent / "elsewhere") == ["other"]


def test_a_folder_that_was_unpacked_before_serves_without_the_archive(server, archive, cache):
    get_file("d", archive, untar=True)
    (cache / "d.tar.gz").unlink()
    assert get_file("d", archive, untar=True, file_hash=MD5) == str(cache / "d")
    assert len(server.asked) == 1


# ---- faults of the network


def test_wrong_bytes_never_lie_in_the_cache(server, cache):
    server.pages["a.bin"] = DATA[:-1] + b"!"
    with pytest.raises(HashMismatchError, match="sha256 hash is not " + SHA256):
        get_file("a.bin", server.address + "a.bin", file_hash=SHA256)
    assert visible(cache) == []


def test_a_cached_file_with_the_wrong_hash_is_replaced(server, cache, capsys):
    cache.mkdir(parents=True)
    (cache / "a.bin").write_bytes(b"old")
    path = get_file("a.bin", server.address + "a.bin", file_hash=MD5)
    assert Path(path).read_bytes() == DATA
    assert "so we will re-download the data" in capsys.readouterr().out


def test_a_cached_file_with_the_wrong_hash_is_deleted_even_if_no_other_comes(server, cache):
    cache.mkdir(parents=True)
    (cache / "a.bin").write_bytes(b"old")
    with pytest.raises(DownloadError, match="404 -- Not Found"):
        get_file("a.bin", server.address + "gone", file_hash=MD5)
    assert visible(cache) == []


def test_a_missing_page_is_asked_for_once_and_a_failing_server_three_times(server, cache):
    with pytest.raises(DownloadError, match="URL fetch failure on .*gone: 404 -- Not Found"):
        get_file("a.bin", server.address + "gone")
    assert len(server.asked) == 1
    server.pages["fails"] = lambda handler: answer(handler, b"sorry", status=500)
    with pytest.raises(DownloadError, match="500 -- Internal Server Error. 3 tries"):
        get_file("a.bin", server.address + "fails")
    assert len(server.asked) == 4
    assert visible(cache) == []


def test_nobody_listens(cache):
    with serving() as server:
        address = server.address
    with pytest.raises(DownloadError, match="URL fetch failure"):
        get_file("a.bin", address + "a.bin")


def test_a_server_that_stalls(server, cache, impatient):
    def stall(handler):
        answer(handler, DATA[:1000], length=len(DATA))
        handler.server.ended.wait()

    server.pages["a.bin"] = stall
    with pytest.raises(DownloadError, match="sent nothing for 1 seconds: 1000 of 1024000 bytes"):
        get_file("a.bin", server.address + "a.bin")
    assert visible(cache) == []


def test_a_server_that_sends_a_byte_now_and_then(server, cache, impatient):
    def drip(handler):
        answer(handler, b"", length=len(DATA))
        with contextlib.suppress(OSError):
            while not handler.server.ended.wait(0.05):
                handler.wfile.write(b"x")

    server.pages["a.bin"] = drip
    with pytest.raises(DownloadError, match="less than 1024 bytes a second"):
        get_file("a.bin", server.address + "a.bin")
    assert visible(cache) == []


def test_a_server_that_does_not_answer(server, cache, impatient):
    server.pages["a.bin"] = lambda handler: handler.server.ended.wait()
    with pytest.raises(DownloadError, match="did not answer in time"):
        get_file("a.bin", server.address + "a.bin")


def test_half_of_the_file_is_an_error(server, cache):
    server.pages["a.bin"] = lambda handler: answer(handler, DATA[:1000], length=len(DATA))
    with pytest.raises(DownloadError, match="1000 of 1024000 bytes"):
        get_file("a.bin", server.address + "a.bin")
    assert visible(cache) == [] and len(server.asked) == 3


def broken_once(tag, later):
    """A page that breaks off at the first request and answers the second by `later`."""

    def page(handler):
        if "Range" in handler.headers or len(handler.server.asked) > 1:
            later(handler)
        else:
            answer(handler, DATA[:1000], length=len(DATA), **tag)

    return page


def test_a_broken_transfer_is_resumed(server, cache):
    def rest(handler):
        place = f"bytes 1000-{len(DATA) - 1}/{len(DATA)}"
        answer(handler, DATA[1000:], status=206, Content_Range=place)

    server.pages["a.bin"] = broken_once({"ETag": '"v1"'}, rest)
    assert Path(get_file("a.bin", server.address + "a.bin")).read_bytes() == DATA
    headers = server.asked[1][1]
    assert (headers["Range"], headers["If-Range"]) == ("bytes=1000-", '"v1"')


@pytest.mark.parametrize(
    ["tag", "later"],
    [
        ({}, lambda handler: answer(handler, DATA)),
        ({"ETag": '"v1"'}, lambda handler: answer(handler, DATA, ETag='"v2"')),
        ({"ETag": 'W/"weak"'}, lambda handler: answer(handler, DATA)),
    ],
)
def test_a_broken_transfer_begins_again_where_the_file_may_have_changed(server, cache, tag, later):
    server.pages["a.bin"] = broken_once(tag, later)
    assert Path(get_file("a.bin", server.address + "a.bin")).read_bytes() == DATA
    assert ("Range" in server.asked[1][1]) == (tag == {"ETag": '"v1"'})


def test_a_part_that_was_not_asked_for_is_not_appended(server, cache):
    def wrong_part(handler):
        if "Range" in handler.headers:
            place = f"bytes 0-{len(DATA) - 1}/{len(DATA)}"
            answer(handler, DATA, status=206, Content_Range=place)
        else:
            answer(handler, DATA)

    server.pages["a.bin"] = broken_once({"ETag": '"v1"'}, wrong_part)
    assert Path(get_file("a.bin", server.address + "a.bin")).read_bytes() == DATA


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://host/a.bin", "data:,x"])
def test_a_redirect_to_another_scheme_is_refused(server, cache, target):
    server.pages["moved"] = lambda handler: answer(handler, b"", status=302, Location=target)
    with pytest.raises(DownloadError, match="it redirects from http: to '" + target[:4]):
        get_file("a.bin", server.address + "moved")
    assert visible(cache) == []


def test_redirects_within_a_scheme_are_followed_but_not_for_ever(server, cache):
    server.pages["moved"] = lambda handler: answer(handler, b"", status=301, Location="/a.bin")
    server.pages["round"] = lambda handler: answer(handler, b"", status=307, Location="/round")
    assert Path(get_file("a.bin", server.address + "moved")).read_bytes() == DATA
    with pytest.raises(DownloadError, match="more than 10 redirects"):
        get_file("b.bin", server.address + "round")


def test_only_from_http_to_https_does_a_redirect_change_the_scheme():
    transfer = transfers._Transfer("x", None)
    assert transfer._redirected("http://host/a", "https://host/a") == "https://host/a"
    with pytest.raises(DownloadError, match="from https: to 'http:"):
        transfer._redirected("https://host/a", "http://host/a")


@pytest.mark.parametrize("origin", ["ftp://host/a", "data:,x", "/a/path", "C:\\a"])
def test_other_schemes_are_refused(cache, origin):
    with pytest.raises(ValueError, match="has the scheme"):
        get_file("a", origin)


# ---- faults of the disk


def test_a_full_disk(server, cache, monkeypatch):
    def full(file, chunk):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfers, "_store", full)
    with pytest.raises(DownloadError, match="No space left on device.*KERAS_HOME") as caught:
        get_file("a.bin", server.address + "a.bin")
    assert caught.value.errno == errno.ENOSPC
    assert visible(cache) == []


def test_a_file_that_is_larger_than_the_disk_is_not_begun(server, cache):
    server.pages["a.bin"] = lambda handler: answer(handler, b"", length=10**18)
    with pytest.raises(DownloadError, match=f"it has {10**18} bytes, and the disk of"):
        get_file("a.bin", server.address + "a.bin")
    assert visible(cache) == []


@pytest.fixture
def read_only(cache, tmp_path, monkeypatch):
    """A cache that cannot be written to, and a folder for temporary files of this test alone.

    Tests may run as root, who may write anywhere: the question is answered in its place.
    """
    cache.mkdir(parents=True)
    monkeypatch.setattr(downloads.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    may = os.access

    def access(path, mode):
        return not (mode & os.W_OK and Path(path).is_relative_to(cache)) and may(path, mode)

    monkeypatch.setattr(downloads.os, "access", access)
    return tmp_path / "temporary"


def test_a_read_only_cache_serves_what_it_has(read_only, cache):
    (cache / "a.bin").write_bytes(DATA)
    assert get_file("a.bin", "http://127.0.0.1:9/a.bin", file_hash=MD5) == str(cache / "a.bin")


def test_beside_a_read_only_cache_files_go_to_a_folder_of_the_user(server, read_only, cache):
    for _ in range(2):
        with pytest.warns(UserWarning, match="cannot be written to"):
            path = Path(get_file("a.bin", server.address + "a.bin", file_hash=MD5))
    own = path.parents[1]
    assert own.parent == read_only and own.name.startswith(".keras-")
    assert own.stat().st_mode & 0o777 == 0o700
    assert len(server.asked) == 1 and visible(cache) == []


def test_a_folder_that_others_may_write_to_is_not_used(server, read_only):
    own = read_only / f".keras-{os.getuid()}"
    own.mkdir(mode=0o700)
    own.chmod(0o777)
    with pytest.raises(DownloadError, match="not a folder that only you may write to"):
        get_file("a.bin", server.address + "a.bin")
    own.rmdir()
    own.symlink_to(read_only)
    with pytest.raises(DownloadError, match="not a folder that only you may write to"):
        get_file("a.bin", server.address + "a.bin")


# ---- several at once


def test_two_threads_download_a_file_once(server, cache):
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(get_file("a.bin", server.address + "a.bin"))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [str(cache / "a.bin")] * 4
    assert len(server.asked) == 1


PROCESS = """
import os, sys
from hornbeam.utils import downloads, transfers
transfers.PAUSE_SECONDS = 0
print(downloads.get_file("a.bin", sys.argv[1], file_hash=sys.argv[2]))
"""


def test_a_process_that_is_killed_leaves_nothing_in_the_way(server, cache):
    begun = threading.Event()

    def stall(handler):
        answer(handler, DATA[:1000], length=len(DATA))
        begun.set()
        handler.server.ended.wait()

    server.pages["stalls"] = stall
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, server.address + "stalls", MD5],
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
    )
    assert begun.wait(60)
    process.kill()
    process.wait()
    assert not (cache / "a.bin").exists()
    path = get_file("a.bin", server.address + "a.bin", file_hash=MD5)
    assert Path(path).read_bytes() == DATA
    assert visible(cache) == ["a.bin"]


def test_who_waits_too_long_for_another_says_so(server, cache, monkeypatch, capsys):
    monkeypatch.setattr(downloads, "TELL_SECONDS", 0)
    monkeypatch.setattr(downloads, "WAIT_SECONDS", 0)
    cache.mkdir(parents=True)
    with downloads._alone(str(cache / "a.bin")):
        with pytest.raises(DownloadError, match="Another process has been fetching"):
            get_file("a.bin", server.address + "a.bin")
    assert "Waiting for another process" in capsys.readouterr().out


# ---- arguments


@pytest.mark.parametrize(
    ["arguments", "words"],
    [
        ({}, 'please give "origin"'),
        ({"origin": "http://h/a", "file_hash": "12"}, "32 for MD5 and 64 for SHA-256"),
        ({"origin": "http://h/a", "file_hash": MD5, "hash_algorithm": "sha256"}, "not one of"),
        ({"origin": "http://h/a", "file_hash": MD5, "hash_algorithm": "sha1"}, "'sha256'"),
        ({"origin": "http://h/a", "archive_format": "rar"}, "Unknown archive_format 'rar'"),
    ],
)
def test_arguments_are_checked_before_anything_is_fetched(cache, arguments, words):
    with pytest.raises(ValueError, match=words):
        get_file("a", **arguments)
    assert not cache.exists()


def test_hashes_of_files(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(DATA)
    assert _hash_file(path) == _hash_file(path, "auto") == SHA256
    assert _hash_file(path, "md5", chunk_size=7) == MD5
    assert validate_file(path, MD5) and validate_file(path, SHA256)
    assert not validate_file(path, "0" * 64)
