"""What an export shows on stderr while it runs: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Live
from rich.table import Column
from rich.text import Text

from typedpipes._core.files.progress import Progress
from typedpipes.cli.failures import one_line
from typedpipes.cli.session import say
from typedpipes.pipefy.exports.jobs import WaitProgress

PLAIN_EVERY: Final = 5.0
"""Seconds between two plain lines about the same download at least."""


class Display(Protocol):
    """Shows the steps of an export."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def step(self, text: str) -> None:
        """A step has begun."""
        ...

    def note(self, text: str) -> None:
        """Something worth keeping on the screen."""
        ...

    def waiting(self, progress: WaitProgress) -> None:
        """The vendor was asked."""
        ...

    def downloading(self, progress: Progress) -> None:
        """Bytes have arrived."""
        ...


def display(*, quiet: bool = False) -> Display:
    """The display for this run's stderr."""
    if quiet:
        return PlainDisplay(quiet=True)
    return LiveDisplay() if sys.stderr.isatty() else PlainDisplay()


def size(count: float) -> str:
    """A number of bytes for people."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} bytes" if unit == "bytes" else f"{count:.1f} {unit}"


class PlainDisplay:
    """A line per event; nothing at all if ``quiet``."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._last = ""
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def step(self, text: str) -> None:
        """A step has begun."""
        self.note(text)

    def note(self, text: str) -> None:
        """One line."""
        if not self._quiet:
            say(text)

    def waiting(self, progress: WaitProgress) -> None:
        """One line per poll."""
        problem = f", {type(progress.problem).__name__}: trying on" if progress.problem is not None else ""
        following = f", next look in {progress.next_poll:.0f} s" if progress.next_poll else ""
        self.note(f"  {progress.status}{problem}{following}")

    def downloading(self, progress: Progress) -> None:
        """A line now and then."""
        now = time.monotonic()
        if self._next == 0.0:
            self._next = now + PLAIN_EVERY
        if now >= self._next and not progress.finished:
            self._next = now + PLAIN_EVERY
            total = f" of {size(progress.total)}" if progress.total is not None else ""
            self.note(f"  {size(progress.done)}{total}, {size(progress.rate)}/s")


class LiveDisplay:
    """One live line on a terminal; notes scroll above it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, emoji=False, markup=False)
        spinner = "line" if self._console.options.ascii_only else "dots"
        self._live = Live(
            SpinnerColumn(spinner),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8)),
            _Detail(table_column=Column(no_wrap=True)),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            expand=True,
        )
        self._task = self._live.add_task("", total=None)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def step(self, text: str) -> None:
        """The live line is about this now."""
        self._live.update(self._task, description=one_line(text), total=None, completed=0, detail="", until=None)

    def note(self, text: str) -> None:
        """A line that stays."""
        self._console.print(one_line(text), soft_wrap=True)

    def waiting(self, progress: WaitProgress) -> None:
        """The status, and a countdown to the next look."""
        problem = f" {type(progress.problem).__name__}" if progress.problem is not None else ""
        until = time.monotonic() + progress.next_poll if progress.next_poll else None
        self._live.update(self._task, detail=one_line(progress.status + problem), until=until)

    def downloading(self, progress: Progress) -> None:
        """Bytes, rate, remaining time."""
        eta = f" {progress.eta:.0f} s left" if progress.eta else ""
        detail = f"{size(progress.done)} {size(progress.rate)}/s{eta}"
        self._live.update(self._task, completed=progress.done, total=progress.total, detail=detail, until=None)


class _Detail(ProgressColumn):
    max_refresh = None

    def render(self, task: Task) -> Text:
        """The task's detail, with the countdown if there is one."""
        until = task.fields.get("until")
        text = str(task.fields.get("detail", ""))
        if until is not None:
            text += f", next look in {max(0.0, until - time.monotonic()):.0f} s"
        return Text(text)


__all__ = ["Display", "LiveDisplay", "PlainDisplay", "display", "size"]
