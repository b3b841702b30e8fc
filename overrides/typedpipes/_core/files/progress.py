"""Progress of a download, as plain numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import attrs

from typedpipes._core.flow import Clock

INTERVAL: Final = 0.1
"""Seconds between two reports at least."""
WINDOW: Final = 5.0
"""Seconds over which the rate is measured."""


@attrs.frozen
class Progress:
    """State of a download. ``total`` and ``eta`` are None while unknown."""

    done: int
    """Bytes on disk, those of an earlier run included."""
    total: int | None
    rate: float
    """Bytes per second over the last 5 s."""
    eta: float | None
    """Seconds that remain at this rate."""
    elapsed: float
    """Seconds since this run began."""
    finished: bool = False


class ProgressMeter:
    """Turns byte counts into `Progress` reports, at most ten a second and one at the end."""

    __slots__ = ("_began", "_clock", "_marks", "_next", "_report")

    def __init__(self, report: Callable[[Progress], None] | None, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._began = clock.monotonic()
        self._next = self._began
        self._marks: deque[tuple[float, int]] = deque()

    def update(self, done: int, total: int | None, *, finished: bool = False) -> None:
        """Report if it is time to."""
        if self._report is None:
            return
        now = self._clock.monotonic()
        if now < self._next and not finished:
            return
        self._next = now + INTERVAL
        marks = self._marks
        if marks and done < marks[-1][1]:
            marks.clear()  # the download was restarted
        marks.append((now, done))
        while len(marks) > 2 and now - marks[1][0] >= WINDOW:
            marks.popleft()
        span = now - marks[0][0]
        rate = (done - marks[0][1]) / span if span > 0 else 0.0
        eta = (total - done) / rate if total is not None and rate > 0 else None
        self._report(Progress(done, total, rate, 0.0 if finished else eta, now - self._began, finished))
