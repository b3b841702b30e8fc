"""The command line as real processes against the sandbox."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from tests.support import forked
from tests.typedpipes_codegen.refresh.conftest import checkout, sandbox, server
from typedpipes_sandbox import ExportSettings, Sandbox, SandboxSettings

__all__ = ["checkout", "cli", "command_line", "sandbox", "server"]

START = (sys.executable, "-m", "typedpipes.cli")


@attrs.frozen
class Ended:
    """How a process ended."""

    code: int
    out: str
    talk: str

    @property
    def lines(self) -> list[str]:
        """The lines of an error."""
        return self.talk.strip().splitlines()


class CommandLine:
    """Runs commands in a folder, home and state directory of their own."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox = sandbox
        self.home = home
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        own = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "PYTHONWARNINGS": "error::ResourceWarning"}
        self.environment = {**kept, **own, "PYTHONUTF8": "1", "COLUMNS": "80", **sandbox.environment()}

    def settings(self, changes: dict[str, str | None]) -> dict[str, str]:
        """The environment with changes; None takes a variable away."""
        return {name: value for name, value in {**self.environment, **changes}.items() if value is not None}

    def run(self, *words: str, **changes: str | None) -> Ended:
        """Run a command to its end."""
        done = forked.run("typedpipes.cli", *words, cwd=self.home, env=self.settings(changes))
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [*START, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=self.home,
            env=self.environment,
        )

    def repeat(self, printed: str) -> Ended:
        """Run a command line that was printed, as a shell would."""
        words = shlex.split(printed)
        assert tuple(words[:3]) == START
        return self.run(*words[3:])


@pytest.fixture
def command_line(tmp_path: Path) -> Iterator[Callable[..., CommandLine]]:
    """Makes a command line with a sandbox of its own; keyword arguments are those of `ExportSettings`."""
    opened: list[Sandbox] = []

    def make(**exports: object) -> CommandLine:
        made = Sandbox(SandboxSettings(exports=ExportSettings(**exports)))  # type: ignore[arg-type]  # by name
        opened.append(made)
        made.start()
        return CommandLine(made, tmp_path)

    yield make
    for started in opened:
        started.stop()


@pytest.fixture
def cli(command_line: Callable[..., CommandLine]) -> CommandLine:
    """A command line with an ordinary sandbox."""
    return command_line()
