"""The user's folders, also where there are none: a container's user may have no home, or one that cannot be written.

``config`` holds the profile file, ``state`` what has to outlive a process (counts of budgets, tokens, journals).
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import Final, Literal

from typedpipes.errors import ConfigurationError
from typedpipes.events import logger

_told: Final[set[Path]] = set()
_lock: Final = threading.Lock()


def user_folder(kind: Literal["config", "state"]) -> Path | None:
    """Our folder in the user's home, whether it exists or not. None: this user has no home.

    The environment variable ``TYPEDPIPES_STATE`` names another folder for the state.
    """
    if kind == "state" and os.environ.get("TYPEDPIPES_STATE"):
        return Path(os.environ["TYPEDPIPES_STATE"]).absolute()
    import platformdirs

    find = platformdirs.user_config_path if kind == "config" else platformdirs.user_state_path
    try:
        folder = find("typedpipes", appauthor=False)
    except (RuntimeError, KeyError, OSError):  # no HOME, and no entry in the password file
        return None
    return folder if folder.is_absolute() else None  # a "~" that nothing replaced


def state_folder(todo: str, setting: str) -> Path:
    """The state folder, created if needed; if that fails, one below the system's temporary folder, logged once.

    Raises `ConfigurationError` that says ``todo`` if there is no place at all.
    """
    own = user_folder("state")
    reason = "this user has no home" if own is None else _unusable(own)
    if own is not None and reason is None:
        return own
    where = "nowhere" if own is None else str(own)
    try:
        other = Path(tempfile.gettempdir()) / f"typedpipes-{os.getuid() if hasattr(os, 'getuid') else os.getlogin()}"
    except OSError:
        raise _nowhere(where, reason, todo, setting) from None
    if _unusable(other) is not None or not _private(other):
        raise _nowhere(where, reason, todo, setting)
    with _lock:
        first = other not in _told
        _told.add(other)
    if first:
        logger.warning(
            "state cannot be kept in %s (%s): it goes to %s, which the system may empty at any time; to keep it, %s",
            where,
            reason,
            other,
            todo,
        )
    return other


def _unusable(folder: Path) -> str | None:
    """Why nothing can be written in ``folder``, which is made if need be; None: it can."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return error.strerror or type(error).__name__
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return "it is not writable"
    return None


def _private(folder: Path) -> bool:
    """Whether a folder in a place that all may write to is ours alone: nobody put it, or a link, there before us."""
    if os.name != "posix":
        return True
    try:
        found = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _nowhere(where: str, reason: str | None, todo: str, setting: str) -> ConfigurationError:
    return ConfigurationError(
        f"state can be kept neither in {where} ({reason}) nor in the temporary folder: {todo}", setting=setting
    )


__all__ = ["state_folder", "user_folder"]
