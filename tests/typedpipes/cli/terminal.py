"""Commands on a real pseudo-terminal, and what a person sees on it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

CONTROL: Final = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|\r\n|[\r\n]")
STYLE: Final = re.compile(r"\x1b\[[0-9;]*m")
TIMEOUT: Final = 60.0
OWN_TERMINAL: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Makes its standard input the terminal whose Ctrl-C becomes a signal, then becomes the command in its arguments."""


class Screen:
    """The lines a terminal shows, styles included. Knows what rich and we write: lines are erased, then rewritten."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self.row = 0
        self.cursor_hidden = False

    def write(self, text: str) -> None:
        """Show more output."""
        end = 0
        for match in CONTROL.finditer(text):
            self.lines[self.row] += text[end : match.start()]
            end = match.end()
            self._control(match)
        self.lines[self.row] += text[end:]

    def _control(self, match: re.Match[str]) -> None:
        code, letter = match.group(1), match.group(2)
        if letter is None:
            if match.group().endswith("\n"):
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
        elif letter == "A":
            self.row -= int(code or 1)
        elif letter == "K":
            self.lines[self.row] = ""
        elif code == "?25":
            self.cursor_hidden = letter == "l"
        elif letter == "m":
            self.lines[self.row] += match.group()

    def plain(self) -> list[str]:
        """The lines without styles."""
        return [STYLE.sub("", line).rstrip() for line in self.lines]


class Terminal:
    """A process whose stdin, stdout and stderr are a terminal of ``columns`` by 40."""

    def __init__(self, words: Sequence[str | Path], columns: int, cwd: Path, env: Mapping[str, str]) -> None:
        self.screen = Screen()
        self.raw = b""
        self.frames: list[list[str]] = []
        """What the screen showed, each time something changed."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        settings = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", OWN_TERMINAL, *map(str, words)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**settings, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def until(self, seen: Callable[[list[str]], bool]) -> list[str]:
        """Wait for a screen with something on it and return its lines, styles included."""
        end = time.monotonic() + TIMEOUT
        while not seen(self.screen.plain()):
            assert time.monotonic() < end, self.screen.plain()
            assert self._read(), f"it ended before: {self.screen.plain()}"
        return list(self.screen.lines)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def end(self) -> int:
        """Wait for the end; returns the exit code."""
        deadline = time.monotonic() + TIMEOUT
        while self._read():
            assert time.monotonic() < deadline, self.screen.plain()
        return self.process.wait(TIMEOUT)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], TIMEOUT)[0]:
            return False
        data = b""
        with contextlib.suppress(OSError):  # what Linux says when the other end is closed
            data = os.read(self._master, 65536)
        self.raw += data
        self.screen.write(data.decode("utf-8", "replace"))
        if data:
            self.frames.append(self.screen.plain())
        return bool(data)


__all__ = ["STYLE", "Screen", "Terminal"]
