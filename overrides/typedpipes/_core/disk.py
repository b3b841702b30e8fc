"""Differences between operating systems in handling files.

Windows translates line ends unless told not to, and neither renames nor removes a file that is open. Some file systems
(FUSE, vfat, network shares) cannot sync a folder, or have no hard links.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import Final

WINDOWS: Final = sys.platform == "win32"
_ATTEMPTS: Final = 20
_PAUSE: Final = 0.05
"""Seconds between attempts to replace a file that another process reads."""
_CANNOT: Final = frozenset(
    number
    for name in ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EACCES", "EPERM", "EISDIR", "EBADF", "EROFS")
    if (number := getattr(errno, name, None)) is not None
)
"""What a file system says that cannot sync, or may not open what is to be synced; not that the disk is broken."""


def open_file(path: Path, flags: int, mode: int = 0o600) -> int:
    """`os.open` for bytes as they are, not inherited by programs this one starts."""
    return os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0), mode)


def sync_file(descriptor: int) -> None:
    """`os.fsync`, as far as the file system can. Raises OSError if the disk failed."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


def sync_directory(directory: Path) -> None:
    """Make a creation or rename in ``directory`` durable, as far as the system can. Raises OSError if the disk failed.

    A folder may be one that we may write and not read (mode 0300), or on a file system without such a thing.
    """
    if WINDOWS:  # folders cannot be opened there
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        return
    try:
        sync_file(descriptor)
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """`os.replace`; on Windows again for a second while another process has ``target`` open. Raises OSError."""
    for attempt in range(_ATTEMPTS):
        try:
            os.replace(source, target)  # noqa: PTH105  # with the number of attempts below
        except PermissionError:
            if not WINDOWS or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)
        else:
            return


def rename_new(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target``, which nothing may have yet. Raises FileExistsError, OSError."""
    if WINDOWS:  # refuses by itself to rename over a file
        source.rename(target)
        return
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here. Whoever creates the name first has it, and only we replace our own empty file.
        os.close(open_file(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        try:
            replace(source, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return
    try:
        source.unlink()
    except OSError:
        if not target.exists():
            raise


__all__ = ["WINDOWS", "open_file", "rename_new", "replace", "sync_directory", "sync_file"]
