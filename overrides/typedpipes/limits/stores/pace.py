"""Bounds the work done inline on an event loop.

A transaction in a file takes a tenth of a millisecond, so it is done on the loop; but five hundred waiters that wake in
the same turn of the loop would stall it. Beyond a burst, operations are spread so that other tasks of the loop get a
share of the time.
"""

from __future__ import annotations

BURST = 0.008
"""Seconds of work in a row before operations are spread."""
SHARE = 0.6
"""Share of the time that operations may take then."""
FIRST_COST = 0.0003
"""Seconds an operation is taken to last before any was measured."""


class Pace:
    """A leaky bucket of work done, and the queue of those that were told to wait. Not thread-safe by itself."""

    __slots__ = ("_cost", "_level", "_next", "_updated")

    def __init__(self) -> None:
        self._level = 0.0
        self._updated = 0.0
        self._next = 0.0
        self._cost = FIRST_COST

    def wait(self, now: float) -> float:
        """Seconds to wait before the next operation; 0: at once. A wait reserves a turn."""
        self._leak(now)
        if self._level < BURST and self._next <= now:
            return 0.0
        self._next = max(self._next, now) + self._cost / SHARE
        return self._next - now

    def done(self, now: float, spent: float) -> None:
        """An operation ended that took ``spent`` seconds of processor time: what a busy machine adds is not ours."""
        self._leak(now)
        self._level = min(self._level + spent, 2 * BURST)
        self._cost += 0.05 * (min(spent, 0.002) - self._cost)

    def _leak(self, now: float) -> None:
        self._level = max(0.0, self._level - SHARE * max(0.0, now - self._updated))
        self._updated = now


__all__ = ["BURST", "FIRST_COST", "SHARE", "Pace"]
