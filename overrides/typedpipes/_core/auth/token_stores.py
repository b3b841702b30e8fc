"""Tokens in files, shared by the processes of one user on one machine; and in the system's keyring.

Each key has ``KEY.json`` (mode 0600, replaced atomically) and, while somebody renews it, ``KEY.lease``: who, and until
when. An operating system lock guards only the reading and writing of those files, never a request; a process that dies
leaves a lease that lapses.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, cast

from typedpipes._core.arguments import check_path
from typedpipes._core.disk import open_file, replace, sync_file
from typedpipes._core.file_lock import FileLock
from typedpipes._core.flow import Clock, SystemClock, timeline
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes._core.own_files import read_own
from typedpipes._core.redaction import while_whole
from typedpipes._core.tokens import Token
from typedpipes.configuration.folders import user_folder
from typedpipes.errors import ConfigurationError, MissingExtra

_LOCK_PATIENCE: Final = 5.0
_REMEDY: Final = "set XDG_STATE_HOME to a folder that can be written, or give token_cache='memory'"


class FileTokenStore:
    """Tokens below a directory of the user (``directory``; by default in the user's state directory)."""

    blocking = True

    def __init__(self, directory: str | os.PathLike[str] | None = None, *, clock: Clock | None = None) -> None:
        self.directory = check_path("token_cache", directory) if directory else _default_directory()
        self._clock: Clock = clock or SystemClock()

    def load(self, key: str) -> Token | None:
        """The token last saved under ``key``; a damaged file counts as none.

        Raises `ConfigurationError` for a file that others may have written: it is of another user, can be written by
        others, is a link, or lies in a folder that everybody can write.
        """
        path = self._path(key, "json")
        try:
            content = read_own(path)
            self._require_private(path)
            return Token.from_json(read_json(content))
        except (FileNotFoundError, NotJSON):
            return None
        except OSError as error:
            raise self._unusable(error) from error

    def save(self, key: str, token: Token) -> None:
        """Replace the token under ``key``, atomically and durably. Raises `ConfigurationError`."""
        try:
            self._write(self._path(key, "json"), token.to_json())
        except OSError as error:
            raise self._unusable(error) from error

    def delete(self, key: str) -> None:
        """Forget the token under ``key``. Raises `ConfigurationError`."""
        try:
            self._path(key, "json").unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def lease(self, key: str, owner: str, seconds: float) -> bool:
        """Try to become the one who renews ``key``. Raises `ConfigurationError` where nothing can be written."""
        path = self._path(key, "lease")
        now = {"wall": self._clock.wall(), "monotonic": self._clock.monotonic(), "timeline": timeline(self._clock)}
        try:
            with self._locked(key):
                held = _read(path)
                if held is not None and held.get("owner") != owner and self._lasts(held):
                    return False
                self._write(path, {"owner": owner, "seconds": seconds, **now}, durable=False)
                return True
        except OSError as error:
            raise self._unusable(error) from error

    def release(self, key: str, owner: str) -> None:
        """End ``owner``'s lease. Raises `ConfigurationError` if that cannot be done; it lapses then."""
        path = self._path(key, "lease")
        try:
            with self._locked(key):
                held = _read(path)
                if held is not None and held.get("owner") == owner:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def _lasts(self, held: dict[str, Any]) -> bool:
        try:
            seconds = float(held["seconds"])
            same = held["timeline"] == timeline(self._clock)
            now = self._clock.monotonic() if same else self._clock.wall()
            age = now - float(held["monotonic" if same else "wall"])
        except (KeyError, TypeError, ValueError):
            return False
        return 0 <= age < seconds

    def _require_private(self, path: Path) -> None:
        """Raise OSError if others can put another token in the place of ours."""
        if sys.platform == "win32":
            return
        folder = self.directory.stat().st_mode
        if folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
            raise OSError(errno.EPERM, f"every user can write the folder; chmod 700 {self.directory}")
        if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise OSError(errno.EPERM, f"other users can write {path.name}; remove it, and authorize again")

    def _path(self, key: str, suffix: str) -> Path:
        if not key.replace("-", "").replace("_", "").isalnum():
            raise ValueError("a token key has letters, digits, - and _ only")
        return self.directory / f"{key}.{suffix}"

    def _prepare(self) -> None:
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"the token directory {self.directory} cannot be used ({error.strerror or error}): {_REMEDY}",
            setting="token_cache",
        )

    def _write(self, path: Path, content: dict[str, Any], *, durable: bool = True) -> None:
        self._prepare()
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        descriptor = open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                if durable:
                    sync_file(file.fileno())
            replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        self._prepare()
        lock = FileLock(self._path(key, "lock"))
        try:
            give_up = time.monotonic() + _LOCK_PATIENCE
            while not lock.try_acquire():
                if time.monotonic() > give_up:
                    raise OSError(f"the token directory {self.directory} is locked by a process that does not continue")
                time.sleep(0.001)
            yield
        finally:
            lock.release()

    @while_whole
    def __repr__(self) -> str:
        return f"<FileTokenStore {self.directory}>"


class Keyring(Protocol):
    """What is used of the ``keyring`` package."""

    def get_password(self, service: str, username: str) -> str | None:
        """The entry, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Replace the entry."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove the entry."""
        ...


class KeyringTokenStore(FileTokenStore):
    """Tokens in the system's keyring (extra ``keyring``); only the leases are files."""

    def __init__(
        self,
        service: str = "typedpipes",
        *,
        keyring: Keyring | None = None,
        directory: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(directory, clock=clock)
        self._service = service
        self._keyring = keyring or _system_keyring()

    def load(self, key: str) -> Token | None:
        """The token last saved under ``key``."""
        try:
            return Token.from_json(read_json(self._keyring.get_password(self._service, key) or "null"))
        except NotJSON:
            return None

    def save(self, key: str, token: Token) -> None:
        """Replace the token under ``key``."""
        self._keyring.set_password(self._service, key, json.dumps(token.to_json()))

    def delete(self, key: str) -> None:
        """Forget the token under ``key``."""
        if self._keyring.get_password(self._service, key) is not None:
            self._keyring.delete_password(self._service, key)


def _default_directory() -> Path:
    folder = user_folder("state")
    if folder is None:
        raise ConfigurationError(f"this user has no home to keep tokens in: {_REMEDY}", setting="token_cache")
    return folder / "tokens"


def _system_keyring() -> Keyring:
    import importlib

    try:
        return cast(Keyring, importlib.import_module("keyring"))
    except ImportError as error:
        raise MissingExtra("keeping tokens in the keyring", extra="keyring", setting="token_store") from error


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = read_json(read_own(path))
    except (FileNotFoundError, NotJSON):
        return None
    return content if isinstance(content, dict) else None


__all__ = ["FileTokenStore", "Keyring", "KeyringTokenStore"]
