"""An exclusive lock on a file, released by the operating system when the process that holds it ends.

The lock excludes other processes and other openings in this one. It is advisory: only code that asks is kept out.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from typedpipes._core.own_files import open_own

if sys.platform == "win32":  # pragma: no cover - exercised on Windows only
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Lock on ``path``; the file is created if needed, and left in place so that all contenders meet on one inode."""

    __slots__ = ("_descriptor", "_mode", "path")

    def __init__(self, path: Path, mode: int = 0o600) -> None:
        self.path: Path = path
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
