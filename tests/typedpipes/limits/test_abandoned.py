"""A request that was given up holds its slot for a grace and the window, no longer; nothing is exceeded meanwhile.

The server reads late and counts for itself; time is turned by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from tests.typedpipes.limits.conftest import STORES
from tests.typedpipes.limits.late_server import LateServer, reading_late
from tests.typedpipes.limits.simulation import Judge
from tests.typedpipes.limits.turned_clock import ToldRedis, Turned
from typedpipes._core.flow import SyncIO, drive
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes.errors import ConfigurationError, RateLimited, TransportError
from typedpipes.limits import Claim, Limits, Policy, StoreLimiter, Window, build_limiter
from typedpipes.limits.ask import GRACE
from typedpipes.limits.stores import MemoryStore, Store
from typedpipes.limits.stores.sqlite import SqliteStore

CALLS = 20
WINDOW = 2.0
ROW = Window(name="own.calls", allowance=CALLS, seconds=WINDOW, scope="user")
POLICY = Policy(vendor="own", account="user", windows=(ROW,))


class World:
    """A limiter on a store whose time is turned by hand, a server that reads late, and its judgement."""

    def __init__(self, store: Store, clock: Turned, server: LateServer, judge: Judge) -> None:
        self.clock = clock
        self.server = server
        self.judge = judge
        self.limiter = StoreLimiter(POLICY, store, identity={"user": "u"}, clock=clock)

    def request(self, max_wait: float | None = None, timeout: float | None = None) -> WireRequest:
        stamp = Stamp(
            api="own",
            operation="call",
            safety="safe",
            credentials=(),
            retries=0,
            max_wait=max_wait,
            timeout=timeout,
        )
        return WireRequest(method="GET", url=self.server.url, stamp=stamp)

    def sleep(self, seconds: float) -> None:
        self.clock.now += round(seconds * 1_000_000) + 1

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await anyio.lowlevel.checkpoint()

    def client(self) -> PolicyClient:
        return PolicyClient(limiter=self.limiter, clock=self.clock, sleep=self.sleep)

    def async_client(self) -> AsyncPolicyClient:
        return AsyncPolicyClient(limiter=self.limiter, clock=self.clock, sleep=self.asleep)

    def all_given_up(self) -> None:
        """Nobody waits for an answer any more; the server reads nearly at the end of the grace."""
        status = Limits(self.limiter).snapshot()["own.calls"]
        assert (status.used, status.in_flight) == (CALLS, 0)
        assert self.server.unread() == CALLS
        self.sleep(GRACE - 0.1)
        assert self.server.read() == CALLS
        self.server.hurry()

    def assert_told(self, error: RateLimited) -> None:
        """The rest of the grace, the window, and its guard."""
        assert error.retry_after == pytest.approx(0.1 + WINDOW, abs=0.01)
        assert f"{error.retry_after:.3f} s away" in str(error)


@pytest.fixture(params=STORES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    clock = Turned()
    store: Store
    if request.param == "memory":
        store = MemoryStore(clock=clock)
    elif request.param == "sqlite":
        store = SqliteStore(tmp_path / "limits.db", clock=clock)
    else:
        store = ToldRedis(request.getfixturevalue("redis_server"), clock)
    judge = Judge(CALLS, WINDOW)
    with reading_late(lambda: judge.arrive(clock.monotonic())) as server:
        yield World(store, clock, server, judge)
    store.close()


def test_calls_that_timed_out(world: World) -> None:
    with world.client() as client:
        for _ in range(CALLS):
            with pytest.raises(TransportError):
                client.exchange(world.request(timeout=0.05))
        world.all_given_up()
        for max_wait in (0, 2.0):
            with pytest.raises(RateLimited) as caught:
                client.exchange(world.request(max_wait=max_wait))
            world.assert_told(caught.value)
        for _ in range(CALLS):
            client.exchange(world.request(max_wait=2.2))
    assert len(world.judge.arrivals) == 2 * CALLS
    assert world.judge.most() == CALLS


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_calls_that_were_cancelled(world: World, backend: str) -> None:
    async def main() -> None:
        async with world.async_client() as client:
            async with anyio.create_task_group() as group:
                for _ in range(CALLS):
                    group.start_soon(client.exchange, world.request())
                with anyio.fail_after(20):
                    while world.server.unread() < CALLS:
                        await anyio.sleep(0.005)
                group.cancel_scope.cancel()
            world.all_given_up()
            for max_wait in (0, 2.0):
                with pytest.raises(RateLimited) as caught:
                    await client.exchange(world.request(max_wait=max_wait))
                world.assert_told(caught.value)
            for _ in range(CALLS):
                await client.exchange(world.request(max_wait=2.2))

    anyio.run(main, backend=backend)
    assert len(world.judge.arrivals) == 2 * CALLS
    assert world.judge.most() == CALLS


def test_what_may_be_answered_any_moment_is_not_waited_for_longer(world: World) -> None:
    """One request is under way, the others were given up: the estimate is that of the one."""
    with world.client() as client:
        for _ in range(CALLS - 1):
            with pytest.raises(TransportError):
                client.exchange(world.request(timeout=0.05))
        drive(world.limiter.acquire(Claim("own", "call")), SyncIO())
        with pytest.raises(RateLimited, match=r"at least 2\.0\d\d s away"):
            client.exchange(world.request(max_wait=0))


def test_the_grace_is_never_shorter_than_assumed() -> None:
    for grace in (0.0, 4.9, float("nan")):
        with pytest.raises(ConfigurationError, match="at least 5 seconds"):
            build_limiter("pipefy", identity={"user": "u"}, grace=grace)
