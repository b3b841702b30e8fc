"""The sandbox's own time: real by default, movable by tests, so that nothing has to sleep."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import formatdate


class SandboxClock:
    """Seconds since the epoch. Tokens, links, limits and export jobs read this clock and no other.

    ``advance`` moves it forward at once. ``freeze`` stops it, so that only ``advance`` moves it.
    """

    def __init__(self, start: float | None = None) -> None:
        self._base = time.time() if start is None else start
        self._origin = time.monotonic()
        self._frozen_at: float | None = None

    def now(self) -> float:
        """The present moment in seconds since the epoch; never moves backwards."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._base + (time.monotonic() - self._origin)

    def advance(self, seconds: float) -> float:
        """Move the clock forward by ``seconds`` and return the new time. Raises ValueError when negative."""
        if seconds < 0:
            raise ValueError(f"the sandbox clock cannot go back (advance({seconds})); pass zero or more seconds")
        if self._frozen_at is not None:
            self._frozen_at += seconds
            return self._frozen_at
        self._base += seconds
        return self.now()

    def freeze(self) -> None:
        """Stop the clock; from now on only :meth:`advance` moves it."""
        self._frozen_at = self.now()

    def resume(self) -> None:
        """Let a frozen clock run again from where it stands."""
        if self._frozen_at is not None:
            self._base, self._origin = self._frozen_at, time.monotonic()
            self._frozen_at = None

    def http_date(self) -> str:
        """The present moment as an HTTP date."""
        return formatdate(self.now(), usegmt=True)

    def iso(self, offset: float = 0.0) -> str:
        """The present moment plus ``offset`` seconds as ``2026-11-21T05:00:00.000Z``."""
        return iso(self.now() + offset)


def iso(moment: float) -> str:
    """An epoch time as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(moment: float) -> str:
    """An epoch time as RFC 3339 in UTC with whole seconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sql_time(moment: float) -> str:
    """An epoch time as ``YYYY-MM-DD HH:MM:SS`` in UTC, the form Pipedrive v1 uses."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def next_midnight(moment: float) -> float:
    """The start of the next UTC day."""
    return (moment // 86400 + 1) * 86400


def next_month(moment: float) -> float:
    """The start of the next calendar month in UTC."""
    day = datetime.fromtimestamp(moment, UTC)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return datetime(year, month, 1, tzinfo=UTC).timestamp()
