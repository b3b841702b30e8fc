"""What one run of the command line has in common: options that every command takes, settings, stdout and stderr."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final

import attrs
import typer

from typedpipes.cli.failures import REDACTOR, CommandError, ExitCode, one_line
from typedpipes.errors import ConfigurationError
from typedpipes.model import JSON
from typedpipes.redaction import secret

PROGRAM: Final = "typedpipes"
SECRET_SETTING: Final = re.compile(r"(?:PIPEFY|PIPEDREAM|PIPEDRIVE)_(?:\w+_)?(?:TOKEN|SECRET|KEY)")


@attrs.define
class Session:
    """State of one run; the root context's ``obj``."""

    debug: bool = False
    json: bool = False
    env_file: Path | None = None

    def environment(self) -> dict[str, str]:
        """The settings: environment variables, then those of ``--env-file``, which they hide."""
        read = read_env_file(self.env_file) if self.env_file is not None else {}
        settings = {**read, **os.environ}
        for name, value in settings.items():
            if SECRET_SETTING.fullmatch(name):
                REDACTOR.add(secret(value.strip()))
        return settings

    def command(self, *words: str) -> str:
        """A command line of this program to copy, for the user's shell."""
        start = [PROGRAM]
        if Path(sys.argv[0]).name == "__main__.py":
            start = [sys.executable, "-m", "typedpipes.cli"]
        tail = ["--env-file", str(self.env_file)] if self.env_file is not None else []
        if os.name == "nt":
            return subprocess.list2cmdline([*start, *words, *tail])
        return shlex.join([*start, *words, *tail])


def session(context: typer.Context) -> Session:
    """The session of a command."""
    found = context.find_root().obj
    assert isinstance(found, Session)
    return found


def say(text: str) -> None:
    """Talk: one line on stderr."""
    sys.stderr.write(one_line(text) + "\n")
    sys.stderr.flush()


def emit(value: JSON, *, line: bool = False) -> None:
    """Data: one JSON document on stdout, indented on a terminal unless it is to be one ``line``."""
    indent = 2 if sys.stdout.isatty() and not line else None
    emit_text(json.dumps(value, ensure_ascii=not _unicode(), indent=indent))


def emit_text(text: str) -> None:
    """Data: text on stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def read_env_file(path: Path) -> dict[str, str]:
    """``NAME=value`` settings of a file; quotes as in a shell, ``#`` comments, ``export`` before them, nothing else.

    Nothing is expanded. Raises `ConfigurationError` with the line's number; the line itself may hold a secret and is
    not shown.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"{path} cannot be read: {reason}", setting="--env-file") from None
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


def _not_a_setting(path: Path, number: int) -> ConfigurationError:
    return ConfigurationError(
        f"{path}, line {number} is no setting of the form NAME=value (quote a value that holds spaces)",
        setting="--env-file",
    )


def state_file(name: str, option: str) -> Path:
    """A file in the user's state directory, which is made if need be."""
    import platformdirs

    folder = platformdirs.user_state_path("typedpipes", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"the state directory {folder} cannot be made: {error.strerror}", f"give {option}", ExitCode.CONFIGURATION
        ) from error
    return folder / name


def _debug(context: typer.Context, value: bool) -> bool:
    session(context).debug |= value
    return value


def _json(context: typer.Context, value: bool) -> bool:
    session(context).json |= value
    return value


def _env_file(context: typer.Context, value: Path | None) -> Path | None:
    if value is not None:
        session(context).env_file = value
    return value


Debug = Annotated[bool, typer.Option("--debug", callback=_debug, help="Show the traceback of an error.")]
Json = Annotated[
    bool,
    typer.Option("--json", callback=_json, help='One JSON document on stdout, also for an error ({"error": …}).'),
]
EnvFile = Annotated[
    Path | None,
    typer.Option(
        "--env-file", metavar="FILE", callback=_env_file, help="Settings as NAME=value lines; the environment wins."
    ),
]

__all__ = [
    "PROGRAM",
    "Debug",
    "EnvFile",
    "Json",
    "Session",
    "emit",
    "emit_text",
    "read_env_file",
    "say",
    "session",
    "state_file",
]
