"""The polling schedule of a job: arithmetic on elapsed seconds, no clock and no state."""

from __future__ import annotations

QUICKEST = 1.0
SLOWEST = 60.0
FRUGAL_START = 10.0
FRUGAL_FACTOR = 2.4


class PollSchedule:
    """Frequent at first, backing off to a minute; sparse if a monthly call budget is known.

    ``monthly_calls`` is the budget of the plan (Starter 20, Business 500, Enterprise 10,000); None: not
    known. With a budget each poll comes at 2.4 times the time elapsed so far, so a finished job is seen at most 2.4
    times late, and each call spent on creating pushes the first poll one step from 10 s: 24 s, or 57.6 s when the
    form had to be tried twice. A 30-minute export then costs 8 calls at most, a link refresh included.
    """

    __slots__ = ("monthly_calls",)

    def __init__(self, monthly_calls: int | None = None) -> None:
        if monthly_calls is not None and monthly_calls < 0:
            raise ValueError("monthly_calls must not be negative")
        self.monthly_calls: int | None = monthly_calls

    def next_poll(self, elapsed: float, *, calls: int = 1, retry_after: float | None = None) -> float:
        """Seconds to wait from now.

        ``elapsed``: seconds since the job was created; ``calls``: requests its creation took; ``retry_after``: what
        the server asked for, never undercut.
        """
        elapsed = max(0.0, elapsed)
        if self.monthly_calls is None:
            delay = min(SLOWEST, max(QUICKEST, elapsed / 2))
        else:
            first = FRUGAL_START * FRUGAL_FACTOR ** min(max(calls, 1), 3)
            delay = max(elapsed * FRUGAL_FACTOR, first) - elapsed
        return max(delay, retry_after or 0.0)


__all__ = ["FRUGAL_FACTOR", "FRUGAL_START", "QUICKEST", "SLOWEST", "PollSchedule"]
