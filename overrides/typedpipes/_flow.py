"""Policies as generators of effects, the two drivers that perform them, and the clock they are given.

A *flow* is a generator: it yields effects and receives their results. It holds policy only (what to send, how long to
wait, what to reserve) and so is written once; `drive` performs the effects for synchronous callers and `adrive` for
asyncio and trio. Rules a flow obeys:

- it never yields inside ``finally`` (closing a generator cannot perform I/O): what must be undone is registered with
  `hold` and undone by the driver after the flow has ended, shielded from cancellation;
- it never touches a clock, a lock held across an effect, or the network itself;
- ordinary exceptions of an effect are thrown into it; cancellation and ``KeyboardInterrupt`` close it.

Time is injected: waits are measured on a monotonic clock, dates on the wall clock.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

import anyio
import httpx


class Clock(Protocol):
    """What the package knows of time."""

    def monotonic(self) -> float:
        """Seconds that never jump; only differences mean something."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, as the machine believes."""
        ...


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    def monotonic(self) -> float:
        """Seconds since an arbitrary point, usually the boot."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()


def timeline(clock: Clock) -> str:
    """Name the origin of ``clock.monotonic()``: equal names mean that values may be compared.

    On Linux that is the boot, so processes can share monotonic times and a jump of the wall clock harms none of them.
    """
    return _boot() if isinstance(clock, SystemClock) else f"{type(clock).__name__}:{id(clock)}"


@functools.cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        import uuid

        return f"process:{uuid.uuid4()}"


T = TypeVar("T")

_logger: Final = logging.getLogger("typedpipes")


class Send:
    """Put one request on the wire; results in a response whose headers have arrived and whose body is unread."""

    __slots__ = ("request",)

    def __init__(self, request: httpx.Request) -> None:
        self.request = request


class Sleep:
    """Wait for ``seconds`` (0 yields to other tasks)."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Call(Generic[T]):
    """Run a function. The async driver awaits ``asynchronous`` if given, else runs ``sync`` inline.

    ``blocking=True`` sends ``sync`` to a worker thread under the async driver: for file and SQLite work.
    """

    __slots__ = ("asynchronous", "blocking", "sync")

    def __init__(
        self,
        sync: Callable[[], T],
        asynchronous: Callable[[], Awaitable[T]] | None = None,
        *,
        blocking: bool = False,
    ) -> None:
        self.sync = sync
        self.asynchronous = asynchronous
        self.blocking = blocking


class Hold:
    """Register ``release``, run once after the flow has ended in whatever way. It must be harmless when repeated."""

    __slots__ = ("release",)

    def __init__(self, release: Call[None]) -> None:
        self.release = release


Effect: TypeAlias = "Send | Sleep | Call[Any] | Hold"
Flow: TypeAlias = Generator[Effect, Any, T]


def send(request: httpx.Request) -> Flow[httpx.Response]:
    """Send ``request``; the response's body is unread."""
    response: httpx.Response = yield Send(request)
    return response


def sleep(seconds: float) -> Flow[None]:
    """Wait for ``seconds``."""
    yield Sleep(seconds)


def call(
    sync: Callable[[], T], asynchronous: Callable[[], Awaitable[T]] | None = None, *, blocking: bool = False
) -> Flow[T]:
    """Run a function (see `Call`)."""
    result: T = yield Call(sync, asynchronous, blocking=blocking)
    return result


def hold(release: Call[None]) -> Flow[None]:
    """Have the driver run ``release`` after this flow has ended (see `Hold`)."""
    yield Hold(release)


def read(response: httpx.Response) -> Flow[bytes]:
    """Read the whole body of a response that came from `send`."""
    body: bytes = yield Call(response.read, response.aread)
    return body


def discard(response: httpx.Response) -> Flow[None]:
    """Close a response without reading the rest of its body."""
    yield Call(response.close, response.aclose)


class SyncIO:
    """What `drive` performs effects with: a wire function and a sleep, both injectable."""

    __slots__ = ("send", "sleep")

    def __init__(
        self,
        send: Callable[[httpx.Request], httpx.Response] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.send = send or _no_wire
        self.sleep = sleep


class AsyncIO:
    """What `adrive` performs effects with."""

    __slots__ = ("send", "sleep")

    def __init__(
        self,
        send: Callable[[httpx.Request], Awaitable[httpx.Response]] | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self.send = send or _no_async_wire
        self.sleep = sleep or _sleep


def _no_wire(request: httpx.Request) -> httpx.Response:
    raise RuntimeError(f"this flow has no wire to send {request.method} on")


async def _sleep(seconds: float) -> None:
    await anyio.sleep(seconds)


async def _no_async_wire(request: httpx.Request) -> httpx.Response:
    raise RuntimeError(f"this flow has no wire to send {request.method} on")


class Abandoned(BaseException):
    """Ends a flow in a thread whose result nobody wants any more; never reaches a caller."""


def stoppable(io: SyncIO, stop: threading.Event) -> SyncIO:
    """``io``, sending nothing and waiting for nothing once ``stop`` is set: then flows end by `Abandoned`."""

    def send(request: httpx.Request) -> httpx.Response:
        if stop.is_set():
            raise Abandoned
        return io.send(request)

    def sleep(seconds: float) -> None:
        if io.sleep is not time.sleep:  # a clock of the caller's
            io.sleep(seconds)
        elif stop.wait(seconds):
            raise Abandoned

    return SyncIO(send, sleep)


def drive(flow: Flow[T], io: SyncIO) -> T:
    """Run ``flow`` to its end for a synchronous caller and return its result."""
    holds: list[Call[None]] = []
    responses: list[httpx.Response] = []
    try:
        effect = flow.send(None)
        while True:
            try:
                value = _perform(effect, io, holds, responses)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(value)
    except StopIteration as stop:
        responses.clear()
        result: T = stop.value
        return result
    finally:
        flow.close()
        for response in responses:
            _undo(response.close)
        for release in reversed(holds):
            _undo(release.sync)


def _perform(effect: Effect, io: SyncIO, holds: list[Call[None]], responses: list[httpx.Response]) -> object:
    kind = type(effect)
    if kind is Call:
        return effect.sync()  # type: ignore[union-attr]  # `kind is Call` tells, and is cheaper than isinstance
    if isinstance(effect, Send):
        response = io.send(effect.request)
        responses[:] = [earlier for earlier in responses if not earlier.is_closed]
        responses.append(response)
        return response
    if isinstance(effect, Hold):
        holds.append(effect.release)
    elif isinstance(effect, Sleep):
        io.sleep(effect.seconds)
    return None


def _undo(release: Callable[[], object]) -> None:
    """Perform a release; one that fails is logged, so that it neither hides the outcome nor stops the others."""
    try:
        release()
    except Exception:
        _logger.warning("could not give back what a call held", exc_info=True)


async def adrive(flow: Flow[T], io: AsyncIO) -> T:
    """Run ``flow`` to its end under asyncio or trio and return its result."""
    holds: list[Call[None]] = []
    responses: list[httpx.Response] = []
    try:
        effect = flow.send(None)
        while True:
            try:
                value = await _aperform(effect, io, holds, responses)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(value)
    except StopIteration as stop:
        responses.clear()
        result: T = stop.value
        return result
    finally:
        flow.close()
        if responses:
            with anyio.CancelScope(shield=True):
                for response in responses:
                    await _aundo(Call(response.close, response.aclose))
        for release in reversed(holds):
            if release.asynchronous is None and not release.blocking:
                _undo(release.sync)
            else:
                with anyio.CancelScope(shield=True):
                    await _aundo(release)


async def _aperform(effect: Effect, io: AsyncIO, holds: list[Call[None]], responses: list[httpx.Response]) -> object:
    if isinstance(effect, Call):
        return await _acall(effect) if effect.asynchronous is not None or effect.blocking else effect.sync()
    if isinstance(effect, Send):
        response = await io.send(effect.request)
        responses[:] = [earlier for earlier in responses if not earlier.is_closed]
        responses.append(response)
        return response
    if isinstance(effect, Hold):
        holds.append(effect.release)
    elif isinstance(effect, Sleep):
        await io.sleep(effect.seconds)
    return None


async def _acall(effect: Call[T]) -> T:
    if effect.asynchronous is not None:
        return await effect.asynchronous()
    if effect.blocking:
        from anyio import to_thread  # a client that never needs it does not load it

        return await to_thread.run_sync(effect.sync)
    return effect.sync()


async def _aundo(release: Call[None]) -> None:
    try:
        await _acall(release)
    except Exception:
        _logger.warning("could not give back what a call held", exc_info=True)
