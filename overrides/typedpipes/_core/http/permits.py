"""How many requests of one client are under way at once: a permit for each connection of its pool.

A request takes a permit before it takes a slot, so that no slot waits for a connection.
"""

from __future__ import annotations

import functools
import threading
from typing import Self

import anyio

from typedpipes._core.flow import Call, Flow
from typedpipes.errors import TransportError


class Permits:
    """As many permits as the pool has connections."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def afresh(self) -> Self:
        """As many permits, none of them taken."""
        return type(self)(self.limit)

    def try_take(self) -> bool:
        """Take a permit if one is free."""
        raise NotImplementedError

    def take(self, timeout: float | None) -> bool:
        """Wait for a permit (sync callers)."""
        raise NotImplementedError

    async def atake(self, timeout: float | None) -> bool:
        """Wait for a permit (async callers)."""
        raise NotImplementedError

    def give(self) -> None:
        """Give one back."""
        raise NotImplementedError


class ThreadPermits(Permits):
    """Permits for threads."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._semaphore = threading.BoundedSemaphore(limit)

    def try_take(self) -> bool:
        """Take a permit if one is free."""
        return self._semaphore.acquire(blocking=False)

    def take(self, timeout: float | None) -> bool:
        """Wait for a permit."""
        return self._semaphore.acquire(timeout=timeout)

    def give(self) -> None:
        """Give one back."""
        self._semaphore.release()


class TaskPermits(Permits):
    """Permits for the tasks of one event loop."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)

    @functools.cached_property
    def _semaphore(self) -> anyio.Semaphore:
        # Made by the first call, in its event loop; anyio's primitives are a part of a client's start otherwise.
        return anyio.Semaphore(self.limit, max_value=self.limit, fast_acquire=True)

    def try_take(self) -> bool:
        """Take a permit if one is free."""
        try:
            self._semaphore.acquire_nowait()
        except anyio.WouldBlock:
            return False
        return True

    async def atake(self, timeout: float | None) -> bool:
        """Wait for a permit."""
        with anyio.move_on_after(timeout):
            await self._semaphore.acquire()
            return True
        return False

    def give(self) -> None:
        """Give one back."""
        self._semaphore.release()


class Permit:
    """One call's permit."""

    __slots__ = ("_held", "_pool", "kept")

    def __init__(self, pool: Permits) -> None:
        self._pool = pool
        self._held = False
        self.kept = False
        """The permit outlives the flow: the response's stream gives it back."""

    def obtain(self, timeout: float, operation: str) -> Flow[None]:
        """Take a permit. Raises `TransportError` if none gets free in ``timeout`` seconds.

        The caller gives it back in a ``finally`` (`end_of_flow` performs no effect), not at the end of whatever flow
        this is part of.
        """
        if self._pool.try_take():
            self._held = True
            return
        yield Call(lambda: self._wait(timeout), lambda: self._await(timeout))
        if not self._held:
            raise TransportError(
                f"{operation}: all {self._pool.limit} connections were busy for {timeout:g} s; allow more connections "
                "or make fewer calls at a time",
                sent=False,
                operation=operation,
            )

    def _wait(self, timeout: float) -> None:
        self._held = self._pool.take(timeout)

    async def _await(self, timeout: float) -> None:
        self._held = await self._pool.atake(timeout)

    def end_of_flow(self) -> None:
        """Give the permit back unless a stream keeps it."""
        if not self.kept:
            self.release()

    def release(self) -> None:
        """Give the permit back; harmless when repeated."""
        if self._held:
            self._held = False
            self._pool.give()


__all__ = ["Permit", "Permits", "TaskPermits", "ThreadPermits"]
