"""Which processes of this machine are still running: each holds a lock on a file of its own, beside the file of limits.

The system releases a lock when its process ends, however it ends; a frozen process keeps it. Where there are no such
locks (Windows), or the file is gone, a process counts as living.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Final

from typedpipes._core.forks import renew_in_children
from typedpipes.limits.policy import process_name

if sys.platform != "win32":
    import fcntl

OLD = 86_400.0
"""Seconds after which the file of a process that ended is removed."""


class Presence:
    """This process's own lock in ``folder``; let go of when nothing here uses that folder any more."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / process_name(), os.O_WRONLY | os.O_CREAT, 0o666)
        self.close = weakref.finalize(self, os.close, descriptor)
        """Let go of it, or, in a forked child, of the parent's: that stays locked as long as the parent lives."""
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX)


class _Present:
    """This process's locks, by folder."""

    def __init__(self) -> None:
        self.by_folder: weakref.WeakValueDictionary[str, Presence] = weakref.WeakValueDictionary()
        self.lock = threading.Lock()
        renew_in_children(self)

    def forked(self) -> None:
        """The child is another process: it must not keep its parent's locks when that has ended."""
        self.lock = threading.Lock()
        for presence in list(self.by_folder.values()):
            presence.close()
        self.by_folder.clear()


_present: Final = _Present()


def enter(folder: Path) -> Presence:
    """Be seen to live by those who share ``folder``, as long as the result is kept."""
    key = str(folder.absolute())
    with _present.lock:
        presence = _present.by_folder.get(key)
        if presence is None:
            presence = _present.by_folder[key] = Presence(folder)
        return presence


def has_ended(folder: Path, name: str) -> bool:
    """Whether the process ``name`` is known to have ended."""
    return name.isalnum() and name != process_name() and _unlocked(folder / name)


def sweep(folder: Path) -> None:
    """Remove the files of processes that ended long ago."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if time.time() - path.stat().st_mtime > OLD and _unlocked(path):
                path.unlink()


def _unlocked(path: Path) -> bool:
    if sys.platform == "win32":
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


__all__ = ["Presence", "enter", "has_ended", "sweep"]
