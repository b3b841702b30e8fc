"""State of one run of the command line: options that every command takes, settings, stdout and stderr."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import attrs
import typer

from typedpipes._core.decoding.model import JSON
from typedpipes._core.redaction import secret
from typedpipes.cli.failures import REDACTOR, CommandError, ExitCode, one_line
from typedpipes.configuration import Configuration, configuration
from typedpipes.configuration.folders import user_folder
from typedpipes.configuration.settings import SETTINGS

PROGRAM: Final = "typedpipes"
SECRETS: Final = frozenset(setting.variable for setting in SETTINGS if setting.secret and setting.key != "limits")


@attrs.define
class Session:
    """State of one run; the root context's ``obj``."""

    debug: bool = False
    json: bool = False
    env_file: Path | None = None
    config: Path | None = None
    profile: str | None = None

    def environment(self) -> Configuration:
        """The settings: environment variables, what ``--env-file`` adds, what the profile adds."""
        settings = configuration(profile=self.profile, config=self.config, env_file=self.env_file)
        protect(settings)
        return settings

    def command(self, *words: str) -> str:
        """A command line of this program to copy, for the user's shell."""
        start = [PROGRAM]
        if Path(sys.argv[0]).name == "__main__.py":
            start = [sys.executable, "-m", "typedpipes.cli"]
        given = {"--env-file": self.env_file, "--config": self.config, "--profile": self.profile}
        tail = [word for option, value in given.items() if value is not None for word in (option, str(value))]
        if os.name == "nt":
            return subprocess.list2cmdline([*start, *words, *tail])
        return shlex.join([*start, *words, *tail])


def protect(settings: Mapping[str, str]) -> None:
    """From here on no message of this run shows a secret among ``settings``."""
    for name in SECRETS & settings.keys():
        REDACTOR.add(secret(settings[name].strip()))


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


def state_file(name: str, option: str) -> Path:
    """A file in the user's state directory, which is made if need be."""
    folder = user_folder("state")
    if folder is None:
        raise CommandError(
            "this user has no home, so there is no state directory", f"give {option}", ExitCode.CONFIGURATION
        )
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


def _config(context: typer.Context, value: Path | None) -> Path | None:
    if value is not None:
        session(context).config = value
    return value


def _profile(context: typer.Context, value: str | None) -> str | None:
    if value is not None:
        session(context).profile = value
    return value


Debug = Annotated[bool, typer.Option("--debug", callback=_debug, help="Show the traceback of an error.")]
Json = Annotated[
    bool,
    typer.Option("--json", callback=_json, help='JSON on stdout, also for an error ({"error": …}).'),
]
EnvFile = Annotated[
    Path | None,
    typer.Option(
        "--env-file", metavar="FILE", callback=_env_file, help="Settings as NAME=value lines; the environment wins."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        callback=_config,
        help="The profile file. Default: TYPEDPIPES_CONFIG, ./typedpipes.toml, then that of your user.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        callback=_profile,
        help="Which profile. Default: TYPEDPIPES_PROFILE, then 'default'.",
    ),
]

__all__ = [
    "PROGRAM",
    "Config",
    "Debug",
    "EnvFile",
    "Json",
    "Profile",
    "Session",
    "emit",
    "emit_text",
    "protect",
    "say",
    "session",
    "state_file",
]
