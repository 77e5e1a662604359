"""Zip archives from a source that is not trusted: what is in them is checked before it is read.

Nothing is unpacked into folders, so that no name in an archive becomes a path.
"""

import contextlib
import io
import os
import re
import stat
import tempfile
import zipfile
import zlib

from hornbeam.saving.atomic import is_path
from hornbeam.saving.errors import ModelFileError

_MOST_MEMBERS = 10_000  # Keras writes three files, and one for each vocabulary
_SMALL = 64 * 2**20  # bytes; whatever packs so little may be packed as tightly as it likes
_HIGHEST_RATIO = 50  # unpacked to packed bytes of larger ones; trained weights reach 1.1
_METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}
_HEADER = 30  # bytes of a member's own header, before its name
_CHUNK = 2**20  # bytes


@contextlib.contextmanager
def reading(source):
    """Context that yields the `Archive` of a zip file.

    Args:
        source: Path, or binary file object that can seek.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if it is no zip file, is damaged, or holds what no model holds: names that
            leave the archive, links, a name twice, encrypted members, absurd sizes.
    """
    if not is_path(source) and not hasattr(source, "read"):
        raise TypeError(f"Expected a path or a file object to read from; got {source!r}.")
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(source, "rb")) if is_path(source) else source
        with _damage():
            archive = stack.enter_context(zipfile.ZipFile(file))
        yield Archive(file, archive)


class Archive:
    """The members of a checked zip file.

    Attributes:
        sizes: Dict from a member's name to its unpacked size in bytes. Folders are left out.
    """

    def __init__(self, file, archive):
        self._file = file
        self._archive = archive
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise ModelFileError(
                f"The archive holds {len(members)} files; a model holds fewer than {_MOST_MEMBERS}."
            )
        end = _size(file)
        self._members = {}
        for member in members:
            _check_member(member, end)
            if member.filename in self._members:
                raise ModelFileError(f"The archive holds {member.filename!r} twice.")
            self._members[member.filename] = member
        _check_overlap(members)
        self.sizes = {
            name: member.file_size for name, member in self._members.items() if not member.is_dir()
        }

    def __contains__(self, name):
        return name in self.sizes

    def read(self, name, most):
        """Returns the bytes of a member.

        Args:
            name: String.
            most: Integer, the largest size in bytes that is accepted.

        Raises:
            ModelFileError: if there is no such member, it is larger, or it is damaged.
        """
        member = self._member(name)
        if member.file_size > most:
            raise ModelFileError(
                f"{name!r} in the archive is {member.file_size} bytes long; at most {most} are "
                "expected."
            )
        with _damage(name), self._archive.open(member) as unpacked:
            data = unpacked.read(member.file_size + 1)
            if len(data) != member.file_size:
                raise ModelFileError(f"{name!r} in the archive is not as long as it says.")
            return data

    @contextlib.contextmanager
    def file(self, name):
        """Context that yields a member as a binary file that can seek.

        A member that is stored, as Keras stores all, is read where it stands; a packed one goes
        through a temporary file without a name.

        Args:
            name: String.

        Raises:
            ModelFileError: if there is no such member, or it is damaged.
        """
        member = self._member(name)
        if member.compress_type == zipfile.ZIP_STORED:
            with _damage(name):
                start = self._start(member)
                self._check_sum(member, start)
            yield io.BufferedReader(_Window(self._file, start, member.file_size))
            return
        with tempfile.TemporaryFile() as unpacked:
            with _damage(name), self._archive.open(member) as packed:
                left = member.file_size
                while data := packed.read(min(_CHUNK, left + 1)):
                    left -= len(data)
                    if left < 0:
                        break
                    unpacked.write(data)
                if left:
                    raise ModelFileError(f"{name!r} in the archive is not as long as it says.")
            unpacked.seek(0)
            yield unpacked

    def _member(self, name):
        if name not in self.sizes:
            raise ModelFileError(f"The archive lacks {name!r}; it holds {sorted(self.sizes)[:20]}.")
        return self._members[name]

    def _start(self, member):
        """Returns where the bytes of a stored member begin; `zipfile` checks its header."""
        self._archive.open(member).close()
        self._file.seek(member.header_offset + _HEADER - 4)
        lengths = self._file.read(4)
        start = member.header_offset + _HEADER + sum(
            int.from_bytes(lengths[place : place + 2], "little") for place in (0, 2)
        )
        if start + member.file_size > _size(self._file):
            raise ModelFileError(f"{member.filename!r} in the archive is cut off.")
        return start

    def _check_sum(self, member, start):
        self._file.seek(start)
        found, left = 0, member.file_size
        while left:
            data = self._file.read(min(_CHUNK, left))
            if not data:
                break
            found = zlib.crc32(data, found)
            left -= len(data)
        if left or found != member.CRC:
            raise ModelFileError(
                f"{member.filename!r} in the archive is damaged: its checksum is wrong."
            )


class _Window(io.RawIOBase):
    """A part of a file, as a file of its own."""

    def __init__(self, file, start, size):
        super().__init__()
        self._file = file
        self._start = start
        self._size = size
        self._place = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=io.SEEK_SET):
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self):
        return self._place

    def readinto(self, buffer):
        wanted = min(len(buffer), max(0, self._size - self._place))
        self._file.seek(self._start + self._place)
        data = self._file.read(wanted)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


# ---- checks


def _check_member(member, end):
    name = member.filename
    path = name.replace("\\", "/")
    parts = path.removesuffix("/").split("/")
    if (
        path.startswith("/")
        or re.match(r"[A-Za-z]:", path)
        or any(part in ("", ".", "..") for part in parts)
        or any(ord(character) < 32 for character in member.orig_filename)
    ):
        raise ModelFileError(
            f"The archive holds a file named {name!r}, a name that leads out of it. No Keras "
            "writes such a file."
        )
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
        raise ModelFileError(f"{name!r} in the archive is a link or a device, not a file.")
    if member.flag_bits & 0x1:
        raise ModelFileError(f"{name!r} in the archive is encrypted. Save the model without that.")
    if member.compress_type not in _METHODS:
        raise ModelFileError(
            f"{name!r} in the archive is packed by method {member.compress_type}. Known are "
            f"{sorted(_METHODS.values())}; save or zip the model again with one of those."
        )
    packed, size = member.compress_size, member.file_size
    if member.header_offset < 0 or member.header_offset + _HEADER + packed > end:
        raise ModelFileError(f"{name!r} in the archive is cut off.")
    if member.compress_type == zipfile.ZIP_STORED and packed != size:
        raise ModelFileError(f"{name!r} in the archive has two different sizes.")
    if size > max(_SMALL, _HIGHEST_RATIO * packed):
        raise ModelFileError(
            f"{name!r} in the archive says that {packed} bytes unpack to {size}. That is refused; "
            "if it is your own file, zip it again without compression."
        )


def _check_overlap(members):
    """Bytes that serve several members are how a small archive unpacks to a giant one."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise ModelFileError(f"{member.filename!r} in the archive overlaps another file.")
        end = member.header_offset + _HEADER + member.compress_size


def _size(file):
    place = file.tell()
    try:
        return file.seek(0, os.SEEK_END)
    finally:
        file.seek(place)


@contextlib.contextmanager
def _damage(name=None):
    """Turns what reading damaged archives raises into one error."""
    try:
        yield
    except (ModelFileError, FileNotFoundError):
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        OSError,
        OverflowError,
        RuntimeError,
        UnicodeDecodeError,
        ValueError,
    ) as error:
        place = "the archive" if name is None else f"{name!r} in the archive"
        raise ModelFileError(f"Cannot read {place}: it is damaged or no zip ({error}).") from error
