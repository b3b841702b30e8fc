"""What is counted of one window and of one budget: no clock, no lock, no I/O. Times are whole microseconds.

Windows are exact, on one store's clock. A unit is held from before the send until ``hold`` after the latest time at
which the request can have arrived: when its response headers were seen; a grace after its connection was closed without
them; a grace after its deadline if nobody told. The server's arrival lies between the two, so the server never counts
more than the allowance in any window, whatever the latency. ``hold`` is the window plus a guard (see `hold_of`).
Waiting is first come, first served. A waiter has a place (its ordinal); a later one gets a unit only if enough is left
for everybody ahead. A place expires when its owner stops asking, and asking again restores it.

Budgets follow the calendar, in microseconds since 1970 (UTC). A month is the calendar month in UTC and a day the UTC
day. That is an assumption: the vendors do not say which time zone they reset in.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from typedpipes.limits.ask import DRIFT, GUARD, MICROSECONDS, WindowEntry, hold_of

if TYPE_CHECKING:
    from typedpipes.limits.ask import Period

NEVER = 1 << 62


class WindowState(msgspec.Struct, array_like=True):
    """What is held and who waits, for one window and one value of its scope."""

    free_at: list[int] = []
    """When settled units come free, ascending; parallel to ``weights``."""
    weights: list[int] = []
    settled: int = 0
    flights: dict[str, tuple[int, int]] = {}
    """Unanswered: lease -> (weight, when it lapses)."""
    flying: int = 0
    next_lapse: int = NEVER
    blocked_until: int = 0
    observed: int = 0
    """Allowance as the server stated it; 0: not stated."""
    order: list[int] = []
    """Ordinals of the waiters, ascending; parallel to ``waiting`` (weights) and ``expiry``."""
    waiting: list[int] = []
    expiry: list[int] = []
    next_expiry: int = NEVER

    @property
    def used(self) -> int:
        """Units held now, in flight included."""
        return self.settled + self.flying

    def expire(self, now: int) -> None:
        """Drop what is over at ``now``."""
        free_at = self.free_at
        if free_at and free_at[0] < now:
            gone = bisect_left(free_at, now)
            self.settled -= sum(self.weights[:gone])
            del free_at[:gone]
            del self.weights[:gone]
        if self.next_lapse < now:
            self._lapse(now)
        if self.next_expiry < now:
            self._forget_absent(now)

    def _lapse(self, now: int) -> None:
        alive = {lease: flight for lease, flight in self.flights.items() if flight[1] >= now}
        self.flights = alive
        self.flying = sum(weight for weight, _ in alive.values())
        self.next_lapse = min((at for _, at in alive.values()), default=NEVER)

    def _forget_absent(self, now: int) -> None:
        rows = [row for row in zip(self.order, self.waiting, self.expiry, strict=True) if row[2] >= now]
        self.order = [row[0] for row in rows]
        self.waiting = [row[1] for row in rows]
        self.expiry = [row[2] for row in rows]
        self.next_expiry = min(self.expiry, default=NEVER)

    def fits(self, allowance: int | None, weight: int, now: int) -> bool:
        """Whether ``weight`` units are certainly free, without looking at what is over. False: ask `opening`."""
        return (
            allowance is not None
            and self.blocked_until <= now
            and not self.order
            and not self.observed
            and self.settled + self.flying + weight <= allowance
        )

    def take(self, lease: str, entry: WindowEntry, now: int, answer_by: int) -> bool:
        """`fits` and `hold` in one: whether ``lease``, which held nothing here, was given what ``entry`` weighs."""
        allowance, weight, flights = entry.allowance, entry.weight, self.flights
        flying = self.flying + weight
        if (
            allowance is None
            or self.settled + flying > allowance
            or self.blocked_until > now
            or self.order
            or self.observed
            or lease in flights
        ):
            return False
        lapse = now + answer_by + entry.hold
        flights[lease] = (weight, lapse)
        self.flying = flying
        if lapse < self.next_lapse:
            self.next_lapse = lapse
        return True

    def stated(self, entry: WindowEntry) -> int:
        """The allowance that the server stated, 0 if it did not. Of a bucket it is never more than the table's."""
        if entry.bucket and entry.allowance is not None:
            return min(self.observed, entry.allowance)
        return self.observed

    def opening(self, entry: WindowEntry, weight: int, ordinal: int | None, now: int) -> int:
        """The earliest time at which ``weight`` units can be granted to this waiter; ``now`` or less: at once.

        A lower bound: units in flight are taken to be answered now. `expire` must have been called for ``now``.
        """
        allowance, hold = entry.allowance, entry.hold
        if allowance is None:
            return self.blocked_until
        if self.observed:
            allowance = self.stated(entry)
            weight = min(weight, allowance)
        if self.order:
            ahead = sum(self.waiting if ordinal is None else self.waiting[: bisect_left(self.order, ordinal)])
        else:
            ahead = 0
        free = allowance - self.settled - self.flying
        need = ahead + weight
        if need <= free and need <= allowance:
            return self.blocked_until
        cycles, unit = divmod(need - 1, allowance)
        at = now if unit < free else self._freed(unit + 1 - free, now + hold)
        return max(at + cycles * hold, self.blocked_until)

    def _freed(self, units: int, answered: int) -> int:
        """When ``units`` more than now will be free, at the earliest: those in flight are free at ``answered``."""
        times, flying = self.free_at, self.flying
        if self.settled == len(times):
            before = bisect_right(times, answered)
            if units > before:
                units -= flying
                if units <= before:
                    return answered
            return times[units - 1] + 1 if units <= len(times) else answered
        for at, weight in zip(times, self.weights, strict=True):
            if at > answered:
                units, flying = units - flying, 0
                if units <= 0:
                    return answered
            units -= weight
            if units <= 0:
                return at + 1
        return answered

    def hold(self, lease: str, weight: int, lapse: int) -> None:
        """Give ``weight`` units to ``lease`` until `settle`, `forget` or ``lapse``."""
        self.flights[lease] = (weight, lapse)
        self.flying += weight
        if lapse < self.next_lapse:
            self.next_lapse = lapse

    def settle(self, lease: str, weight: int, free_at: int) -> None:
        """The answer's headers were seen: hold until ``free_at``. A lapsed or unknown lease is held all the same."""
        flight = self.flights.pop(lease, None)
        if flight is not None:
            self.flying -= flight[0]
        self.occupy(weight, free_at)

    def occupy(self, weight: int, free_at: int) -> None:
        """Hold ``weight`` units until ``free_at`` for nobody in particular."""
        times = self.free_at
        if not times or free_at >= times[-1]:
            times.append(free_at)
            self.weights.append(weight)
        else:
            index = bisect_left(times, free_at)
            times.insert(index, free_at)
            self.weights.insert(index, weight)
        self.settled += weight

    def absorb(self, other: WindowState, later: int) -> None:
        """Hold what ``other`` holds, too; its times are ``later`` by our clock."""
        for lease, (weight, lapse) in other.flights.items():
            if lease not in self.flights:
                self.hold(lease, weight, lapse + later)
        for free_at, weight in zip(other.free_at, other.weights, strict=True):
            self.occupy(weight, free_at + later)
        self.blocked_until = max(self.blocked_until, other.blocked_until + later)

    def forget(self, lease: str) -> bool:
        """Give back what ``lease`` holds in flight; tells whether it held anything."""
        flight = self.flights.pop(lease, None)
        if flight is None:
            return False
        self.flying -= flight[0]
        return True

    def queue(self, ordinal: int, weight: int, expiry: int) -> None:
        """Take or keep the place ``ordinal`` until ``expiry``."""
        index = bisect_left(self.order, ordinal)
        if index < len(self.order) and self.order[index] == ordinal:
            self.expiry[index] = expiry
        else:
            self.order.insert(index, ordinal)
            self.waiting.insert(index, weight)
            self.expiry.insert(index, expiry)
        self.next_expiry = min(self.next_expiry, expiry)

    def queued(self, ordinal: int) -> bool:
        """Whether the place ``ordinal`` is taken here."""
        index = bisect_left(self.order, ordinal)
        return index < len(self.order) and self.order[index] == ordinal

    def leave(self, ordinal: int) -> None:
        """Give up the place ``ordinal``; harmless if it is not taken."""
        index = bisect_left(self.order, ordinal)
        if index < len(self.order) and self.order[index] == ordinal:
            del self.order[index]
            del self.waiting[index]
            del self.expiry[index]

    def block(self, until: int) -> None:
        """Grant nothing before ``until``."""
        self.blocked_until = max(self.blocked_until, until)

    def correct(self, entry: WindowEntry, limit: int, remaining: int, free_at: int) -> None:
        """Take over what the server stated: its ``limit`` (0: not stated) and the ``remaining`` until ``free_at``."""
        if limit > 0:
            self.observed = limit
        self.observed = self.stated(entry)
        missing = (self.observed or entry.allowance or 0) - self.used - max(remaining, 0)
        if remaining >= 0 and missing > 0:
            self.occupy(missing, free_at)


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
        """Start from zero when the period that starts at ``start`` has come. A clock that went back changes nothing."""
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


__all__ = [
    "DRIFT",
    "EPOCH",
    "GUARD",
    "MICROSECONDS",
    "NEVER",
    "BudgetState",
    "WindowState",
    "bounds",
    "hold_of",
    "neighbours",
]
