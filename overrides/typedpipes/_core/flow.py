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
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar, cast

from typedpipes.errors import ConfigurationError, TypedPipesError


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
    Other systems do not tell the boot: each process has a timeline of its own there, ages left by another process are
    taken from the wall clock, and of an unfinished download only the bytes that were synced are kept.
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


class Answer(Protocol):
    """What the drivers know of a response. This module names nothing of httpx: whoever imports the package for its
    types, as every user's type checker does, would read httpx with all that it imports."""

    @property
    def is_closed(self) -> bool:
        """Whether its connection was given back."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...

    async def aclose(self) -> None:
        """The same under an async driver."""
        ...


class Send:
    """Put one request on the wire; results in a response whose headers have arrived and whose body is unread."""

    __slots__ = ("request",)

    def __init__(self, request: object) -> None:
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
        self.sync: Callable[[], T] = sync
        self.asynchronous: Callable[[], Awaitable[T]] | None = asynchronous
        self.blocking: bool = blocking


class Hold:
    """Register ``release``, run once after the flow has ended in whatever way. It must be harmless when repeated."""

    __slots__ = ("release",)

    def __init__(self, release: Call[None]) -> None:
        self.release = release


Effect: TypeAlias = "Send | Sleep | Call[Any] | Hold"
Flow: TypeAlias = Generator[Effect, Any, T]


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


def tell(callback: Callable[[T], object], value: T) -> Flow[None]:
    """Call what the caller gave; under the async driver what it returns is awaited if it can be."""
    yield Call(lambda: _told(callback, value), lambda: _atold(callback, value))


def _told(callback: Callable[[T], object], value: T) -> None:
    result = callback(value)
    if hasattr(result, "__await__"):
        getattr(result, "close", bool)()  # a coroutine that is not closed warns that it was never awaited
        raise ConfigurationError("a callback of a synchronous client returned an awaitable; give a plain function")


async def _atold(callback: Callable[[T], object], value: T) -> None:
    result = callback(value)
    if hasattr(result, "__await__"):
        await cast("Awaitable[object]", result)


def discard(response: Answer) -> Flow[None]:
    """Close a response without reading the rest of its body."""
    yield Call(response.close, response.aclose)


class SyncIO:
    """What `drive` performs effects with: a wire function and a sleep, both injectable."""

    __slots__ = ("send", "sleep")

    def __init__(
        self,
        send: Callable[[Any], Answer] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.send: Callable[[Any], Answer] = send or _no_wire
        self.sleep: Callable[[float], None] = sleep


class AsyncIO:
    """What `adrive` performs effects with."""

    __slots__ = ("send", "sleep")

    def __init__(
        self,
        send: Callable[[Any], Awaitable[Answer]] | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self.send: Callable[[Any], Awaitable[Answer]] = send or _no_async_wire
        self.sleep: Callable[[float], Awaitable[None]] = sleep or _sleep


def _no_wire(request: object) -> Answer:
    raise RuntimeError("this flow has no wire to send a request on")


async def _no_async_wire(request: object) -> Answer:
    return _no_wire(request)


# A client that never needs anyio does not load it; imports in functions are none to a user's type checker.


def _sleep(seconds: float) -> Awaitable[None]:
    import anyio

    return anyio.sleep(seconds)


def _shielded() -> AbstractContextManager[object]:
    import anyio

    return anyio.CancelScope(shield=True)


def _in_thread(function: Callable[[], T]) -> Awaitable[T]:
    from anyio import to_thread

    return to_thread.run_sync(function)


class Abandoned(BaseException):
    """Ends a flow in a thread whose result nobody wants any more; never reaches a caller."""


def stoppable(io: SyncIO, stop: threading.Event) -> SyncIO:
    """``io``, sending nothing and waiting for nothing once ``stop`` is set: then flows end by `Abandoned`."""

    def send(request: object) -> Answer:
        if stop.is_set():
            raise Abandoned
        return io.send(request)

    def sleep(seconds: float) -> None:
        if io.sleep is not time.sleep:  # a clock of the caller's
            io.sleep(seconds)
        elif stop.wait(seconds):
            raise Abandoned

    return SyncIO(send, sleep)


def forget_frames(error: TypedPipesError) -> None:
    """Let go of the frames below: they hold answers, and a traceback may show what frames hold. Its cause stays."""
    error.__traceback__ = None
    if error.__cause__ is None:
        error.__context__ = None


def drive(flow: Flow[T], io: SyncIO) -> T:
    """Run ``flow`` to its end for a synchronous caller and return its result."""
    holds: list[Call[None]] = []
    responses: list[Answer] = []
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
    except TypedPipesError as error:
        forget_frames(error)
        raise
    finally:
        flow.close()
        for response in responses:
            _undo(response.close)
        for release in reversed(holds):
            _undo(release.sync)


def _perform(effect: Effect, io: SyncIO, holds: list[Call[None]], responses: list[Answer]) -> object:
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
        _logger.warning("could not release what a call held", exc_info=True)


async def adrive(flow: Flow[T], io: AsyncIO) -> T:
    """Run ``flow`` to its end under asyncio or trio and return its result."""
    holds: list[Call[None]] = []
    responses: list[Answer] = []
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
    except TypedPipesError as error:
        forget_frames(error)
        raise
    finally:
        flow.close()
        if responses:
            with _shielded():
                for response in responses:
                    await _aundo(Call(response.close, response.aclose))
        for release in reversed(holds):
            if release.asynchronous is None and not release.blocking:
                _undo(release.sync)
            else:
                with _shielded():
                    await _aundo(release)


async def _aperform(effect: Effect, io: AsyncIO, holds: list[Call[None]], responses: list[Answer]) -> object:
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
        return await _in_thread(effect.sync)
    return effect.sync()


async def _aundo(release: Call[None]) -> None:
    try:
        await _acall(release)
    except Exception:
        _logger.warning("could not release what a call held", exc_info=True)
