"""What a person sees on a terminal: wide, narrow, without colour, in plain ASCII; and Ctrl-C as a key."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typedpipes.cli.conftest import START, CommandLine
from tests.typedpipes.cli.terminal import Terminal
from typedpipes_sandbox import Fault

HOUR = 3600
EXPORT = ("export", "automation-jobs", "--period", "last_month", "--output", "jobs.csv")
CONTENT = b"Job ID,Status\n" + b"".join(b"%d,finished\n" % number for number in range(20_000))
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}


def opened(cli: CommandLine, *words: str, columns: int, **settings: str) -> Terminal:
    """A command of the sandbox's user on a terminal."""
    return Terminal([*START, *words], columns, cli.home, {**cli.environment, **settings})


def shows(*words: str) -> Callable[[list[str]], bool]:
    """Whether each word is on the screen."""
    return lambda lines: all(word in "\n".join(lines) for word in words)


def slow_export(command_line: Callable[..., CommandLine]) -> CommandLine:
    """A sandbox whose file comes in small pieces."""
    cli = command_line(pace="polls", after_polls=1)
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    cli.sandbox.faults.add(Fault(api="files", chunk_delay=0.02, chunk_size=4096, count=1))
    return cli


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_the_progress_is_one_line_that_fits_and_leaves_nothing(
    command_line: Callable[..., CommandLine], columns: int
) -> None:
    cli = slow_export(command_line)
    with opened(cli, *EXPORT, columns=columns) as terminal:
        assert terminal.end() == 0
    waited = [line for frame in terminal.frames for line in frame if "waiting for the export" in line]
    loaded = [line for frame in terminal.frames for line in frame if "downloading" in line]
    assert waited
    assert any("kB" in line for line in loaded), loaded[-3:]
    for frame in terminal.frames:
        assert sum("downloading" in line for line in frame) <= 1
    for line in (*waited, *loaded):
        assert len(line) <= columns, line
    final = [line for line in terminal.screen.plain() if line]
    assert final[-2].startswith("saved ")
    assert final[-1] == "jobs.csv"
    assert not any("downloading" in line for line in final)
    assert not terminal.screen.cursor_hidden


def test_no_color_means_no_colour(command_line: Callable[..., CommandLine]) -> None:
    for settings, expected in (({}, True), ({"NO_COLOR": "1"}, False)):
        cli = slow_export(command_line)
        (cli.home / "jobs.csv").unlink(missing_ok=True)
        with opened(cli, *EXPORT, "--forget", columns=80, **settings) as terminal:
            assert terminal.end() == 0
        coloured = [code for code in COLOUR.findall(terminal.raw) if re.search(rb"\b(3[0-7]|38|9[0-7])\b", code)]
        assert bool(coloured) is expected, coloured[:3]


def test_an_ascii_terminal_gets_ascii_only(command_line: Callable[..., CommandLine]) -> None:
    cli = slow_export(command_line)
    with opened(cli, *EXPORT, columns=80, **ASCII) as terminal:
        assert terminal.end() == 0, terminal.screen.plain()
    assert terminal.raw.isascii()
    with opened(cli, "limits", columns=80, **ASCII) as table:
        assert table.end() == 0, table.screen.plain()
    assert table.raw.isascii()
    with opened(cli, "call", "pipefy.create_card", "input.pipe_id=301", "input.title=Zoë", columns=80, **ASCII) as call:
        assert call.end() == 0, call.screen.plain()
    assert call.raw.isascii()
    assert b"\\u00eb" in call.raw


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_the_table_of_limits_fits_the_terminal(cli: CommandLine, columns: int) -> None:
    with opened(cli, "limits", columns=columns) as terminal:
        assert terminal.end() == 0
    lines = [line for line in terminal.screen.plain() if not line.startswith("counted in ")]
    assert max(map(len, lines)) <= columns, lines
    names = [line.split()[0] for line in lines if line.strip().startswith("pipe")]
    assert {"pipefy.requests", "pipefy.calls_per_month", "pipedrive.burst"} <= set(names)


def test_ctrl_c_on_the_keyboard_stops_cleanly_and_the_printed_command_goes_on(
    command_line: Callable[..., CommandLine], tmp_path: Path
) -> None:
    cli = command_line(pace="clock", after_seconds=HOUR)
    cli.sandbox.exports.serve(CONTENT, "text/csv")
    with opened(cli, *EXPORT, columns=80) as terminal:
        terminal.until(shows("waiting for the export", "next look"))
        terminal.press(b"\x03")
        assert terminal.end() == 130
    assert not terminal.screen.cursor_hidden
    text = "\n".join(terminal.screen.plain())
    assert "interrupted: the export continues at the vendor" in text
    assert "Traceback" not in text
    assert not any("waiting for the export" in line for line in terminal.screen.plain())
    printed = next(line for line in text.splitlines() if line.startswith("  do: ")).removeprefix("  do: ")
    assert shlex.split(printed)[3:5] == ["export", "automation-jobs"]
    cli.sandbox.clock.advance(HOUR)
    ended = cli.repeat(printed)
    assert ended.code == 0, ended
    assert (tmp_path / "jobs.csv").read_bytes() == CONTENT
    assert len(cli.sandbox.exports) == 1
