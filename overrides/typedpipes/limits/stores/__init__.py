"""Where counts are kept: in this process, in a SQLite file, or in Redis. `open_store` picks by URL, one per process.

This module says what a `Store` is, and holds the one in memory.
"""

from __future__ import annotations

import threading
import time
import weakref
from time import monotonic_ns
from typing import Literal, Protocol, TypeAlias

from typedpipes._core.flow import Call, Clock, Flow, SystemClock
from typedpipes._core.forks import renew_in_children
from typedpipes.events import Event, LimitStore
from typedpipes.limits.ask import Ask, Bound, Note, Reply, View
from typedpipes.limits.book import Book

StoreState: TypeAlias = Literal["unreachable", "local", "recovered", "lost"]


class Listener(Protocol):
    """Who wants to know what happens to a store: the limiters on it."""

    def report(self, event: Event) -> None:
        """Take note."""
        ...


class Announcer:
    """Tells all limiters on a store what happens to it: every state once, until it changes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._reachable = True
        self._given_up = False
        self._lock = threading.Lock()
        """For arithmetic and single transactions only, never across a wait."""
        renew_in_children(self)

    def forked(self) -> None:
        """See `typedpipes._core.forks`."""
        self._lock = threading.Lock()

    def attach(self, listener: Listener) -> None:
        """Report to ``listener`` as long as it lives."""
        self._listeners.add(listener)

    def lives(self) -> bool:
        """Whether the others certainly count this process as living: what it was granted is still its own."""
        return True

    def announce(self, state: StoreState, detail: str = "") -> None:
        """Report a change."""
        for listener in list(self._listeners):
            listener.report(LimitStore(store=self.url, state=state, detail=detail))

    def failed(self, detail: str) -> None:
        """An operation failed."""
        if self._reachable:
            self._reachable = False
            self.announce("unreachable", detail)

    def gave_up(self) -> None:
        """Waiting for the store failed: until it works again, no other call waits for it."""
        self._given_up = True

    def worked(self) -> None:
        """An operation succeeded."""
        self._given_up = False
        if not self._reachable:
            self._reachable = True
            self.announce("recovered")


LEAST = 0.2
"""Seconds a store may take however short the call's patience is; and to undo what was asked in vain."""


def seconds_for(ask: Ask, longest: float) -> float:
    """Seconds a store that cannot be reached may take for ``ask``: the caller's patience, at most ``longest``."""
    return longest if ask.patience < 0 else min(longest, max(LEAST, ask.patience / 1_000_000))


class Store(Protocol):
    """Counts, shared by everybody who opens the same one. All operations are atomic.

    Flows raise `LimitStoreError` if the store cannot be reached; then nothing, or at most the one reservation asked
    for, was changed.
    """

    url: str
    """Without credentials."""
    durable: bool
    """Whether counts outlive the process."""

    def attach(self, listener: Listener) -> None:
        """Report what happens to the store to ``listener``, as long as it lives."""
        ...

    def announce(self, state: StoreState, detail: str = "") -> None:
        """Report a change to all listeners."""
        ...

    def lives(self) -> bool:
        """Whether the others certainly count this process as living: what it was granted is still its own."""
        ...

    def reserve(self, ask: Ask) -> Flow[Reply]:
        """Grant all of ``ask`` or nothing. Repeating it with the same lease counts once while the first is held."""
        ...

    def settle(self, bound: Bound, lease: str, notes: tuple[Note, ...], grace: int = 0) -> Flow[None]:
        """The response's headers were seen just now; ``notes`` is what they said.

        ``grace``: none were seen, and the request may arrive until so many microseconds from now.
        """
        ...

    def release(self, ask: Ask, granted: bool) -> Call[None]:
        """Undo ``ask``: its place in the queue, and its units as if never sent."""
        ...

    def view(self, bound: Bound) -> Flow[View]:
        """How things stand."""
        ...

    def forget(self, bound: Bound) -> Flow[None]:
        """Count all that ``bound`` names from zero, for everybody who shares the store."""
        ...

    def close(self) -> None:
        """Close connections; counts stay. The store opens again when used."""
        ...


SWEEP = 4096
"""Windows kept before those that hold nothing are dropped."""


class MemoryStore(Announcer):
    """A `Book` behind a lock that covers arithmetic only."""

    durable = False

    def __init__(self, url: str = "memory://", clock: Clock | None = None) -> None:
        super().__init__(url)
        self._clock = clock or SystemClock()
        self._real = clock is None
        self._begin()

    def _begin(self) -> None:
        self._book = Book()
        self._sweep_at = SWEEP

    def forked(self) -> None:
        """A child counts for itself: what is held here is its parent's."""
        super().forked()
        self._begin()

    def _turn(self) -> Book:
        book = self._book
        # Strictly increasing, because a time is also a place in the queue.
        now = monotonic_ns() // 1000 if self._real else round(self._clock.monotonic() * 1_000_000)
        book.now = now if now > book.now else book.now + 1
        return book

    def _date(self) -> int:
        return time.time_ns() // 1000 if self._real else round(self._clock.wall() * 1_000_000)

    def reserve(self, ask: Ask) -> Flow[Reply]:
        """See `Store`."""
        yield from ()
        return self.reserve_now(ask)

    def reserve_now(self, ask: Ask) -> Reply:
        """`reserve` without the detour over a flow."""
        with self._lock:
            book = self._turn()
            if ask.bound.budgets:
                book.wall = self._date()
            if len(book.windows) > self._sweep_at:
                self._sweep(book)
            return book.reserve(ask)

    def settle(self, bound: Bound, lease: str, notes: tuple[Note, ...], grace: int = 0) -> Flow[None]:
        """See `Store`."""
        yield from ()
        self.settle_now(bound, lease, notes, grace)

    def settle_now(self, bound: Bound, lease: str, notes: tuple[Note, ...], grace: int = 0) -> None:
        """`settle` without the detour over a flow."""
        with self._lock:
            book = self._turn()
            if notes:
                book.wall = self._date()
            book.settle(bound, lease, notes, grace)

    def release(self, ask: Ask, granted: bool) -> Call[None]:
        """See `Store`."""

        def undo() -> None:
            with self._lock:
                book = self._turn()
                book.wall = self._date()
                book.release(ask, granted=granted)

        return Call(undo)

    def pause(self, key: str, duration: int) -> None:
        """Grant nothing of the window ``key`` for ``duration`` microseconds."""
        with self._lock:
            book = self._turn()
            book.window(key).block(book.now + duration)

    def view(self, bound: Bound) -> Flow[View]:
        """See `Store`."""
        yield from ()
        with self._lock:
            book = self._turn()
            book.wall = self._date()
            return book.view(bound)

    def forget(self, bound: Bound) -> Flow[None]:
        """See `Store`."""
        yield from ()
        with self._lock:
            self._book.forget(bound)

    def close(self) -> None:
        """Nothing to close."""

    def _sweep(self, book: Book) -> None:
        for key, state in list(book.windows.items()):
            state.expire(book.now)
            if not state.used and not state.order and state.blocked_until < book.now:
                del book.windows[key]
        self._sweep_at = max(SWEEP, 2 * len(book.windows))


__all__ = ["SWEEP", "Announcer", "Listener", "MemoryStore", "Store", "StoreState"]
