"""A progress bar for downloads and waits (extra ``cli``: rich). It draws on stderr.

with DownloadBar("jobs.xlsx") as bar:
    job.wait(on_progress=bar.waiting).download("jobs.xlsx", progress=bar)
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress

from typedpipes._core.files.progress import Progress
from typedpipes.pipefy.exports.jobs import WaitProgress


class DownloadBar:
    """A context manager to pass as ``progress=`` of a download; its `waiting` is for ``on_progress=`` of a wait."""

    def __init__(self, label: str = "download", *, console: Console | None = None) -> None:
        self._rich = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console or Console(stderr=True),
        )
        self._label = label
        self._task = self._rich.add_task(label, total=None)

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._rich.stop()

    def __call__(self, progress: Progress) -> None:
        """Show a download's progress."""
        self._rich.update(self._task, description=self._label, completed=progress.done, total=progress.total)

    def waiting(self, progress: WaitProgress) -> None:
        """Show a wait's progress."""
        note = f", {type(progress.problem).__name__}, trying on" if progress.problem is not None else ""
        following = f", next look in {progress.next_poll:.0f} s" if progress.next_poll else ""
        self._rich.update(self._task, description=f"{self._label}: {progress.status}{note}{following}")
