"""Files that appear whole or not at all."""

import contextlib
import os
import platform
import re
import secrets
import shutil
import zlib


def may_write(path, overwrite):
    """Whether a file may be written: where one exists and `overwrite` is False, the user is asked.

    Args:
        path: Path, or anything else that is written to: then the answer is yes.
        overwrite: Bool.
    """
    if overwrite or not is_path(path) or not os.path.isfile(path):
        return True
    answer = input(f"[WARNING] {os.fspath(path)} already exists - overwrite? [y/n]").strip()
    while answer.lower() not in ("y", "n"):
        answer = input('Enter "y" (overwrite) or "n" (cancel).').strip()
    if answer.lower() == "n":
        return False
    print("[TIP] Next time specify overwrite=True!")
    return True


def is_path(target):
    """Whether `target` is a path, as a string, bytes or a path object."""
    return isinstance(target, (str, bytes, os.PathLike))


@contextlib.contextmanager
def replacing(path):
    """Context that yields the name of a new file beside `path`; at its end the file becomes `path`.

    If the block raises, or the process dies in it, the file at `path` stays as it was. The content
    is on the disk before the name changes. A link keeps pointing to its target, which is replaced;
    an existing file hands on its permissions.

    Raises:
        FileNotFoundError: if the folder does not exist.
        IsADirectoryError: if `path` is a folder.
    """
    target = os.path.realpath(os.fsdecode(path))
    folder, name = os.path.split(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"Cannot write {target}: the folder {folder} does not exist.")
    if os.path.isdir(target):
        raise IsADirectoryError(f"Cannot write {target}: it is a folder.")
    if os.path.exists(target) and not os.path.isfile(target):
        raise OSError(f"Cannot write {target}: it is not a regular file.")
    stem = f".{name[:100]}.{_machine()}"
    _remove_left_over(folder, stem)
    # Hidden, and with an ending that no program takes for a model's.
    temporary = os.path.join(folder, f"{stem}-{os.getpid()}-{secrets.token_hex(6)}.tmp")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        if os.path.exists(target):
            shutil.copymode(target, temporary)
        _sync(temporary)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync(folder)


def _remove_left_over(folder, stem):
    """Removes what saves to the same place left that were killed, on this machine."""
    left = re.compile(re.escape(stem) + r"-(\d+)-[0-9a-f]{12}\.tmp")
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            match = left.fullmatch(name)
            if match and not _is_alive(int(match[1])):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(folder, name))


def _is_alive(process):
    if os.name == "nt":
        return True  # a signal would end it there; what is left over stays
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _machine():
    """Names the place in which a process's number means that process, in 8 characters."""
    try:
        processes = os.stat("/proc/self/ns/pid").st_ino  # containers count their own
    except OSError:
        processes = 0
    return f"{zlib.crc32(f'{platform.node()} {processes}'.encode()):08x}"


def _sync(path):
    """Waits until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and os.path.isdir(path):
        return  # folders cannot be opened there
    descriptor = os.open(path, os.O_RDWR if os.path.isfile(path) else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
