"""Files that only this package makes, opened never through links; and an exclusive lock on one, given up by the
operating system when its holder dies.

The lock excludes other processes and other openings in this one. It is advisory: only code that asks is kept out.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":  # pragma: no cover - exercised on Windows only
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_SAFELY = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_TRIES = 10


def open_own(path: Path, mode: int = 0o600) -> int:
    """A descriptor of ``path`` for reading and writing; created with ``mode`` less the umask if it is not there.

    Raises OSError for a link, a device, a pipe, and whatever else is no regular file.
    """
    for _ in range(_TRIES):  # it may vanish and appear between the two
        with suppress(FileExistsError):
            return os.open(path, _SAFELY | os.O_CREAT | os.O_EXCL, mode)
        with suppress(FileNotFoundError):
            return _open_regular(path, _SAFELY)
    raise OSError(errno.EAGAIN, f"{path} comes and goes; somebody else is using the name", str(path))


def read_own(path: Path) -> bytes:
    """The content of ``path``. Raises OSError for what is no regular file of this user."""
    with os.fdopen(_open_regular(path, _SAFELY & ~os.O_RDWR | os.O_RDONLY), "rb") as file:
        require_own(path, file.fileno())
        return file.read()


def require_own(path: Path, descriptor: int) -> None:
    """Raise OSError if the open file is another user's, or has a second name."""
    about = os.fstat(descriptor)
    if hasattr(os, "geteuid") and (about.st_uid != os.geteuid() or about.st_nlink > 1):
        whose = "has a second name (a hard link)" if about.st_uid == os.geteuid() else "belongs to another user"
        raise OSError(errno.ELOOP, f"{path} {whose}; remove it", str(path))


def replace_own(path: Path, content: bytes) -> None:
    """Replace the file ``path`` in one step; durable but for the folder. A failure leaves nothing beside it."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)  # of a process that died, or a link that somebody put there
    descriptor = os.open(temporary, _SAFELY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _open_regular(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO):
            raise _irregular(path) from error
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise _irregular(path)


def _irregular(path: Path) -> OSError:
    return OSError(errno.ELOOP, f"{path} is a link or no regular file; remove it", str(path))


class FileLock:
    """Lock on ``path``; the file is created if needed, and left in place so that all contenders meet on one inode."""

    __slots__ = ("_descriptor", "_mode", "path")

    def __init__(self, path: Path, mode: int = 0o600) -> None:
        self.path = path
        self._mode = mode
        self._descriptor: int | None = None

    def try_acquire(self) -> bool:
        """Take the lock if it is free, without waiting. Raises OSError if the file cannot be opened."""
        descriptor = open_own(self.path, self._mode)
        try:
            _try_lock(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            if sys.platform == "win32":  # msvcrt reports contention as PermissionError
                return False
            raise
        self._descriptor = descriptor
        return True

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    @property
    def descriptor(self) -> int:
        """The locked file, open for reading and writing; -1 if not held."""
        return -1 if self._descriptor is None else self._descriptor

    def release(self) -> None:
        """Give the lock up; harmless if it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def sync_directory(directory: Path) -> None:
    """Make a creation or rename in ``directory`` durable, where the platform can open directories."""
    if sys.platform == "win32":  # pragma: no cover - directories cannot be opened there
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
