"""The limiter: applies a policy to an identity's requests, with counts kept in a store.

`StoreLimiter.acquire` reserves, waits through effects, and registers the release with the driver *before* the first
reservation, so that no cancellation at any point can leak a place or a unit. A memory store needs no effects: its
release is performed by `acquire` itself, which saves every request a detour over the driver.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from typedpipes import events
from typedpipes._core.flow import AsyncIO, Call, Clock, Flow, Hold, Sleep, SyncIO, SystemClock, adrive, drive
from typedpipes._core.redaction import while_whole
from typedpipes.errors import LimitStoreError, QuotaExhausted, RateLimited
from typedpipes.limits.ask import GRACE, Ask, Bound, Exhausted, Granted, Note, Reply, Retry, notes_of
from typedpipes.limits.book import NAP
from typedpipes.limits.policy import Binder, Budget, Claim, Policy, Window, fresh_id
from typedpipes.limits.stores import MemoryStore, Store

UNANSWERED = 60.0
"""Seconds a request is assumed to take at most when the caller gives no deadline."""
SHORTEST_NAP = 0.0005
"""Seconds: never spin on a store."""


def _nothing() -> Flow[None]:
    yield from ()


ENDED: Final = _nothing()
"""A flow that has ended, shared by all that was done at once without effects."""
next(ENDED, None)


class StoreLimiter:
    """Grants leases by ``policy`` from ``store``. See `typedpipes.limits.build_limiter` for how to make one."""

    def __init__(
        self,
        policy: Policy,
        store: Store,
        *,
        identity: Mapping[str, str] | None = None,
        address: str = "",
        clock: Clock | None = None,
        on_event: events.OnEvent | None = None,
        grace: float = GRACE,
        unanswered: float = UNANSWERED,
    ) -> None:
        self.policy = policy
        self.store = store
        self.memory: MemoryStore | None = store if isinstance(store, MemoryStore) else None
        """The store, if it needs no effects: its operations are then called directly, which is faster."""
        # What is unknown and forgotten at exit is not worth counting, unless the server tells about it.
        count_unknown = store.durable or policy.reads != "none"
        self._binder = Binder(policy, identity or {}, count_unknown=count_unknown, address=address)
        self.clock: Clock | SystemClock = clock or SystemClock()
        self._report = on_event if isinstance(on_event, events.Reporter) else events.Reporter(on_event)
        self.grace: int = int(grace * 1_000_000)
        """Microseconds after the close of a connection within which a server reads what it accepted."""
        self._unanswered = self.grace + int(unanswered * 1_000_000)
        self.reads: bool = policy.reads != "none"
        """Whether answers other than 429 say something."""
        self._warned: set[tuple[str, int]] = set()
        store.attach(self)

    @while_whole
    def __repr__(self) -> str:
        return f"<Limiter {self.policy.vendor} on {self.store.url}>"

    def bind(self, claim: Claim) -> Bound:
        """What ``claim`` counts in: keys and weights."""
        return self._binder.bind(claim)

    def everything(self, scope: Mapping[str, str]) -> Bound:
        """All limits, for looking at them; those whose scope value is unknown are left out."""
        return self._binder.everything(scope)

    def row(self, name: str) -> Window | Budget:
        """The policy's row ``name``."""
        for window in self.policy.windows:
            if window.name == name:
                return window
        for budget in self.policy.budgets:
            if budget.name == name:
                return budget
        raise KeyError(name)

    def seconds(self, name: str) -> float | None:
        """Length of the window ``name``; None for a budget."""
        row = self.row(name)
        return row.seconds if isinstance(row, Window) else None

    def acquire(self, claim: Claim, *, until: float | None = None, max_wait: float | None = None) -> Flow[StoreLease]:
        """Wait for a slot, through effects, and register its release with the driver.

        ``until`` is a time of the monotonic clock by which the request will have been answered or given up;
        ``max_wait`` is seconds, 0 asks without waiting. Raises `RateLimited` if the slot would come later than either
        bound, `QuotaExhausted` if a budget would be exceeded, `LimitStoreError` if the store cannot be reached.
        """
        bound = self._binder.bind(claim)
        if not bound.windows and not bound.budgets:
            return StoreLease(self, claim, bound, "")
        lease = StoreLease(self, claim, bound, fresh_id())
        memory = self.memory
        if memory is None:
            yield Hold(Call(lease.release, lease.arelease))
        give_up = None if max_wait is None else self.clock.monotonic() + max_wait
        try:
            while True:
                if until is None and give_up is None:
                    answer_by, patience = self._unanswered, -1
                else:
                    answer_by, patience = self._bounds(until, give_up)
                lease.ask = ask = Ask(bound, lease.id, answer_by, patience, lease.place, self.grace)
                reply: Reply
                if memory is not None:
                    reply = memory.reserve_now(ask)
                else:
                    reply = yield from self.store.reserve(ask)
                if isinstance(reply, Granted):
                    lease.state = "held"
                    if reply.budgets:
                        self._warn(bound, reply)
                    return lease
                if isinstance(reply, Exhausted):
                    raise self._exhausted(claim, reply)
                if 0 <= patience < reply.wait:
                    raise self._too_late(claim, reply)
                if lease.place is None:
                    self._waiting(claim, reply)
                lease.place = reply.place
                yield Sleep(max(SHORTEST_NAP, min(reply.wait, NAP) / 1_000_000))
        except BaseException:
            if memory is not None:  # undone at once, without a detour over the driver
                lease.release()
            raise

    def _bounds(self, until: float | None, give_up: float | None) -> tuple[int, int]:
        """When the request will have been answered or given up, and how long it may wait: microseconds from now."""
        now = self.clock.monotonic()
        waits = None if give_up is None else max(0, int((give_up - now) * 1_000_000))
        if until is None:
            return self._unanswered, -1 if waits is None else waits
        lasts = max(0, int((until - now) * 1_000_000))
        return lasts + self.grace, lasts if waits is None or lasts < waits else waits

    def _waiting(self, claim: Claim, reply: Retry) -> None:
        if self._report.wants(events.Wait):
            seconds = reply.wait / 1_000_000
            self._report(
                events.Wait(
                    api=claim.api,
                    operation=claim.operation,
                    seconds=seconds,
                    limit=reply.limit,
                )
            )

    def _warn(self, bound: Bound, reply: Granted) -> None:
        for entry, (used, allowance, end) in zip(bound.budgets, reply.budgets, strict=True):
            mark = (entry.key, end)
            if allowance and used >= entry.warn_at * allowance and mark not in self._warned:
                self._warned.add(mark)
                self._report(
                    events.Budget(
                        limit=entry.name,
                        used=used,
                        total=allowance,
                        resets_at=_moment(end),
                    )
                )

    def _exhausted(self, claim: Claim, reply: Exhausted) -> QuotaExhausted:
        resets_at = _moment(reply.resets_at)
        figures = f"{reply.used} of {reply.allowance} used" if reply.allowance else "the server says it is used up"
        return QuotaExhausted(
            f"{claim.unsent}: the budget {reply.limit} would be exceeded ({figures}); "
            f"it resets at {resets_at:%Y-%m-%d %H:%M} UTC",
            limit=reply.limit,
            resets_at=resets_at,
        )

    def _too_late(self, claim: Claim, reply: Retry) -> RateLimited:
        seconds = reply.wait / 1_000_000
        error = RateLimited(
            f"{claim.unsent}: the next slot of {reply.limit} is at least {seconds:.3f} s away, "
            "longer than this call may wait (max_wait, deadline)",
            status=429,
            operation=claim.operation,
            retry_after=seconds,
        )
        error.resume_at = datetime.fromtimestamp(self.clock.wall() + seconds, UTC)
        return error

    def observe(self, claim: Claim, bound: Bound, status: int, headers: Mapping[str, str]) -> tuple[Note, ...]:
        """What an answer tells the store; reports a refusal as an event."""
        notes = notes_of(self.policy.reads, bound, status, headers, self.clock.wall())
        names = {entry.key: entry.name for entry in bound.windows}
        names |= {budget.key: budget.name for budget in bound.budgets}
        for note in notes:
            if note.kind in ("block", "exhausted"):
                limit, seconds = names[note.key], note.duration / 1_000_000
                self._report(
                    events.Block(
                        api=claim.api,
                        operation=claim.operation,
                        limit=limit,
                        seconds=seconds,
                    )
                )
        return notes

    def report(self, event: events.Event) -> None:
        """Pass an event to whoever listens."""
        self._report(event)


class StoreLease(msgspec.Struct, eq=False, gc=False):
    """A granted slot. It is held until window + grace after the deadline, which whatever ends it shortens."""

    limiter: StoreLimiter
    claim: Claim
    bound: Bound
    id: str
    ask: Ask | None = None
    place: int | None = None
    state: str = "asked"
    """``asked`` → ``held`` → ``answered`` or ``ended`` → ``done``."""
    sent: bool = True
    notes: tuple[Note, ...] = ()

    @while_whole
    def __repr__(self) -> str:
        return f"<StoreLease {self.id} {self.state}>"

    def settle(self, status: int, headers: Mapping[str, str]) -> Flow[None]:
        """Response headers were seen (names in lower case): the window starts to run; limits named there are learnt.

        A store that cannot be reached now does not fail the call: the slot stays held until it lapses, and an event
        says so.
        """
        if self.state != "held":
            return ENDED
        limiter, bound = self.limiter, self.bound
        notes: tuple[Note, ...] = ()
        if limiter.reads or status == 429:
            notes = limiter.observe(self.claim, bound, status, headers)
        if not notes and not bound.counted:
            self.state = "done"
            return ENDED
        if limiter.memory is None:
            self.state, self.notes = "answered", notes
            return self._end()
        self.state = "done"
        limiter.memory.settle_now(bound, self.id, notes)
        return ENDED

    def unsent(self) -> Flow[None]:
        """Nothing of the request left this machine (no connection): the slot is given back, budgets too."""
        if self.state == "held":
            self.state, self.sent = "ended", False
            yield from self._end()

    def abandoned(self) -> Flow[None]:
        """No answer will be read; the connection was closed just now: the slot is held a grace longer than usual."""
        if self.state == "held":
            self.state, self.sent = "ended", True
            yield from self._end()

    def outlived(self) -> bool:
        """Whether somebody may have been given the slot in the meantime: this process was frozen, so it seemed dead."""
        return self.state == "held" and not self.limiter.store.lives()

    def end_of_flow(self) -> None:
        """See `Lease`. What needs effects is left to the driver."""
        if self.state == "held":
            self.state = "ended"
            if self.limiter.memory is not None:
                self.release()

    def release(self) -> None:
        """End the lease, synchronously. One that is just held, because the flow ended in silence, lapses by itself."""
        drive(self._end(), SyncIO())

    async def arelease(self) -> None:
        """End the lease under the async driver."""
        await adrive(self._end(), AsyncIO())

    def _end(self) -> Flow[None]:
        """Tell the store how it ended. If that is interrupted, the driver's release does it again."""
        if self.state in ("held", "done") or self.ask is None:
            return
        store = self.limiter.store
        with contextlib.suppress(LimitStoreError):  # it was announced, and place and units lapse by themselves
            if self.state == "answered":
                yield from store.settle(self.bound, self.id, self.notes)
            elif self.state == "asked":
                self.ask.place = self.place
                yield store.release(self.ask, False)
            elif not self.sent:
                yield store.release(self.ask, True)
            elif self.bound.counted:
                yield from store.settle(self.bound, self.id, (), self.limiter.grace)
        self.state = "done"


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


__all__ = ["UNANSWERED", "StoreLease", "StoreLimiter"]
