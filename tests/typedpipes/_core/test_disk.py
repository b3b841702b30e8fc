"""Files on systems and file systems that this machine is not: their refusals and flags are emulated, the files real."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from typedpipes._core import disk
from typedpipes._core.auth.token_stores import FileTokenStore
from typedpipes._core.file_lock import FileLock
from typedpipes._core.files.part_file import PartFile
from typedpipes._core.files.transfer import ResumePoint
from typedpipes._core.flow import SystemClock
from typedpipes._core.redaction import Secret
from typedpipes._core.tokens import Token
from typedpipes.errors import ConfigurationError, DownloadError
from typedpipes.pipefy import BulkItem
from typedpipes.pipefy.bulk.checkpoint import Checkpoint
from typedpipes.pipefy.exports.forms import FileFormStore
from typedpipes.pipefy.exports.journal import Journal

CONTENT = b"PK\x03\x04 a line\nand\r\nanother\x1a\n"
UNSYNCABLE = [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS]
UNLINKABLE = [errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EACCES, errno.EMLINK, errno.EXDEV]


def names(number: int) -> str:
    return errno.errorcode[number]


def refuse(number: int) -> Callable[..., None]:
    def call(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


def write(target: Path, *, overwrite: bool = False) -> None:
    """A whole download to ``target``, as far as files are concerned."""
    part = PartFile(target, identity="one", overwrite=overwrite)
    try:
        part.open()
        part.begin(ResumePoint(0, '"tag"', None, len(CONTENT)), 0)
        part.write(0, [CONTENT])
        part.commit()
    finally:
        part.close()


def a_token() -> Token:
    return Token(access=Secret("a"), life=60.0, wall=1.0, monotonic=1.0, timeline="here")


def write_every_kind(folder: Path) -> None:
    """Every file this package writes through a descriptor."""
    write(folder / "file.xlsx")
    Journal(folder / "journal").intend("key")
    FileFormStore(folder / "forms.json").put("key", "form")
    tokens = FileTokenStore(folder / "tokens")
    assert tokens.lease("key", "me", 5)
    tokens.save("key", a_token())
    tokens.release("key", "me")
    checkpoint = Checkpoint(folder / "checkpoint", "job")
    checkpoint.open(lambda item: None)
    checkpoint.begin(BulkItem())
    checkpoint.close()


def test_files_are_opened_as_bytes_where_the_system_makes_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary, opened, real = 1 << 30, [], os.open

    def fake(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if not Path(path).is_dir():
            opened.append((Path(path).name, bool(flags & binary)))
        return real(path, flags & ~binary, mode)

    monkeypatch.setattr(os, "O_BINARY", binary, raising=False)
    monkeypatch.setattr(os, "open", fake)
    write_every_kind(tmp_path)
    kinds = {re.sub(r"[.\d]*$", "", name).lstrip(".") for name, _ in opened}
    assert kinds >= {"file.xlsx.part", "journal", "forms.json", "key.lock", "key.lease", "key.json", "checkpoint.lock"}
    assert [name for name, as_bytes in opened if not as_bytes] == []


@pytest.mark.parametrize("number", UNSYNCABLE, ids=names)
def test_a_file_system_that_cannot_sync_makes_nothing_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "fsync", refuse(number))
    write_every_kind(tmp_path)
    assert (tmp_path / "file.xlsx").read_bytes() == CONTENT
    assert Journal(tmp_path / "journal").find("key") is not None
    assert FileTokenStore(tmp_path / "tokens").load("key") == a_token()


@contextmanager
def folders_refused(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[None]:
    """Folders cannot be opened for reading, as those of mode 0300; root may, so that it has to be emulated."""
    real = os.open

    def fake(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).is_dir():
            raise OSError(number, os.strerror(number))
        return real(path, flags, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fake)
        yield


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EINVAL], ids=names)
def test_a_folder_that_may_be_written_and_not_read_makes_nothing_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with folders_refused(monkeypatch, number):
        write_every_kind(tmp_path)
    assert (tmp_path / "file.xlsx").read_bytes() == CONTENT


def test_a_finished_download_is_no_failure_whatever_the_folder_says_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with folders_refused(monkeypatch, errno.EIO):
        write(tmp_path / "file.xlsx")
    assert (tmp_path / "file.xlsx").read_bytes() == CONTENT


def test_a_disk_that_fails_is_reported_and_leaves_nothing_under_the_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(DownloadError, match="cannot be written"):
        write(tmp_path / "file.xlsx")
    assert not (tmp_path / "file.xlsx").exists()
    with pytest.raises(ConfigurationError, match="journal"):
        Journal(tmp_path / "journal").intend("key")


@pytest.mark.parametrize("number", UNLINKABLE, ids=names)
def test_a_file_system_without_hard_links_finishes_a_download_and_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", refuse(number))
    write(tmp_path / "file.xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.xlsx"]
    assert (tmp_path / "file.xlsx").read_bytes() == CONTENT

    part = PartFile(tmp_path / "other", identity="one", overwrite=False)
    part.open()
    part.write(0, [CONTENT])
    (tmp_path / "other").write_bytes(b"theirs")
    with pytest.raises(DownloadError, match="appeared during the download"):
        part.commit()
    part.close()
    assert (tmp_path / "other").read_bytes() == b"theirs"


def test_a_rename_that_fails_without_hard_links_leaves_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(CONTENT)
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    monkeypatch.setattr(os, "replace", refuse(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        disk.rename_new(source, target)
    assert not target.exists()
    assert source.read_bytes() == CONTENT


class Windows:
    """What Windows does: a file that is open can be neither removed nor renamed, and renaming replaces nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = 0
        """How many more attempts find the target read by another process."""
        self.pauses: list[float] = []
        real_unlink, real_rename, real_replace = os.unlink, os.rename, os.replace
        monkeypatch.setattr(disk, "WINDOWS", True)
        monkeypatch.setattr("time.sleep", self.pauses.append)

        def refused(path: str | Path) -> None:
            found = Path(path).stat()
            if (found.st_dev, found.st_ino) in _opened():
                raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used", path)

        def unlink(path: str | Path, **more: int) -> None:
            if Path(path).exists():
                refused(path)
            real_unlink(path, **more)

        def rename(source: str | Path, target: str | Path) -> None:
            refused(source)
            if Path(target).exists():
                raise FileExistsError(errno.EEXIST, "Cannot create a file when that file already exists", target)
            real_rename(source, target)

        def replace(source: str | Path, target: str | Path) -> None:
            refused(source)
            if self.reads > 0:
                self.reads -= 1
                raise PermissionError(errno.EACCES, "Access is denied", target)
            real_replace(source, target)

        monkeypatch.setattr(os, "unlink", unlink)
        monkeypatch.setattr(os, "rename", rename)
        monkeypatch.setattr(os, "replace", replace)


def _opened() -> set[tuple[int, int]]:
    """The files this process has open."""
    found = set()
    for descriptor in range(256):
        with suppress(OSError):
            status = os.fstat(descriptor)
            found.add((status.st_dev, status.st_ino))
    return found


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    return Windows(monkeypatch)


@pytest.mark.parametrize("overwrite", [True, False])
def test_an_unfinished_file_is_closed_before_it_gets_its_name(
    tmp_path: Path, windows: Windows, overwrite: bool
) -> None:
    write(tmp_path / "file.xlsx", overwrite=overwrite)
    assert (tmp_path / "file.xlsx").read_bytes() == CONTENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.xlsx"]


def test_an_unfinished_file_is_closed_before_it_is_removed(tmp_path: Path, windows: Windows) -> None:
    part = PartFile(tmp_path / "file.xlsx", identity="one", overwrite=False)
    part.open()
    part.write(0, [CONTENT])  # nothing says what it is a part of: worthless
    part.close()
    assert list(tmp_path.iterdir()) == []

    part = PartFile(tmp_path / "file.xlsx", identity="one", overwrite=False)
    part.open()
    with pytest.raises(DownloadError, match="not enough space"):
        part.begin(ResumePoint(0, '"tag"', None, 1 << 60), 0)
    part.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_process_reads_is_replaced_when_it_is_done(tmp_path: Path, windows: Windows) -> None:
    store = FileTokenStore(tmp_path)
    store.save("key", a_token())
    windows.reads = 3
    store.save("key", a_token())
    assert len(windows.pauses) == 3
    assert sum(windows.pauses) <= 1


def test_a_file_that_another_process_never_lets_go_of_is_our_error(tmp_path: Path, windows: Windows) -> None:
    (tmp_path / "file.xlsx").write_bytes(b"old")
    windows.reads = 1_000
    with pytest.raises(DownloadError, match=r"file\.xlsx cannot be written"):
        write(tmp_path / "file.xlsx", overwrite=True)
    assert (tmp_path / "file.xlsx").read_bytes() == b"old"
    with pytest.raises(ConfigurationError, match="cannot be written"):
        FileFormStore(tmp_path / "forms.json").put("key", "form")
    tokens = FileTokenStore(tmp_path / "tokens")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        tokens.lease("key", "me", 5)
    assert [path.name for path in (tmp_path / "tokens").iterdir()] == ["key.lock"]


def test_a_lock_excludes_and_is_given_up(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.try_acquire()
    assert not second.try_acquire()
    first.release()
    assert second.try_acquire()
    second.release()


def test_the_folder_of_tokens_lies_in_that_of_all_other_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a folder of the author's would come between, if each did not ask for none."""
    import platformdirs

    def asked(name: str, *, appauthor: str | bool | None = None) -> Path:
        return Path("/state") / ("" if appauthor is False else name) / name

    monkeypatch.setattr(platformdirs, "user_state_path", asked)
    assert FileTokenStore().directory == FileFormStore().path.parent / "tokens" == Path("/state/typedpipes/tokens")


def test_ages_are_comparable_between_processes_only_where_the_boot_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off Linux each process has a timeline of its own, and the wall clock is used between them."""
    from typedpipes._core import flow

    read = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda self, *a: read(self / "not there", *a))
    flow._boot.cache_clear()
    try:
        assert flow.timeline(SystemClock()).startswith("process:")
        store = FileTokenStore(Path(os.devnull).parent)
        clock = SystemClock()
        here = {"timeline": "process:another", "wall": clock.wall() - 5, "monotonic": 0.0, "seconds": 60.0}
        assert store._lasts(here)
        assert not store._lasts({**here, "wall": clock.wall() - 61})
    finally:
        flow._boot.cache_clear()
