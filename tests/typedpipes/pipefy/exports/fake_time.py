"""Time that passes only when somebody sleeps, and flows run in each mode."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import anyio
import anyio.lowlevel

from typedpipes._core.flow import AsyncIO, SyncIO

T = TypeVar("T")

MODES = ("sync", "asyncio", "trio")


class FakeClock:
    """A `typedpipes._core.flow.Clock` whose sleeps are recorded and take no time."""

    def __init__(self, wall: float = 1_790_000_000.0) -> None:
        self.now = 0.0
        self._wall = wall
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self._wall + self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.sleeps.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.sleep(seconds)

    def sync_io(self) -> SyncIO:
        return SyncIO(sleep=self.sleep)

    def async_io(self) -> AsyncIO:
        return AsyncIO(sleep=self.asleep)


async def settle(value: T | Awaitable[T]) -> T:
    """The result of a call that may be sync or async."""
    if inspect.isawaitable(value):
        result: T = await value
        return result
    return value


def run(mode: str, scenario: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a scenario: with an event loop, or to its end in one step when nothing in it is asynchronous."""
    if mode != "sync":
        return anyio.run(scenario, backend=mode)
    coroutine = scenario()
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("a synchronous scenario waited for an event loop")
