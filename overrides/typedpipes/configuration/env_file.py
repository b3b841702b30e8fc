"""Reads a ``.env`` file."""

from __future__ import annotations

import os
import shlex

from typedpipes._core.arguments import check_path
from typedpipes.errors import ConfigurationError


def read_env_file(path: str | os.PathLike[str]) -> dict[str, str]:
    """``NAME=value`` settings of a file; quotes as in a shell, ``#`` comments, ``export`` before them, nothing else.

    Nothing is expanded. Raises `ConfigurationError` with the line's number; the line itself may hold a secret and is
    not shown.
    """
    try:
        lines = check_path("env_file", path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"{os.fspath(path)} cannot be read: {reason}", setting="env_file") from None
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            raise _not_a_setting(path, number) from None
        for word in words[1:] if words[:1] == ["export"] else words:
            name, equals, value = word.partition("=")
            if not equals or not name.isidentifier() or not name.isascii():
                raise _not_a_setting(path, number)
            settings[name] = value
    return settings


def _not_a_setting(path: str | os.PathLike[str], number: int) -> ConfigurationError:
    return ConfigurationError(
        f"{os.fspath(path)}, line {number} is no setting of the form NAME=value (quote a value that holds spaces)",
        setting="env_file",
    )


__all__ = ["read_env_file"]
