"""What a process had in flight when it died counts as given up, for those who share a store with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.typedpipes.limits.limits_process import CLAIM, UNITS, WINDOW, few, start
from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes._core.flow import SyncIO, drive
from typedpipes.errors import RateLimited
from typedpipes.limits import Limits, StoreLimiter
from typedpipes.limits.ask import GRACE
from typedpipes.limits.stores import heart, holders
from typedpipes.limits.stores import redis as redis_store

IO = SyncIO()


@contextmanager
def holding(what: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has taken every unit, for ten minutes."""
    process = start(what, url)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'limits.db'}"


@pytest.fixture
def limiter(url: str) -> Iterator[StoreLimiter]:
    made = few(url, lapse=600.0, grace=GRACE)
    yield made
    made.store.close()


def told(limiter: StoreLimiter) -> float:
    """Seconds until the next slot, as the error says."""
    with pytest.raises(RateLimited) as caught:
        drive(limiter.acquire(CLAIM, max_wait=0), IO)
    assert caught.value.retry_after is not None
    return caught.value.retry_after


@pytest.mark.parametrize("what", ["hold_long", "hold_and_fork"])
def test_units_of_a_killed_process_are_free_after_a_grace_and_a_window(
    url: str, limiter: StoreLimiter, what: str
) -> None:
    with holding(what, url) as process:
        process.kill()
        process.wait()
        first = told(limiter)
        assert first == pytest.approx(GRACE + WINDOW, abs=0.01)
        assert Limits(limiter).snapshot()["own.calls"].in_flight == 0
        assert told(limiter) < first, "it is found dead once"


def test_of_a_frozen_process_nothing_is_freed(url: str, limiter: StoreLimiter) -> None:
    with holding("hold_long", url) as process:
        process.send_signal(signal.SIGSTOP)
        told(limiter)
        assert Limits(limiter).snapshot()["own.calls"].in_flight == UNITS


def test_nothing_of_this_process_is_freed(limiter: StoreLimiter) -> None:
    for _ in range(UNITS):
        drive(limiter.acquire(CLAIM), IO)
    told(limiter)
    assert Limits(limiter).snapshot()["own.calls"].in_flight == UNITS


def test_without_a_file_of_its_own_a_process_counts_as_living(url: str, limiter: StoreLimiter, tmp_path: Path) -> None:
    with holding("hold_long", url) as process:
        for path in (tmp_path / "limits.db-holders").iterdir():
            path.unlink()
        process.kill()
        process.wait()
        told(limiter)
        assert Limits(limiter).snapshot()["own.calls"].in_flight == UNITS


def test_files_of_processes_that_ended_long_ago_are_removed(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "limits.db-holders"
    with holding("hold_long", url):
        (living,) = folder.iterdir()
        ended = folder / "ended"
        ended.touch()
        for path in (living, ended):
            os.utime(path, (0, 0))
        (folder / "recent").touch()
        holders.sweep(folder)
        assert sorted(path.name for path in folder.iterdir()) == sorted([living.name, "recent"])


def test_on_redis_a_process_that_beats_lives_and_one_that_was_killed_is_given_up(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = few(redis_server.url, lapse=600.0, grace=GRACE)
    monkeypatch.setattr(redis_store, "DEAD", 2.0)  # as we see it; the other says it lives each second
    with holding("hold_long", redis_server.url) as process, contextlib.closing(limiter.store):
        began = time.monotonic()
        while time.monotonic() < began + 2.5:
            told(limiter)
            assert Limits(limiter).snapshot()["own.calls"].in_flight == UNITS
            time.sleep(0.05)
        process.kill()
        process.wait()
        ended = time.monotonic() + 20
        while Limits(limiter).snapshot()["own.calls"].in_flight and time.monotonic() < ended:
            first = told(limiter)
        assert first == pytest.approx(GRACE + WINDOW, abs=0.05)
        assert told(limiter) < first, "it is found dead once"


def test_on_redis_a_process_that_was_frozen_knows_that_it_may_seem_dead(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = few(redis_server.url, lapse=600.0, grace=GRACE)
    lease = drive(limiter.acquire(CLAIM), IO)
    assert not lease.outlived()
    clock = time.monotonic() + heart.DEAD
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    assert lease.outlived()
    limiter.store.close()
