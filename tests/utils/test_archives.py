"""Archives from strangers: unpacked whole, or refused with nothing written."""

import errno
import io
import os
import stat
import tarfile
import zipfile

import pytest

from hornbeam.utils import archives
from hornbeam.utils.archives import ArchiveError, extract_archive
from hornbeam.utils.data_utils import _extract_archive


def file_member(name, content=b"hello", mode=0o644):
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    return member, io.BytesIO(content)


def special(name, kind, linkname=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, linkname
    return member, None


def link(name, target):
    return special(name, tarfile.SYMTYPE, target)


def make_tar(path, *members, mode="w:gz"):
    with tarfile.open(path, mode) as tar:
        for member, content in members:
            tar.addfile(member, content)
    return path


def make_zip(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


@pytest.fixture
def target(tmp_path):
    return tmp_path / "target"


def unpacked(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# ---- as meant


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_of_every_compression(tmp_path, target, mode):
    members = [
        special("d", tarfile.DIRTYPE),
        file_member("./d/one.txt", b"one"),
        file_member("d/e/two.txt", b"two" * 1000),
    ]
    path = make_tar(tmp_path / "a", *members, mode=mode)
    for archive_format in ("auto", "tar", ["zip", "tar"]):
        assert _extract_archive(path, target, archive_format) is True
    assert unpacked(target) == ["d", "d/e", "d/e/two.txt", "d/one.txt"]
    assert (target / "d/e/two.txt").read_bytes() == b"two" * 1000


def test_a_zip(tmp_path, target):
    path = make_zip(
        tmp_path / "a.zip", ("d/", "", 0), ("d/one.txt", "one", 0), ("e\\two.txt", "two", 0)
    )
    assert extract_archive(path, target)
    assert unpacked(target) == ["d", "d/one.txt", "e", "e/two.txt"]
    assert extract_archive(path, target, "tar") is False


@pytest.mark.parametrize("archive_format", [None, [], "zip"])
def test_what_is_not_asked_for_is_left_alone(tmp_path, target, archive_format):
    path = make_tar(tmp_path / "a", file_member("one"))
    assert extract_archive(path, target, archive_format) is False
    assert not target.exists()


def test_a_file_that_is_no_archive(tmp_path, target):
    (tmp_path / "a").write_bytes(b"no archive, but some text" * 100)
    assert extract_archive(tmp_path / "a", target) is False
    with pytest.raises(ValueError, match="Unknown archive_format 'rar'"):
        extract_archive(tmp_path / "a", target, "rar")


def test_links_inside_are_kept_and_hard_links_become_files(tmp_path, target):
    path = make_tar(
        tmp_path / "a",
        link("d/first", "e/one.txt"),
        link("d/second", "../d/first"),
        file_member("d/e/one.txt"),
        special("copy", tarfile.LNKTYPE, "d/e/one.txt"),
    )
    extract_archive(path, target)
    assert os.readlink(target / "d/first") == "e/one.txt"
    assert (target / "d/second").read_bytes() == b"hello"
    assert os.stat(target / "copy").st_nlink == 1 and (target / "copy").read_bytes() == b"hello"


def test_a_later_member_replaces_an_earlier_one_and_what_lies_in_the_folder(tmp_path, target):
    (target / "d").mkdir(parents=True)
    (target / "d" / "one").write_text("old")
    (target / "d" / "mine").write_text("mine")
    path = make_tar(tmp_path / "a", file_member("d/one", b"1"), file_member("d/one", b"2"))
    extract_archive(path, target)
    assert (target / "d/one").read_text() == "2" and (target / "d/mine").read_text() == "mine"


def test_permissions_are_those_of_data(tmp_path, target):
    path = make_tar(
        tmp_path / "a",
        file_member("program", mode=0o6777),
        file_member("secret", mode=0o000),
    )
    extract_archive(path, target)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in target.iterdir()}
    assert modes["program"] & 0o7022 == 0 and modes["program"] & 0o700 == 0o700
    assert modes["secret"] == 0o600


# ---- what is refused


@pytest.mark.parametrize(
    ["members", "words"],
    [
        ([file_member("/etc/x")], "absolute path"),
        ([file_member("\\etc\\x")], "absolute path"),
        ([file_member("C:\\x")], "absolute path"),
        ([file_member("d/../../x")], "parent folder"),
        ([file_member("d\\..\\..\\x")], "parent folder"),
        ([special("..", tarfile.DIRTYPE)], "parent folder"),
        ([link("d", "/etc"), file_member("d/x")], "over another member"),
        ([link("d", "/etc")], "a link to '/etc'"),
        ([link("d", "../x")], "a link to '../x'"),
        ([link("e/d", "..\\..\\x")], "a link to"),
        ([link("d/e", "f/.."), link("x", "d/e/../..")], "a link to"),
        ([link("a", "b/../.."), special("b", tarfile.DIRTYPE)], "a link to"),
        ([special("x", tarfile.LNKTYPE, "/etc/passwd")], "absolute path"),
        ([special("x", tarfile.LNKTYPE, "../x")], "parent folder"),
        ([special("x", tarfile.LNKTYPE, "later"), file_member("later")], "no earlier file"),
        ([link("l", "a"), file_member("a"), special("x", tarfile.LNKTYPE, "l")], "no earlier"),
        ([special("x", tarfile.CHRTYPE)], "a device"),
        ([special("x", tarfile.FIFOTYPE)], "a pipe"),
        ([file_member("x"), file_member("x/y")], "a folder that is a file"),
        ([file_member("x/y"), file_member("x")], "a file and a folder"),
        ([file_member("x" * 300)], "too long a path"),
        ([file_member("d/" * 70 + "x")], "too long a path"),
        ([file_member("abcdefg/" * 200 + "x")], "too long a path"),
    ],
)
def test_a_member_is_refused(tmp_path, target, members, words):
    path = make_tar(tmp_path / "a", file_member("good"), *members)
    target.mkdir()
    with pytest.raises(ArchiveError, match=words):
        extract_archive(path, target)
    assert unpacked(target) == []
    assert sorted(os.listdir(tmp_path)) == ["a", "target"]


def test_a_link_through_a_link_does_not_lead_out(tmp_path, target):
    # Word by word both stay inside; followed, the second leads above the folder.
    path = make_tar(
        tmp_path / "a",
        special("d/e", tarfile.DIRTYPE),
        link("d/e/up", "../.."),
        link("out", "d/e/up/../x"),
    )
    target.mkdir()
    with pytest.raises(ArchiveError, match="a link to"):
        extract_archive(path, target)
    assert unpacked(target) == []


@pytest.mark.parametrize(
    ["member", "words"],
    [
        (("../x", "", 0), "parent folder"),
        (("..\\x", "", 0), "parent folder"),
        (("/x", "", 0), "absolute path"),
        (("x", "/etc/passwd", stat.S_IFLNK | 0o777), "a link to '/etc/passwd'"),
        (("x", "a" * 5000, stat.S_IFLNK | 0o777), "too long a target"),
        (("x", "", stat.S_IFIFO | 0o644), "a pipe"),
    ],
)
def test_a_member_of_a_zip_is_refused(tmp_path, target, member, words):
    path = make_zip(tmp_path / "a.zip", ("good", "", 0), member)
    target.mkdir()
    with pytest.raises(ArchiveError, match=words):
        extract_archive(path, target)
    assert unpacked(target) == []


def test_a_link_that_lies_in_the_folder_is_not_followed(tmp_path, target):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "one").write_text("old")
    target.mkdir()
    (target / "d").symlink_to(outside)
    (target / "one").symlink_to(outside / "one")
    path = make_tar(tmp_path / "a", file_member("d/one"), file_member("one"))
    extract_archive(path, target)
    assert (outside / "one").read_text() == "old"
    assert not (target / "d").is_symlink() and (target / "d/one").read_bytes() == b"hello"
    assert not (target / "one").is_symlink()


def test_a_folder_in_the_place_of_a_file_is_kept(tmp_path, target):
    (target / "one").mkdir(parents=True)
    with pytest.raises(ArchiveError, match="is a folder, and the archive has a file"):
        extract_archive(make_tar(tmp_path / "a", file_member("one")), target)
    assert unpacked(target) == ["one"]


# ---- bombs and damage


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_what_expands_too_much_is_refused(tmp_path, target, monkeypatch, kind):
    monkeypatch.setattr(archives, "FREE_EXPANSION", 10_000)
    content = bytes(3_000_000)
    if kind == "tar":
        path = make_tar(tmp_path / "a", file_member("x", content))
    else:
        path = make_zip(tmp_path / "a", ("x", content, 0))
    with pytest.raises(ArchiveError, match="expand|at once|declares"):
        extract_archive(path, target)
    assert unpacked(target) == []


def test_a_header_that_declares_much_is_not_read_into_memory(tmp_path, target):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 2**32
    (tmp_path / "a").write_bytes(
        file_member("good")[0].tobuf() + b"hello".ljust(512, b"\0") + header.tobuf() + bytes(1024)
    )
    with pytest.raises(ArchiveError, match="declares 4294967296 bytes at once"):
        extract_archive(tmp_path / "a", target)
    assert unpacked(target) == []


def test_too_many_members_are_refused(tmp_path, target, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    path = make_tar(tmp_path / "a", *(file_member(str(number)) for number in range(4)))
    with pytest.raises(ArchiveError, match="more than 3"):
        extract_archive(path, target)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_damaged_archive(tmp_path, target, kind):
    content = os.urandom(100_000)
    if kind == "tar":
        path = make_tar(tmp_path / "a", file_member("x", content))
        path.write_bytes(path.read_bytes()[:50_000])
    else:
        path = make_zip(tmp_path / "a", ("x", content, 0))
        damaged = bytearray(path.read_bytes())
        damaged[50_000] ^= 1
        path.write_bytes(damaged)
    with pytest.raises(ArchiveError, match="is damaged or cannot be read"):
        extract_archive(path, target)
    assert unpacked(target) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path, target, monkeypatch):
    def full(self, count, name):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = make_tar(tmp_path / "a", file_member("x"))
    monkeypatch.setattr(archives._Stage, "spend", full)
    with pytest.raises(OSError, match="Unpacking .* failed: No space left"):
        extract_archive(path, target)
    assert unpacked(target) == []
