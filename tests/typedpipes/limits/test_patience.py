"""A store that does not answer keeps a call no longer than it may wait."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes._core.flow import AsyncIO, Flow, SyncIO, adrive, drive
from typedpipes.errors import LimitStoreError
from typedpipes.limits import Claim, Limits, Policy, StoreLimiter, Window
from typedpipes.limits.stores import Store
from typedpipes.limits.stores.redis import RedisStore
from typedpipes.limits.stores.sqlite import PATIENCE, SqliteStore

POLICY = Policy(
    vendor="own", account="user", windows=(Window(name="own.calls", allowance=20, seconds=60.0, scope="user"),)
)
CLAIM = Claim("own", "call")


def runs(mode: str, flow: Flow[Any]) -> object:
    return drive(flow, SyncIO()) if mode == "sync" else anyio.run(adrive, flow, AsyncIO(), backend=mode)


def refuses_soon(mode: str, store: Store, **bounds: float) -> StoreLimiter:
    """The limiter of a call that must not wait for ``store``."""
    limiter = StoreLimiter(POLICY, store, identity={"user": "u"})
    before = time.monotonic()
    with pytest.raises(LimitStoreError, match="nothing was sent"):
        runs(mode, limiter.acquire(CLAIM, **bounds))
    assert time.monotonic() - before < PATIENCE / 2
    return limiter


@pytest.mark.parametrize("mode", ["sync", "asyncio", "trio"])
def test_a_locked_file_is_not_waited_for_without_patience(mode: str, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "limits.db")
    drive(StoreLimiter(POLICY, store, identity={"user": "u"}).acquire(CLAIM), SyncIO())
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refuses_soon(mode, store, max_wait=0)
        refuses_soon(mode, store, until=time.monotonic() + 0.3)
    store.close()


@pytest.mark.parametrize("mode", ["sync", "asyncio", "trio"])
def test_a_frozen_redis_is_not_waited_for_without_patience(mode: str, redis_server: RedisServer) -> None:
    store = RedisStore(redis_server.url)
    drive(StoreLimiter(POLICY, store, identity={"user": "u"}).acquire(CLAIM), SyncIO())
    redis_server.freeze()
    try:
        limiter = refuses_soon(mode, store, max_wait=0)
    finally:
        redis_server.thaw()
    # What was granted when nobody waited any more is given back.
    end = time.monotonic() + 10
    while Limits(limiter).snapshot()["own.calls"].used != 1 and time.monotonic() < end:
        time.sleep(0.01)
    assert Limits(limiter).snapshot()["own.calls"].used == 1
    store.close()
