"""Archives from strangers: unpacked member by member, each checked before it touches the disk."""

import bz2
import contextlib
import errno
import gzip
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib

__all__ = ["ArchiveError", "extract_archive", "known_formats"]

MAX_MEMBERS = 2_000_000  # ImageNet has 1.4 million files
MAX_PATH = 1024  # bytes of a member's whole path
MAX_NAME = 255  # bytes of a part of it: what file systems take
MAX_DEPTH = 64  # folders
MAX_EXPANSION = 100  # times the archive's own size ...
FREE_EXPANSION = 2**30  # ... and so many bytes beyond, for small archives
CHUNK = 2**20  # bytes
MAX_LINK = 4096  # bytes of a link's target

DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError,
           RuntimeError, NotImplementedError)


class ArchiveError(OSError, ValueError):
    """An archive is damaged, or holds what an archive of data must not hold.

    Nothing of it has been unpacked. Download it again and compare its hash; if its publisher is to
    be trusted all the same, unpack it with the tools of the operating system.
    """


def extract_archive(file_path, path=".", archive_format="auto"):
    """Unpacks an archive into a folder, whole or not at all.

    Refused, with nothing unpacked: absolute and parent paths, in either slash; links that point
    out of the folder; devices, pipes and sockets; encrypted members; more members, longer paths or
    more bytes than data sets have. Set-user-id and similar bits are dropped. A link that lies in
    the folder already is never written through: a member replaces it.

    Args:
        file_path: Path of the archive.
        path: Path of the folder; made if it is missing. Files in it are replaced one by one.
        archive_format: `'tar'` (also compressed by gzip, bzip2 or xz), `'zip'`, a list of these,
            `'auto'` for both, or None for neither.

    Returns:
        True if the file is an archive of that format and was unpacked, else False.

    Raises:
        ArchiveError: for what is refused, and for a damaged archive.
        ValueError: for an unknown format.
        OSError: if the disk is full, or the folder cannot be written to.
    """
    for name in known_formats(archive_format):
        fits, read = _READERS[name]
        if fits(file_path):
            _extract(file_path, os.fspath(path), read)
            return True
    return False


def known_formats(archive_format):
    """Returns the list of formats that an `archive_format` means.

    Raises:
        ValueError: if one is unknown.
    """
    if archive_format is None:
        return []
    formats = list(_READERS) if archive_format == "auto" else archive_format
    formats = [formats] if isinstance(formats, str) else list(formats)
    for name in formats:
        if name not in _READERS:
            raise ValueError(
                f"Unknown archive_format {name!r}. It is 'auto', 'tar', 'zip', a list of these, "
                "or None."
            )
    return formats


def _extract(file_path, path, read):
    os.makedirs(path, exist_ok=True)
    stage = tempfile.mkdtemp(prefix=".extracting-", dir=path)
    try:
        plan = _Stage(file_path, stage)
        try:
            read(file_path, plan)
        except ArchiveError:
            raise
        except (*DAMAGED, OSError) as error:
            if getattr(error, "errno", None) not in (None, errno.EINVAL):
                # Of the disk; a false position or a broken stream has one of these two.
                raise OSError(
                    error.errno,
                    f"Unpacking {file_path} into {path} failed: {error.strerror}. Nothing of it "
                    "was unpacked",
                ) from error
            raise ArchiveError(
                f"The archive {file_path} is damaged or cannot be read: {error}. Nothing of it "
                "was unpacked. Download it again."
            ) from error
        plan.make_links()
        _publish(stage, path)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _publish(stage, target):
    """Moves what lies in `stage` to `target`; folders that exist in both are merged."""
    for entry in sorted(os.scandir(stage), key=lambda entry: entry.name):
        place = os.path.join(target, entry.name)
        is_folder = entry.is_dir(follow_symlinks=False)
        try:
            mode = os.lstat(place).st_mode
        except FileNotFoundError:
            os.rename(entry.path, place)
            continue
        if is_folder and stat.S_ISDIR(mode):
            _publish(entry.path, place)
        elif is_folder and stat.S_ISLNK(mode):
            os.unlink(place)  # or the members would land where it points
            os.rename(entry.path, place)
        elif is_folder or stat.S_ISDIR(mode):
            raise ArchiveError(
                f"{place} is a {'file' if is_folder else 'folder'}, and the archive has a "
                f"{'folder' if is_folder else 'file'} of that name. Move it away and try again."
            )
        else:
            os.replace(entry.path, place)


class _Stage:
    """A new, empty folder that members are checked into; nothing else writes there."""

    def __init__(self, archive, folder):
        self.archive = archive
        self.folder = os.path.realpath(folder)
        self.members = 0
        self.budget = FREE_EXPANSION + MAX_EXPANSION * os.path.getsize(archive)
        self.limit = self.budget
        self.links = []  # (path of the link, its target), made last: nothing can pass through

    def refuse(self, name, reason):
        raise ArchiveError(
            f"The archive {self.archive} was not unpacked: its member {name!r} {reason}. Archives "
            "of data have no such members."
        )

    def place(self, name):
        """Returns the path in the stage for a member's name; its folder exists."""
        self.members += 1
        if self.members > MAX_MEMBERS:
            self.refuse(name, f"is one of more than {MAX_MEMBERS}")
        parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".")]
        if name[:1] in ("/", "\\") or re.match(r"[A-Za-z]:", name):
            self.refuse(name, "has an absolute path")
        if ".." in parts:
            self.refuse(name, "has a path to a parent folder")
        if "\0" in name or (os.name == "nt" and ":" in name):
            self.refuse(name, "has a character in its name that files cannot have")
        longest = max((len(os.fsencode(part)) for part in parts), default=0)
        if len(os.fsencode(name)) > MAX_PATH or longest > MAX_NAME or len(parts) > MAX_DEPTH:
            self.refuse(name[:200], "has too long a path")
        folder = self.folder
        for part in parts[:-1]:
            folder = os.path.join(folder, part)
            self.make_folder(folder, name)
        return os.path.join(folder, *parts[-1:])

    def make_folder(self, folder, name):
        try:
            os.mkdir(folder, 0o755)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                self.refuse(name, "lies in a folder that is a file as well")

    def add_folder(self, name):
        self.make_folder(self.place(name), name)

    def add_file(self, name, source, mode):
        """Copies a member; a later one of the same name replaces an earlier one."""
        place = self.place(name)
        if os.path.isdir(place):
            self.refuse(name, "is a file and a folder")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)
        # The owner may read and write; nobody else may write; no set-user-id bits.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with open(os.open(place, flags, 0o600 | mode & 0o755), "wb") as file:
            while chunk := source.read(CHUNK):
                self.spend(len(chunk), name)
                file.write(chunk)

    def spend(self, count, name):
        self.budget -= count
        if self.budget < 0:
            self.refuse(name, f"makes it expand to more than {self.limit} bytes")

    def add_link(self, name, target):
        self.links.append((name, self.place(name), target))

    def add_copy(self, name, of, mode):
        """A hard link: becomes a file of its own, with the same content."""
        source = self.place(of)
        if not os.path.isfile(source):
            self.refuse(name, f"is a hard link to {of!r}, which is no earlier file of it")
        if self.place(name) != source:
            with open(source, "rb") as file:
                self.add_file(name, file, mode)

    def make_links(self):
        """Makes the symbolic links, then sees where each of them leads in the end."""
        for name, place, target in self.links:
            inside = os.path.normpath(os.path.join(os.path.dirname(place), target))
            if (
                re.match(r"[/\\]|[A-Za-z]:", target)
                or "\\" in target
                or not self.contains(inside)
                or os.path.lexists(place)
            ):
                self.refuse(name, f"is a link to {target!r}, outside of it or over another member")
            os.symlink(target, place)
        for name, place, target in self.links:
            if not self.contains(os.path.realpath(place)):
                self.refuse(name, f"is a link to {target!r}, which leads out of it")

    def contains(self, path):
        return path.startswith(self.folder + os.sep)


# ---- tar


_OPENERS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open))


class _Metered:
    """A stream whose reads are small, and whose position has a limit.

    `tarfile` reads a header of any declared size into memory, and skips to any declared place.
    """

    def __init__(self, stream, limit):
        self.stream = stream
        self.limit = limit

    def read(self, size):
        if size < 0 or size > 16 * CHUNK or self.stream.tell() > self.limit:
            raise tarfile.ReadError(f"it declares {size} bytes at once, or expands without end")
        return self.stream.read(size)

    def seek(self, position):
        if position > self.limit:
            raise tarfile.ReadError(f"it declares a length of {position} bytes")
        return self.stream.seek(position)

    def tell(self):
        return self.stream.tell()


@contextlib.contextmanager
def _open_tar(file_path, limit):
    with open(file_path, "rb") as file:
        start = file.read(8)
    opener = next((opener for magic, opener in _OPENERS if start.startswith(magic)), open)
    with opener(file_path, "rb") as stream:
        with tarfile.open(fileobj=_Metered(stream, limit), mode="r:") as archive:
            yield archive


def _is_tar(file_path):
    try:
        with _open_tar(file_path, FREE_EXPANSION):
            return True
    except (*DAMAGED, OSError):
        return False


def _read_tar(file_path, stage):
    # Headers and padding, at most a member's size each, come on top of what members hold.
    with _open_tar(file_path, 2 * stage.limit) as archive:
        for member in archive:
            archive.members.clear()  # it would remember them all
            if member.isdir():
                stage.add_folder(member.name)
            elif member.isreg():
                with archive.extractfile(member) as source:
                    stage.add_file(member.name, source, member.mode)
            elif member.islnk():
                stage.add_copy(member.name, member.linkname, member.mode)
            elif member.issym():
                stage.add_link(member.name, member.linkname)
            else:
                stage.refuse(member.name, "is a device, a pipe or of an unknown kind")


# ---- zip


def _read_zip(file_path, stage):
    with zipfile.ZipFile(file_path) as archive:
        for member in archive.infolist():
            mode = member.external_attr >> 16
            kind = stat.S_IFMT(mode)
            if member.filename.endswith(("/", "\\")):
                stage.add_folder(member.filename)
            elif kind == stat.S_IFLNK:
                with archive.open(member) as source:
                    target = source.read(MAX_LINK + 1)
                if len(target) > MAX_LINK:
                    stage.refuse(member.filename, "is a link with too long a target")
                stage.add_link(member.filename, os.fsdecode(target))
            elif kind in (0, stat.S_IFREG):
                with archive.open(member) as source:
                    stage.add_file(member.filename, source, mode or 0o644)
            else:
                stage.refuse(member.filename, "is a device, a pipe or of an unknown kind")


_READERS = {"tar": (_is_tar, _read_tar), "zip": (zipfile.is_zipfile, _read_zip)}
