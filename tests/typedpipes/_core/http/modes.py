"""One scenario, three ways to run it: in a thread, under asyncio, under trio."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import anyio
import httpx

from tests.typedpipes._core.fake_time import FakeTime
from typedpipes._core.auth import Credentials
from typedpipes._core.http import WireRequest, WireResponse
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.http.retry import RetryPolicy
from typedpipes.errors import TypedPipesError
from typedpipes.events import Event
from typedpipes.limits.policy import Limiter

Mode = Literal["sync", "asyncio", "trio"]
MODES: tuple[Mode, ...] = ("sync", "asyncio", "trio")


@dataclass
class Setup:
    """How the client of a scenario is made; ``faults`` are raised by the transport, in order, before it is reached."""

    credentials: Callable[[], Credentials] = Credentials
    limiter: Callable[[FakeTime], Limiter | None] = lambda time: None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    faults: tuple[Exception | None, ...] = ()
    jitter: float = 0.5
    time: FakeTime = field(default_factory=FakeTime)


@dataclass
class Observation:
    """What a scenario did."""

    results: list[WireResponse | TypedPipesError]
    sleeps: list[float]
    events: list[Event]

    @property
    def result(self) -> WireResponse | TypedPipesError:
        return self.results[-1]

    def summary(self) -> list[object]:
        """What must be equal in all modes, besides the result: waits and events."""
        return [self.sleeps, [type(event).__name__ for event in self.events]]


class FaultyTransport(httpx.HTTPTransport):
    """Raises what it is told to instead of using the network."""

    def __init__(self, faults: Iterable[Exception | None]) -> None:
        super().__init__(verify=False)
        self.faults = list(faults)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        return super().handle_request(request)


class AsyncFaultyTransport(httpx.AsyncHTTPTransport):
    """The asynchronous twin."""

    def __init__(self, faults: Iterable[Exception | None]) -> None:
        super().__init__(verify=False)
        self.faults = list(faults)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        return await super().handle_async_request(request)


def run(mode: Mode, setup: Setup, *requests: WireRequest) -> Observation:
    """Perform ``requests`` one after the other with one client."""
    return _run_sync(setup, requests) if mode == "sync" else _run_async(mode, setup, requests)


def _run_sync(setup: Setup, requests: Iterable[WireRequest]) -> Observation:
    seen = Observation([], setup.time.sleeps, [])
    with PolicyClient(
        credentials=setup.credentials(),
        limiter=setup.limiter(setup.time),
        retry=setup.retry,
        on_event=seen.events.append,
        transport=FaultyTransport(setup.faults),  # type: ignore[arg-type]  # httpx's own: see library.pyi
        clock=setup.time,
        random=lambda: setup.jitter,
        sleep=setup.time.sleep,
    ) as client:
        for request in requests:
            try:
                seen.results.append(client.exchange(request))
            except TypedPipesError as error:
                seen.results.append(error)
    return seen


def _run_async(mode: Mode, setup: Setup, requests: Iterable[WireRequest]) -> Observation:
    seen = Observation([], setup.time.sleeps, [])

    async def main() -> None:
        async with AsyncPolicyClient(
            credentials=setup.credentials(),
            limiter=setup.limiter(setup.time),
            retry=setup.retry,
            on_event=seen.events.append,
            transport=AsyncFaultyTransport(setup.faults),  # type: ignore[arg-type]  # httpx's own: see library.pyi
            clock=setup.time,
            random=lambda: setup.jitter,
            sleep=setup.time.asleep,
        ) as client:
            for request in requests:
                try:
                    seen.results.append(await client.exchange(request))
                except TypedPipesError as error:
                    seen.results.append(error)

    anyio.run(main, backend=mode)
    return seen
