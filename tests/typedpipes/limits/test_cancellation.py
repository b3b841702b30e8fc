"""Whoever is cancelled leaves nothing behind: no place in the queue, no unit beyond its lapse."""

from __future__ import annotations

import itertools
import time

import anyio
import pytest

from tests.support.examples import counted
from typedpipes._core.flow import AsyncIO, Call, Flow, SyncIO, adrive, drive
from typedpipes.limits import Claim, Limits, Policy, StoreLimiter, Window
from typedpipes.limits.stores import Store

TIMES = {"memory": 1000, "sqlite": 1000, "redis": 500}
"""Cancellations per way of calling; ten times as many in the campaign."""
BATCH = 250
LAPSE = 0.08
"""Seconds after which a request that is never answered is given up, before its window."""
CLAIM = Claim("own", "call")


def limiter_on(store: Store) -> StoreLimiter:
    """Half of each batch gets units (and is cancelled holding them), the other half waits."""
    row = Window(name="own.calls", allowance=BATCH // 2, seconds=0.02, scope="user")
    policy = Policy(vendor="own", account="user", windows=(row,))
    return StoreLimiter(policy, store, identity={"user": "u"}, grace=0.0, unanswered=LAPSE)


def call(limiter: StoreLimiter, hold: Call[None]) -> Flow[None]:
    lease = yield from limiter.acquire(CLAIM)
    yield hold
    yield from lease.settle(200, {})


def times_on(store: Store, examples: int) -> int:
    return TIMES[store.url.partition(":")[0]] * examples


def assert_nothing_left(limiter: StoreLimiter) -> None:
    """Soon: when what was never answered has lapsed."""
    for _ in range(1000):
        status = Limits(limiter).snapshot()["own.calls"]
        if (status.used, status.in_flight, status.waiting) == (0, 0, 0):
            return
        time.sleep(0.02)
    raise AssertionError(status)


@counted(1, 10)
def test_synchronous_callers(store: Store, examples: int) -> None:
    """Ctrl-C at every kind of moment: while waiting, and while the request is out."""
    limiter = limiter_on(store)

    def interrupt(_: float = 0.0) -> None:
        raise KeyboardInterrupt

    for _ in range(times_on(store, examples)):
        with pytest.raises(KeyboardInterrupt):
            drive(call(limiter, Call(interrupt)), SyncIO(sleep=interrupt))
    assert_nothing_left(limiter)


@counted(1, 10)
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_asynchronous_callers(store: Store, backend: str, examples: int) -> None:
    limiter = limiter_on(store)
    moments = itertools.cycle([0.0, 0.001, 0.005, 0.02, 0.05])

    async def forever() -> None:
        await anyio.sleep_forever()

    async def one(seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await adrive(call(limiter, Call(lambda: None, forever)), AsyncIO())

    async def main() -> None:
        for _ in range(times_on(store, examples) // BATCH):
            async with anyio.create_task_group() as group:
                for _ in range(BATCH):
                    group.start_soon(one, next(moments))

    anyio.run(main, backend=backend)
    assert_nothing_left(limiter)
