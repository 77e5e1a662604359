"""`tf.io.gfile`, and TensorFlow 1's `tf.gfile`: files of this machine."""

import glob as _glob
import os
import shutil

from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.errors import AlreadyExistsError, NotFoundError

__all__ = [
    "Copy", "DeleteRecursively", "Exists", "FastGFile", "GFile", "Glob", "IsDirectory",
    "ListDirectory", "MakeDirs", "MkDir", "Open", "Remove", "Rename", "Stat", "Walk", "copy",
    "exists", "get_registered_schemes", "glob", "isdir", "join", "listdir", "makedirs", "mkdir",
    "remove", "rename", "rmtree", "stat", "walk",
]  # fmt: skip


def _path(path):
    path = os.fspath(path)
    path = path.decode() if isinstance(path, bytes) else path
    if "://" in path and not path.startswith("file://"):
        raise NotImplementedError(
            f"{path}: only files of this machine are read here; fetch it first, for example with "
            "keras.utils.get_file or fsspec."
        )
    return path.removeprefix("file://")


class GFile:
    """A file.

    Args:
        name: Path.
        mode: As of `open`.

    Raises:
        NotFoundError: when it is first used and is not there.
    """

    def __init__(self, name, mode="r"):
        self.name, self.mode = name, mode
        self._file = None

    def _opened(self):
        if self._file is None:
            try:
                self._file = open(_path(self.name), self.mode)
            except FileNotFoundError as error:
                message = f"{self.name}; No such file or directory"
                raise NotFoundError(None, None, message) from error
        return self._file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __iter__(self):
        return iter(self._opened())

    def __next__(self):
        return next(self._opened())

    def read(self, n=-1):
        """Reads `n` bytes or characters, or all."""
        return self._opened().read(n)

    def readline(self):
        """Reads a line."""
        return self._opened().readline()

    def readlines(self):
        """Reads all lines."""
        return self._opened().readlines()

    def write(self, file_content):
        """Writes."""
        self._opened().write(file_content)

    def seek(self, offset, whence=0):
        """Goes to a place."""
        self._opened().seek(offset, whence)

    def tell(self):
        """Returns the place."""
        return self._opened().tell()

    def seekable(self):
        """Whether it has places to go to."""
        return self._opened().seekable()

    def size(self):
        """Returns the number of bytes."""
        return os.path.getsize(_path(self.name))

    def flush(self):
        """Hands what was written to the system."""
        if self._file is not None:
            self._file.flush()

    def close(self):
        """Closes it."""
        if self._file is not None:
            self._file.close()
            self._file = None


def exists(path):
    """Whether there is a file or folder."""
    return os.path.exists(_path(path))


def isdir(path):
    """Whether there is a folder."""
    return os.path.isdir(_path(path))


def listdir(path):
    """Returns the names in a folder."""
    return os.listdir(_path(path))


def glob(pattern):
    """Returns the paths that fit a pattern, or a list of patterns, sorted."""
    patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    return sorted(name for one in patterns for name in _glob.glob(_path(one)))


def makedirs(path):
    """Makes a folder and those above it."""
    os.makedirs(_path(path), exist_ok=True)


def mkdir(path):
    """Makes a folder."""
    os.mkdir(_path(path))


def remove(path):
    """Deletes a file."""
    try:
        os.remove(_path(path))
    except FileNotFoundError as error:
        raise NotFoundError(None, None, f"{path}; No such file or directory") from error


def rmtree(path):
    """Deletes a folder with all in it."""
    shutil.rmtree(_path(path))


def copy(src, dst, overwrite=False):
    """Copies a file."""
    if exists(dst) and not overwrite:
        raise AlreadyExistsError(None, None, f"{dst}: file already exists")
    shutil.copyfile(_path(src), _path(dst))


def rename(src, dst, overwrite=False):
    """Moves a file."""
    if exists(dst) and not overwrite:
        raise AlreadyExistsError(None, None, f"{dst}: file already exists")
    os.replace(_path(src), _path(dst))


def walk(top, topdown=True, onerror=None):
    """Yields (folder, folders in it, files in it) below a folder."""
    yield from os.walk(_path(top), topdown, onerror)


def stat(path):
    """Returns what the system knows of a file; its size is `.length`."""
    found = os.stat(_path(path))
    return type("FileStatistics", (), {"length": found.st_size, "mtime_nsec": found.st_mtime_ns,
                                       "is_directory": isdir(path)})()


def join(path, *paths):
    """Joins parts of a path."""
    return os.path.join(path, *paths)


def get_registered_schemes():
    """Returns the kinds of paths that are read."""
    return ["", "file"]


Copy, Exists, Glob, IsDirectory, ListDirectory = copy, exists, glob, isdir, listdir
MakeDirs, MkDir, Remove, Rename, Stat, Walk = makedirs, mkdir, remove, rename, stat, walk
DeleteRecursively, Open, FastGFile = rmtree, GFile, GFile


__getattr__ = teller("gfile")
