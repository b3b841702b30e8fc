"""Stores to test against: each one real, each one empty."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes.limits.stores import MemoryStore, Store
from typedpipes.limits.stores.redis import RedisStore
from typedpipes.limits.stores.sqlite import SqliteStore

STORES = ("memory", "sqlite", "redis")


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(autouse=True)
def no_signs_of_life() -> Iterator[None]:
    """No thread of a store outlives its test: its work, and its use of `random`, would be seen by later tests."""
    yield
    for thread in threading.enumerate():
        if thread.name == "typedpipes-heart":
            thread.join(timeout=2)
            assert not thread.is_alive(), "a store on Redis was left open with a request in flight"


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    redis_process.flush()
    return redis_process


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each kind of store in turn."""
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SqliteStore(tmp_path / "limits.db")
    else:
        made = RedisStore(request.getfixturevalue("redis_server").url)
    yield made
    made.close()


@pytest.fixture
def closing() -> Iterator[Callable[[SqliteStore], SqliteStore]]:
    """Has a store that a test opens itself closed after it: Python 3.13 warns of each connection left open."""
    with contextlib.ExitStack() as stack:
        yield lambda store: stack.enter_context(contextlib.closing(store))


@pytest.fixture(params=("sqlite", "redis"))
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of each store that processes can share."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'limits.db'}"
    server: RedisServer = request.getfixturevalue("redis_server")
    return server.url
