"""`get_file`: files from the network, kept in Keras's cache folder."""

import contextlib
import errno
import os
import posixpath
import shutil
import stat
import tempfile
import urllib.parse
import warnings

from hornbeam.backend.config import keras_home
from hornbeam.utils.archives import extract_archive, known_formats
from hornbeam.utils.hashes import known_hash, validate_file
from hornbeam.utils.transfers import DownloadError, check_origin, transfer

__all__ = ["DownloadError", "HashMismatchError", "get_file"]

TELL_SECONDS = 3  # of waiting for another process, before the user is told of it
WAIT_SECONDS = 3600


class HashMismatchError(DownloadError, ValueError):
    """What was downloaded has another hash than the one published; it was deleted.

    The connection may have damaged it, it may have been replaced on purpose, or its publisher may
    have put a new version there. Only in the last case is a new `file_hash` the remedy.
    """


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """Returns the path of a file in the cache; downloads it if it is not there.

    The file comes into being whole: what breaks off, or has the wrong hash, never lies in the
    cache. A file in the cache whose hash is wrong is deleted and downloaded anew. Several
    processes may ask for the same file; one of them downloads it.

    Args:
        fname: String, name of the file in the cache, or an absolute path. None takes the last part
            of the address.
        origin: String, the address: http, https, or file. It may redirect within its scheme and
            from http to https.
        untar: Bool; True unpacks `fname + '.tar.gz'`, as which the file is kept, if `fname` does
            not exist, and returns the path of `fname`. Keras's older form of `extract`.
        md5_hash: String; Keras's older form of `file_hash`, for MD5 only.
        file_hash: String, hexadecimal digits of the MD5 or SHA-256 of the file. None trusts what
            comes.
        cache_subdir: String, folder inside `cache_dir`, or an absolute path.
        hash_algorithm: `'md5'`, `'sha256'`, or `'auto'`, which tells them by their length.
        extract: Bool; True unpacks the file, if it is an archive, into the folder
            `cache_subdir`, at every call. The path of the archive is returned.
        archive_format: `'auto'`, `'tar'` (plain, gzip, bzip2, xz), `'zip'`, a list of these, or
            None, which unpacks nothing.
        cache_dir: String, by default the environment variable `KERAS_HOME`, else `~/.keras`.
        force_download: Bool; True downloads the file although it is in the cache.

    Returns:
        A string.

    Raises:
        DownloadError: if the file cannot be had: an `OSError`.
        HashMismatchError: if its hash is wrong: a `DownloadError` and a `ValueError`.
        ArchiveError: if its archive is damaged or has members that lead out of the folder.
        ValueError: for an argument that is none of the above.

    Source: Keras 2.3.1; `fname=None` is tf.keras 2's, `force_download` Keras 3's. Where the cache
    cannot be written to, Keras used `/tmp/.keras`, in which any user of the machine may plant
    files; hornbeam uses a folder of the user's own there, and says so in a warning.
    """
    if origin is None:
        raise ValueError('get_file needs the address of the file: please give "origin".')
    fname = _name_of(origin) if fname is None else os.fspath(fname)
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    check_origin(origin)
    expected = None if file_hash is None else known_hash(file_hash, hash_algorithm)
    known_formats(archive_format)
    if untar and fname.endswith(".tar.gz"):
        fname = fname[: -len(".tar.gz")]
    archive = fname + ".tar.gz" if untar else fname

    def is_ready(folder):
        """Whether nothing has to be written."""
        if force_download:
            return False
        if untar:
            return os.path.exists(os.path.join(folder, fname))
        return not extract and _is_good(os.path.join(folder, archive), expected)

    folder = _folder(cache_dir, cache_subdir, archive, is_ready)
    path, unpacked = os.path.join(folder, archive), os.path.join(folder, fname)
    if not is_ready(folder):
        with _alone(path):
            if force_download or not _is_good(path, expected):
                _download(origin, path, expected)
            if extract and not untar:
                extract_archive(path, folder, archive_format)
            elif untar and (force_download or not os.path.exists(unpacked)):
                extract_archive(path, folder, "tar")
    return unpacked if untar else path


def _name_of(origin):
    name = posixpath.basename(urllib.parse.unquote(urllib.parse.urlsplit(origin).path))
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise ValueError(
            f"Can't parse the file name from the origin provided: {origin!r}. Please give fname."
        )
    return name


def _is_good(path, expected):
    """Whether the file is there, and has its hash if that is known."""
    if not os.path.exists(path):
        return False
    return expected is None or validate_file(path, expected[1], expected[0])


# ---- where files are kept


def _folder(cache_dir, cache_subdir, name, is_ready):
    """The folder of the cache; where it cannot be written to, one of the user's own."""
    folder = os.path.join(os.path.expanduser(cache_dir or keras_home()), cache_subdir)
    if is_ready(folder) or _is_writable(os.path.dirname(os.path.join(folder, name))):
        return folder
    if os.path.isabs(cache_subdir) or os.path.isabs(name):
        raise DownloadError(
            errno.EACCES,
            f"The folder of {os.path.join(folder, name)} cannot be written to. Name another one.",
        )
    own = os.path.join(_folder_of_user(), cache_subdir)
    warnings.warn(
        f"The cache folder {folder} cannot be written to; {own} is used instead. The environment "
        "variable KERAS_HOME names another one.",
        stacklevel=3,
    )
    os.makedirs(os.path.dirname(os.path.join(own, name)), exist_ok=True)
    return own


def _is_writable(folder):
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _folder_of_user():
    """A folder among the temporary files that nobody else may write to."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = os.path.join(tempfile.gettempdir(), f".keras-{user}")
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or (
        hasattr(os, "getuid") and (status.st_uid != user or status.st_mode & 0o022)
    ):
        raise DownloadError(
            errno.EACCES,
            f"{folder} is not a folder that only you may write to, so that downloads could be "
            "replaced there. Set the environment variable KERAS_HOME to a folder of yours.",
        )
    return folder


# ---- how they get there


@contextlib.contextmanager
def _alone(path):
    """Context in which no other process or thread does the same with the file at `path`."""
    import filelock

    folder, name = os.path.split(os.path.abspath(path))
    lock = filelock.FileLock(os.path.join(folder, f".{name[:200]}.lock"))
    try:
        try:
            lock.acquire(timeout=TELL_SECONDS)
        except filelock.Timeout:
            print(f"Waiting for another process, which fetches {path} ...")
            lock.acquire(timeout=WAIT_SECONDS)
    except filelock.Timeout as error:
        raise DownloadError(
            f"Another process has been fetching {path} for {WAIT_SECONDS} seconds. If none does, "
            f"delete {lock.lock_file}."
        ) from error
    except NotImplementedError:  # a network folder without locks: then the last one wins, whole
        pass
    try:
        yield
    finally:
        lock.release()


def _download(origin, path, expected):
    """Downloads into a folder of its own, so that `path` changes only by a good file."""
    import pooch

    folder, name = os.path.split(os.path.abspath(path))
    beginning = f".downloading-{name[:100]}-"
    for entry in os.listdir(folder):
        if entry.startswith(beginning):  # of a process that was killed: the lock is ours
            shutil.rmtree(os.path.join(folder, entry), ignore_errors=True)
    if os.path.exists(path) and not _is_good(path, expected):
        print(
            "A local file was found, but it seems to be incomplete or outdated because the "
            f"{expected[0]} file hash does not match the original value of {expected[1]} so we "
            "will re-download the data."
        )
        os.remove(path)
    print("Downloading data from", origin)
    with tempfile.TemporaryDirectory(prefix=beginning, dir=folder) as own, _quiet_pooch():
        try:
            found = pooch.retrieve(
                origin,
                known_hash=expected and ":".join(expected),
                fname=name,
                path=own,
                downloader=lambda url, temporary, _: transfer(url, temporary),
            )
        except DownloadError as error:
            hint = f" A copy from elsewhere, put at {path}, serves as well."
            text = (error.strerror or str(error)) + hint
            raise DownloadError(*(error.errno, text) if error.errno else (text,)) from error
        except ValueError as error:
            if expected is None:
                raise
            raise HashMismatchError(
                f"URL fetch failure on {origin}: its {expected[0]} hash is not "
                f"{expected[1]}, which was expected. What came was deleted. If the publisher has "
                f"put a new version there, give its file_hash. ({error})"
            ) from error
        os.chmod(found, _usual_mode(own))
        os.replace(found, path)


def _usual_mode(folder):
    """The permissions that a new file gets here; a temporary file is for its owner only."""
    descriptor = os.open(os.path.join(folder, "mode"), os.O_CREAT | os.O_WRONLY, 0o666)
    try:
        return stat.S_IMODE(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _quiet_pooch():
    """Context in which pooch does not log: the address has been printed, as Keras does."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)
