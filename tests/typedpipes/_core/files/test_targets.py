"""Where a download goes: never through a link, never in place of what is no file, with the mode that was there."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.typedpipes._core.files.fetching import Fetch
from tests.typedpipes._core.files.file_server import FileServer
from tests.typedpipes.pipefy.exports.fake_time import MODES
from typedpipes._core.files.part_file import check_target
from typedpipes.errors import DownloadError

CONTENT = os.urandom(300_000)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.fixture(params=MODES)
def either(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", ["jobs.csv.part", "jobs.csv.part.json", "jobs.csv.part.json.new"])
@pytest.mark.parametrize("kind", ["symlink", "dangling", "hard link"])
def test_a_link_in_the_folder_is_not_followed(
    host: FileServer,
    tmp_path: Path,
    either: str,
    name: str,
    kind: str,
) -> None:
    host.put("f", CONTENT)
    folder = tmp_path / "downloads"
    folder.mkdir()
    victim = tmp_path / "victim"
    if kind != "dangling":
        victim.write_bytes(b"precious")
    if kind == "hard link":
        os.link(victim, folder / name)
    else:
        (folder / name).symlink_to(victim)
    if name.endswith(".part"):
        with pytest.raises(DownloadError, match="remove it"):
            Fetch(host, folder / "jobs.csv", either)()
        assert host.log == []
    else:
        Fetch(host, folder / "jobs.csv", either)()
        assert (folder / "jobs.csv").read_bytes() == CONTENT
    assert victim.exists() == (kind != "dangling")
    assert kind == "dangling" or victim.read_bytes() == b"precious"


def test_a_pipe_in_place_of_the_part_file_neither_hangs_nor_is_written_to(host: FileServer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "jobs.csv.part")
    with pytest.raises(DownloadError, match="no regular file"):
        Fetch(host, tmp_path / "jobs.csv")()
    (tmp_path / "jobs.csv.part").unlink()
    host.put("f", CONTENT)
    os.mkfifo(tmp_path / "jobs.csv.part.json")
    Fetch(host, tmp_path / "jobs.csv")()
    assert (tmp_path / "jobs.csv").read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "link", "link to a device"])
def test_a_target_that_is_no_regular_file_is_refused_and_stays(
    host: FileServer,
    tmp_path: Path,
    either: str,
    kind: str,
) -> None:
    target = tmp_path / "jobs.csv"
    if kind == "fifo":
        os.mkfifo(target)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            os.chdir(tmp_path)
            listener.bind("jobs.csv")
    elif kind == "device":
        target = Path("/dev/full")
    elif kind == "link":
        (tmp_path / "real").write_bytes(b"precious")
        target.symlink_to("real")
    else:
        target.symlink_to("/dev/full")
    before = target.lstat()
    with pytest.raises(DownloadError, match=r"no regular file|is a link"):
        Fetch(host, target, either)()
    with pytest.raises(DownloadError):
        check_target(target, overwrite=True)
    after = target.lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)
    assert host.log == []


@pytest.mark.parametrize("bits", [0o664, 0o600, 0o644, 0o440])
def test_mode_and_owner_of_an_existing_file_stay(host: FileServer, tmp_path: Path, either: str, bits: int) -> None:
    host.put("f", CONTENT)
    target = tmp_path / "jobs.csv"
    target.write_bytes(b"old")
    target.chmod(bits)
    if os.geteuid() == 0:
        os.chown(target, 1234, 2345)
    before = target.stat()
    Fetch(host, target, either)()
    after = target.stat()
    assert target.read_bytes() == CONTENT
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_new_file_follows_the_umask(host: FileServer, tmp_path: Path, either: str) -> None:
    host.put("f", CONTENT)
    Fetch(host, tmp_path / "jobs.csv", either)()
    assert permissions(tmp_path / "jobs.csv") == 0o640


def test_a_full_disk_leaves_nothing(
    host: FileServer,
    tmp_path: Path,
    either: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host.put("f", CONTENT)
    real, left = os.write, [100_000]

    def write(descriptor: int, data: bytes) -> int:
        if len(data) > 5000:  # a piece of the file
            left[0] -= len(data)
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(DownloadError, match="full"):
        Fetch(host, tmp_path / "jobs.csv", either)()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_full_for_the_notes_leaves_nothing(
    host: FileServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host.put("f", CONTENT)
    real, count = os.fsync, [0]

    def fsync(descriptor: int) -> None:
        count[0] += 1
        if count[0] == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(DownloadError, match="full"):
        Fetch(host, tmp_path / "jobs.csv")()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_stands_where_the_unfinished_file_would_be_is_refused_before_anything_is_spent(
    tmp_path: Path, kind: str
) -> None:
    part = tmp_path / "jobs.csv.part"
    if kind == "link":
        part.symlink_to(tmp_path / "victim")
    elif kind == "folder":
        part.mkdir()
    else:
        os.mkfifo(part)
    with pytest.raises(DownloadError, match=r"jobs\.csv\.part is a link or no regular file; remove it"):
        check_target(tmp_path / "jobs.csv", overwrite=True)


@pytest.mark.parametrize(("name", "told"), [("x" * 250, "too long"), ("x" * 5000, "too long"), ("a\0b", "no path")])
def test_a_name_that_no_file_can_have_is_refused_before_anything_is_spent(tmp_path: Path, name: str, told: str) -> None:
    """250 characters are a name, but not with what the unfinished file adds."""
    with pytest.raises(DownloadError, match=told):
        check_target(tmp_path / name, overwrite=False)
