"""What was never sent is given back on every store, once, and even if giving it back is itself interrupted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import anyio
import httpx
import pytest

from typedpipes._core.auth import AuthContext, Credentials, StaticCredential
from typedpipes._core.flow import AsyncIO, Flow, SyncIO, adrive, drive
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import PolicyClient
from typedpipes._core.redaction import Secret
from typedpipes.limits import Budget, Claim, Limits, Policy, StoreLimiter, Window
from typedpipes.limits.stores import Store
from typedpipes.limits.stores.sqlite import SqliteStore

POLICY = Policy(
    vendor="own",
    account="user",
    windows=(Window(name="hour", allowance=3, seconds=3600.0, scope="user"),),
    budgets=(Budget(name="month", allowance=3, period="month", scope="user"),),
)
CLAIM = Claim("own", "call")
IO = SyncIO()
NOWHERE = "http://127.0.0.1:9/"


def limiter_on(store: Store) -> StoreLimiter:
    return StoreLimiter(POLICY, store, identity={"user": "u"})


def used(limiter: StoreLimiter) -> tuple[int | None, int | None]:
    snapshot = Limits(limiter).snapshot()
    return snapshot["hour"].used, snapshot["month"].used


class Interrupted(StaticCredential):
    """Its signing is stopped with Ctrl-C."""

    def sign(self, request: httpx.Request, context: AuthContext) -> Flow[Secret]:  # type: ignore[override]  # httpx's own: see library.pyi
        raise KeyboardInterrupt


def test_signing_that_is_interrupted_uses_nothing(store: Store) -> None:
    limiter = limiter_on(store)
    credential = Interrupted("api_key", "k-123456", origins=[NOWHERE])
    stamp = Stamp(api="own", operation="call", safety="safe", credentials=("api_key",))
    with PolicyClient(credentials=Credentials(credential), limiter=limiter) as client:
        for _ in range(5):
            with pytest.raises(KeyboardInterrupt):
                client.exchange(WireRequest(method="GET", url=NOWHERE, stamp=stamp))
    if store.durable:
        assert used(limiter) == (0, 0)
    else:
        assert Limits(limiter).snapshot()["hour"].used == 0


def test_giving_back_twice_gives_back_once(store: Store) -> None:
    """A client that did not see the answer of the store says it again."""
    limiter = limiter_on(store)
    drive(limiter.acquire(CLAIM), IO)
    lease = drive(limiter.acquire(CLAIM), IO)
    assert lease.ask is not None
    for _ in range(3):
        store.release(lease.ask, True).sync()
    assert used(limiter) == (1, 1)


@pytest.mark.parametrize("outcome", ["answered", "unsent"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_report_to_the_store_that_is_cancelled_is_made_again(tmp_path: Path, outcome: str, backend: str) -> None:
    """Another process locks the file; the call is cancelled while it waits to tell how it ended."""
    store = SqliteStore(tmp_path / "limits.db")
    limiter = limiter_on(store)
    locked: list[sqlite3.Connection] = []

    def call() -> Flow[None]:
        lease = yield from limiter.acquire(CLAIM)
        locked.append(sqlite3.connect(store.path, isolation_level=None))
        locked[0].execute("BEGIN IMMEDIATE")
        yield from lease.settle(200, {}) if outcome == "answered" else lease.unsent()

    async def main() -> bool:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(adrive, call(), AsyncIO())
                while not locked:
                    await anyio.sleep(0.001)
                scope.cancel()
                with anyio.CancelScope(shield=True):
                    await anyio.sleep(0.05)
                    locked[0].close()
        return scope.cancelled_caught

    assert anyio.run(main, backend=backend)
    assert used(limiter) == ((1, 1) if outcome == "answered" else (0, 0))
    assert Limits(limiter).snapshot()["hour"].in_flight == 0
    store.close()
