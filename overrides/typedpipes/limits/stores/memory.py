"""Counts of one process, shared by its threads and tasks."""

from __future__ import annotations

import time
from time import monotonic_ns

from typedpipes._flow import Call, Flow
from typedpipes.clock import Clock, SystemClock
from typedpipes.limits.ask import Ask, Bound, Note, Reply, View
from typedpipes.limits.book import Book
from typedpipes.limits.stores.base import Announcer

SWEEP = 4096
"""Windows kept before those that hold nothing are dropped."""


class MemoryStore(Announcer):
    """A `Book` behind a lock that covers arithmetic only."""

    durable = False

    def __init__(self, url: str = "memory://", clock: Clock | None = None) -> None:
        super().__init__(url)
        self._clock = clock or SystemClock()
        self._real = clock is None
        self._book = Book()
        self._sweep_at = SWEEP

    def _turn(self) -> Book:
        book = self._book
        # Strictly increasing, because a time is also a place in the queue.
        now = monotonic_ns() // 1000 if self._real else round(self._clock.monotonic() * 1_000_000)
        book.now = now if now > book.now else book.now + 1
        return book

    def reserve(self, ask: Ask) -> Flow[Reply]:
        """See `Store`."""
        yield from ()
        return self.reserve_now(ask)

    def reserve_now(self, ask: Ask) -> Reply:
        """`reserve` without the detour over a flow."""
        with self._lock:
            book = self._book
            if self._real:  # as in `_turn`, without the call: this runs twice per request
                now = monotonic_ns() // 1000
                book.now = now if now > book.now else book.now + 1
            else:
                self._turn()
            if ask.bound.budgets:
                book.wall = time.time_ns() // 1000 if self._real else round(self._clock.wall() * 1_000_000)
            if len(book.windows) > self._sweep_at:
                self._sweep(book)
            return book.reserve(ask)

    def settle(self, bound: Bound, lease: str, notes: tuple[Note, ...]) -> Flow[None]:
        """See `Store`."""
        yield from ()
        self.settle_now(bound, lease, notes)

    def settle_now(self, bound: Bound, lease: str, notes: tuple[Note, ...]) -> None:
        """`settle` without the detour over a flow."""
        with self._lock:
            book = self._book
            if self._real:
                now = monotonic_ns() // 1000
                book.now = now if now > book.now else book.now + 1
            else:
                self._turn()
            if notes:
                book.wall = time.time_ns() // 1000 if self._real else round(self._clock.wall() * 1_000_000)
            book.settle(bound, lease, notes)

    def release(self, ask: Ask, granted: bool) -> Call[None]:
        """See `Store`."""

        def undo() -> None:
            with self._lock:
                book = self._turn()
                book.wall = time.time_ns() // 1000 if self._real else round(self._clock.wall() * 1_000_000)
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
            book.wall = time.time_ns() // 1000 if self._real else round(self._clock.wall() * 1_000_000)
            return book.view(bound)

    def close(self) -> None:
        """Nothing to close."""

    def _sweep(self, book: Book) -> None:
        for key, state in list(book.windows.items()):
            state.expire(book.now)
            if not state.used and not state.order and state.blocked_until < book.now:
                del book.windows[key]
        self._sweep_at = max(SWEEP, 2 * len(book.windows))
