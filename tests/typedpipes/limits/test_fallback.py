"""``unreachable="local"``: a conservative share while the store is away, and nothing forgotten when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.typedpipes.limits.redis_server import RedisServer
from tests.typedpipes.limits.simulation import VirtualClock
from typedpipes._core.flow import SyncIO, drive
from typedpipes.errors import ConfigurationError, LimitStoreError, QuotaExhausted, RateLimited
from typedpipes.events import Event, LimitStore
from typedpipes.limits import Budget, Claim, Limits, Policy, StoreLimiter, Window, build_limiter
from typedpipes.limits.stores.redis import RedisStore

CLAIM = Claim("own", "call")
WINDOWED = Policy(vendor="own", account="user", windows=(Window(name="w", allowance=10, seconds=5.0, scope="user"),))
LONG = Policy(vendor="own", account="user", windows=(Window(name="w", allowance=10, seconds=60.0, scope="user"),))
BUDGETED = Policy(
    vendor="own",
    account="user",
    windows=(Window(name="w", allowance=100, seconds=5.0, scope="user"),),
    budgets=(Budget(name="month", allowance=60, period="month", scope="user"),),
)


class Outage:
    """A limiter with a fifth as its share, on a Redis that can be taken away; waits turn a virtual clock."""

    def __init__(self, server: RedisServer, policy: Policy) -> None:
        self.server = server
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.io = SyncIO(sleep=self._sleep)
        self.limiter: StoreLimiter = build_limiter(
            "pipefy",
            identity={"user": "u"},
            policy=policy,
            store=RedisStore(server.url, patience=0.0),
            unreachable="local",
            share=0.2,
            clock=self.clock,
            on_event=self.events.append,
        )

    def _sleep(self, seconds: float) -> None:
        self.clock.now += seconds

    def take(self, times: int, max_wait: float | None = 0) -> None:
        for _ in range(times):
            lease = drive(self.limiter.acquire(CLAIM, max_wait=max_wait), self.io)
            drive(lease.settle(200, {}), self.io)

    def states(self) -> list[str]:
        return [event.state for event in self.events if isinstance(event, LimitStore)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    own = RedisServer(tmp_path, persist=True)
    own.start()
    yield own
    own.kill()


@pytest.fixture
def long_windowed(server: RedisServer) -> Iterator[Outage]:
    outage = Outage(server, LONG)
    yield outage
    outage.limiter.store.close()


@pytest.fixture
def windowed(server: RedisServer) -> Iterator[Outage]:
    outage = Outage(server, WINDOWED)
    yield outage
    outage.limiter.store.close()


@pytest.fixture
def budgeted(server: RedisServer) -> Iterator[Outage]:
    outage = Outage(server, BUDGETED)
    yield outage
    outage.limiter.store.close()


def test_after_one_window_of_pause_a_share_is_granted(server: RedisServer, windowed: Outage) -> None:
    outage = windowed
    outage.take(10)
    server.kill()
    with pytest.raises(RateLimited):
        outage.take(1)
    began = outage.clock.now
    outage.take(1, max_wait=10)
    assert 5.0 < outage.clock.now - began < 5.1
    outage.take(1)
    with pytest.raises(RateLimited):
        outage.take(1)
    assert outage.states() == ["unreachable", "local"]


def test_back_again_what_was_granted_locally_is_held_in_the_store(server: RedisServer, long_windowed: Outage) -> None:
    outage = long_windowed
    outage.take(1)
    server.kill()
    outage.take(2, max_wait=90)
    server.start()
    outage.clock.now += 6  # the next probe; Redis has a clock of its own
    outage.take(1)
    assert outage.states()[-1] == "recovered"
    status = Limits(outage.limiter).snapshot()["w"]
    assert status.allowance == 10
    assert status.used is not None
    # One before the outage (Redis has a clock of its own), two in it, one now.
    assert status.used == 4


def test_a_budget_gets_its_share_of_what_was_left_and_is_charged_later(server: RedisServer, budgeted: Outage) -> None:
    outage = budgeted
    outage.take(10)
    server.kill()
    outage.take(10, max_wait=10)
    with pytest.raises(QuotaExhausted):
        outage.take(1, max_wait=10)
    server.start()
    outage.clock.now += 6
    outage.take(1)
    assert Limits(outage.limiter).snapshot()["month"].used == 21


def test_of_a_budget_never_seen_nothing_is_granted(server: RedisServer, budgeted: Outage) -> None:
    server.kill()
    outage = budgeted
    for _ in range(2):
        with pytest.raises(LimitStoreError):
            outage.take(1)


def test_the_share_must_be_a_fraction() -> None:
    for share in (0.0, -1.0, 1.5):
        with pytest.raises(ConfigurationError, match="share"):
            build_limiter("pipefy", identity={"user": "u"}, unreachable="local", share=share)


def test_a_stated_limit_does_not_raise_the_share(server: RedisServer) -> None:
    """A header tells what everybody may do together; this process still takes its fifth of it."""
    outage = Outage(server, replace(LONG, reads="pipedrive"))
    outage.take(1)
    server.kill()
    told = {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "19", "x-ratelimit-reset": "60"}
    lease = drive(outage.limiter.acquire(CLAIM), outage.io)
    drive(lease.settle(200, told), outage.io)
    outage.take(3)
    with pytest.raises(RateLimited):
        outage.take(1)
    outage.limiter.store.close()
