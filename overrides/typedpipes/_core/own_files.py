"""Files that only this package makes: created exclusively, and never opened through links."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from typedpipes._core import disk

_SAFELY = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_TRIES = 10


def open_own(path: Path, mode: int = 0o600) -> int:
    """A descriptor of ``path`` for reading and writing; created with ``mode`` less the umask if it is not there.

    Raises OSError for a link, a device, a pipe, and whatever else is no regular file.
    """
    for _ in range(_TRIES):  # it may vanish and appear between the two
        with suppress(FileExistsError):
            return disk.open_file(path, _SAFELY | os.O_CREAT | os.O_EXCL, mode)
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
    descriptor = disk.open_file(temporary, _SAFELY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            disk.sync_file(file.fileno())
        disk.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _open_regular(path: Path, flags: int) -> int:
    try:
        descriptor = disk.open_file(path, flags)
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
