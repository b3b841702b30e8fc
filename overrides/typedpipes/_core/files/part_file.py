"""The unfinished file beside its final name, and the atomic step from one to the other.

``NAME.part`` holds the bytes, ``NAME.part.json`` what is needed to continue: which file it is, its entity tag and
length. A process that ended leaves both, and the next one continues. After a crash of the machine only the bytes that
are known to be synced count.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import attrs
import msgspec

from typedpipes._core import disk
from typedpipes._core.file_lock import FileLock
from typedpipes._core.files.transfer import ResumePoint
from typedpipes._core.flow import Flow, SystemClock, call, timeline
from typedpipes._core.json_reader import read_json
from typedpipes._core.own_files import read_own, replace_own, require_own
from typedpipes.errors import DownloadError

VERSION: Final = 1
PART: Final = ".part"
NOTES: Final = ".part.json"
SPARE: Final = 16 << 20
"""Bytes of free space left to others."""
START_EVERY: Final = 16 << 20
"""Bytes after which the operating system is asked to begin writing."""


def check_target(target: Path, *, overwrite: bool) -> None:
    """Raise `DownloadError` if ``target`` certainly cannot be written, before anything is spent on it.

    A file is replaced as a whole, so a device, a pipe, a socket or a link would be lost, and is refused. So is what
    stands where the unfinished file would be.
    """
    _check_name(target)
    folder = target.parent
    there = _there(target)
    if target.is_dir():
        raise DownloadError(f"{target} is a folder; give the path of a file")
    if there is not None and stat.S_ISLNK(there.st_mode):
        raise DownloadError(f"{target} is a link, which is not followed; give the path of the file itself")
    if there is not None and not stat.S_ISREG(there.st_mode):
        raise DownloadError(f"{target} is no regular file (a device, a pipe or a socket); give the path of a file")
    if there is not None and not overwrite:
        raise DownloadError(f"{target} exists already; pass overwrite=True to replace it")
    if there is not None and hasattr(os, "geteuid") and os.geteuid() not in (0, there.st_uid):
        raise DownloadError(f"{target} belongs to another user and would become yours; give another path, or remove it")
    if not folder.is_dir():
        raise DownloadError(f"{target} cannot be written: the folder {folder} does not exist")
    if not os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise DownloadError(f"{target} cannot be written: {folder} is not writable")
    part = target.with_name(target.name + PART)
    unfinished = _there(part)
    if unfinished is not None and not stat.S_ISREG(unfinished.st_mode):
        raise DownloadError(f"{target} cannot be written: {part} is a link or no regular file; remove it")


def _check_name(target: Path) -> None:
    try:
        if target.name:
            target.with_name(target.name + NOTES + ".new").lstat()  # the longest name that is made
    except ValueError as error:
        raise DownloadError(f"{str(target)!r} is no path: {error}") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise DownloadError(f"{target} cannot be written: its name is too long") from error


def _there(target: Path) -> os.stat_result | None:
    try:
        return target.lstat()
    except OSError:
        return None


_Header: TypeAlias = "Annotated[str, msgspec.Meta(pattern=r'^[\\x20-\\x7e]*$')] | None"


class _Notes(msgspec.Struct, kw_only=True):
    """What ``NAME.part.json`` holds."""

    v: int
    identity: str
    etag: _Header
    modified: _Header
    total: Annotated[int, msgspec.Meta(ge=0)] | None
    synced: Annotated[int, msgspec.Meta(ge=0)]
    boot: str


class PartFile:
    """Writes ``target`` through ``target.part``. ``identity`` names the content, so that no other file is continued.

    Every method raises `DownloadError` with a clear message for what the file system refuses.
    """

    def __init__(self, target: Path, *, identity: str, overwrite: bool) -> None:
        self.target = target
        self.path = target.with_name(target.name + PART)
        self._notes = target.with_name(target.name + NOTES)
        self._identity = identity
        self._overwrite = overwrite
        there = _there(target)
        # Not more open than what it replaces; of a new file the umask decides.
        self._lock = FileLock(self.path, 0o666 if there is None else stat.S_IMODE(there.st_mode) & 0o666)
        self._point = ResumePoint()
        self._size = self._started = 0
        self._done = False

    def open(self) -> ResumePoint:
        """Reserve the file; returns where to continue. Fails before any download if the file cannot be written."""
        with self._translated():
            check_target(self.target, overwrite=self._overwrite)
            while True:
                if not self._lock.try_acquire():
                    raise DownloadError(f"another process is downloading to {self.target} right now")
                if self._is_current():
                    break
                self._lock.release()  # its last holder renamed it in this moment
            require_own(self.path, self._lock.descriptor)
            self._point = self._load()
            self._size = os.fstat(self._lock.descriptor).st_size
            self._cut(self._point.offset)
            return attrs.evolve(self._point)

    def begin(self, point: ResumePoint, offset: int) -> None:
        """Bytes of the content ``point`` describes follow from ``offset`` on; checks that there is room for them."""
        with self._translated():
            # In this order: old bytes must never stand beside the notes of new content.
            self._cut(offset)
            self._point = attrs.evolve(point)
            if point.total is not None:
                free = shutil.disk_usage(self.path.parent).free
                missing = point.total - offset
                if missing + SPARE > free:
                    self._discard()
                    raise DownloadError(
                        f"not enough space in {self.path.parent}: {missing} bytes are to come, {free} are free"
                    )
            self._save(synced=0)

    def write(self, offset: int, pieces: Sequence[bytes]) -> None:
        """Write at ``offset``: the end of what there is, or before it to overwrite the rest."""
        with self._translated():
            self._cut(offset)
            for piece in pieces:
                view = memoryview(piece)
                while view:
                    view = view[os.write(self._lock.descriptor, view) :]
                self._size += len(piece)
            if self._size - self._started >= START_EVERY and hasattr(os, "posix_fadvise"):
                # Has the disk begin now, without waiting for it: the final sync then finds little left to do.
                length = self._size - self._started
                os.posix_fadvise(self._lock.descriptor, self._started, length, os.POSIX_FADV_DONTNEED)
                self._started = self._size

    def commit(self) -> None:
        """Make the bytes durable and give them their final name, in one step that cannot be seen half done."""
        with self._translated():
            check_target(self.target, overwrite=True)  # again: it may have become something else meanwhile
            self._take_mode_and_owner()
            disk.sync_file(self._lock.descriptor)
            if disk.WINDOWS:  # an open file cannot be renamed there
                self._lock.release()
            if self._overwrite:
                disk.replace(self.path, self.target)
            else:
                self._rename_new()
            self._done = True
        # The file is whole and has its name: nothing that happens to the rest makes the download a failure.
        with suppress(OSError):
            self._notes.unlink(missing_ok=True)
        with suppress(OSError):
            disk.sync_directory(self.target.parent)

    def close(self) -> None:
        """Let go of the file; what was fetched stays for the next attempt unless it is worthless."""
        if not self._done and self._lock.held:
            with suppress(OSError):
                if self._size and self._point.validator is not None:
                    self._checkpoint()
                else:
                    self._discard()
        self._lock.release()

    def _cut(self, offset: int) -> None:
        if offset > self._size:
            raise DownloadError(f"{self.path} was changed by somebody else; remove it and start again")
        if offset < self._size:
            os.ftruncate(self._lock.descriptor, offset)
            self._started = min(self._started, offset)
        self._size = offset
        os.lseek(self._lock.descriptor, offset, os.SEEK_SET)

    def _take_mode_and_owner(self) -> None:
        there = _there(self.target)
        if there is None or sys.platform == "win32":
            return
        ours = os.fstat(self._lock.descriptor)
        if (there.st_uid, there.st_gid) != (ours.st_uid, ours.st_gid):
            with suppress(PermissionError):  # a group that one is not a member of cannot be given
                os.fchown(self._lock.descriptor, there.st_uid, there.st_gid)
        os.fchmod(self._lock.descriptor, stat.S_IMODE(there.st_mode))

    def _rename_new(self) -> None:
        try:
            disk.rename_new(self.path, self.target)
        except FileExistsError as error:
            raise DownloadError(f"{self.target} appeared during the download; it was not replaced") from error

    def _is_current(self) -> bool:
        try:
            there, ours = self.path.stat(), os.fstat(self._lock.descriptor)
        except FileNotFoundError:
            return False
        return (there.st_ino, there.st_dev) == (ours.st_ino, ours.st_dev)

    def _load(self) -> ResumePoint:
        size = os.fstat(self._lock.descriptor).st_size
        try:
            notes = msgspec.convert(read_json(read_own(self._notes)), _Notes)
        except (OSError, ValueError):  # damaged, somebody else's, or not there
            return ResumePoint()
        if notes.v != VERSION or notes.identity != self._identity:
            return ResumePoint()
        # Within one boot the page cache survives a killed process; after a crash only synced bytes count.
        known = size if notes.boot == timeline(SystemClock()) else min(size, notes.synced)
        point = ResumePoint(known, notes.etag, notes.modified, notes.total)
        if point.validator is None or (point.total is not None and known > point.total):
            return ResumePoint()
        return point

    def _checkpoint(self) -> None:
        disk.sync_file(self._lock.descriptor)
        self._save(synced=self._size)

    def _save(self, *, synced: int) -> None:
        notes = _Notes(
            v=VERSION,
            identity=self._identity,
            etag=self._point.etag,
            modified=self._point.modified,
            total=self._point.total,
            synced=synced,
            boot=timeline(SystemClock()),
        )
        replace_own(self._notes, msgspec.json.encode(notes))

    def _discard(self) -> None:
        self._done = True
        if disk.WINDOWS:  # an open file cannot be removed there
            self._lock.release()
        for path in (self._notes, self.path):
            path.unlink(missing_ok=True)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                with suppress(OSError):
                    self._discard()
                raise DownloadError(
                    f"the disk of {self.target.parent} is full; the unfinished file was removed"
                ) from error
            reason = {
                errno.ENOENT: f"the folder {self.target.parent} does not exist",
                errno.EACCES: f"{self.target.parent} is not writable",
                errno.EPERM: f"{self.target.parent} is not writable",
                errno.EROFS: f"{self.target.parent} is on a read-only file system",
            }.get(error.errno or 0, error.strerror or type(error).__name__)
            raise DownloadError(f"{self.target} cannot be written: {reason}") from error


# Writing to disk while the network continues.

Write: TypeAlias = Callable[[int, Sequence[bytes]], None]


class WriteBehind:
    """Runs ``write`` on one thread of its own, one piece behind its caller at most.

    An error of a piece is raised by the next call. Nothing else may touch the file between `put` and `settle`.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Future[None] | None = None

    def put(self, offset: int, pieces: Sequence[bytes]) -> Flow[None]:
        """Begin to write ``pieces`` at ``offset``, after waiting for the piece before them."""
        yield from self.settle()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "typedpipes-download")
        self._under_way = self._thread.submit(self._write, offset, pieces)

    def settle(self) -> Flow[None]:
        """Wait for the piece under way and raise its error."""
        under_way, self._under_way = self._under_way, None
        if under_way is None:
            return
        if under_way.done():
            under_way.result()
        else:
            yield from call(under_way.result, blocking=True)

    def last(self, offset: int, pieces: Sequence[bytes]) -> Flow[None]:
        """Write ``pieces`` at ``offset`` and return when they are written; a small file needs no thread."""
        yield from self.settle()
        yield from call(partial(self._write, offset, pieces), blocking=True)

    def close(self) -> None:
        """Wait for the piece under way and end the thread; harmless when repeated."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()
