"""Calendar budgets, pure. Times are whole microseconds since 1970 (UTC).

A month is the calendar month in UTC and a day the UTC day: the vendors do not say which zone they reset in
(seed 000 says "per month", the Pipedrive notes "midnight server time"), so this is an assumption.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from typedpipes.limits.policy import Period

MICROSECONDS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bounds(period: Period, wall: int) -> tuple[int, int]:
    """Start and end of the period that contains ``wall``."""
    moment = EPOCH + timedelta(microseconds=wall)
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        end = start + timedelta(days=1)
    else:
        start = start.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
    return _microseconds(start), _microseconds(end)


def neighbours(period: Period, wall: int) -> list[tuple[int, int]]:
    """The periods before, at and after ``wall``: a store with a clock of its own picks the one it is in."""
    here = bounds(period, wall)
    return [bounds(period, here[0] - 1), here, bounds(period, here[1])]


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


class BudgetState(msgspec.Struct, array_like=True):
    """What was used of one budget in one period."""

    start: int = 0
    used: int = 0
    observed: int = 0
    """Allowance as the server stated it; 0: not stated."""
    exhausted: bool = False
    """The server said that nothing is left."""

    def turn(self, start: int) -> None:
        """Begin anew when the period that starts at ``start`` has come. A clock that went back changes nothing."""
        if start > self.start:
            self.start = start
            self.used = 0
            self.exhausted = False

    def correct(self, allowance: int | None, limit: int, remaining: int) -> None:
        """Take over what the server stated; the count only ever goes up by it."""
        if limit > 0:
            self.observed = limit
        known = limit or self.observed or allowance or 0
        if remaining >= 0 and known:
            self.used = max(self.used, known - remaining)
