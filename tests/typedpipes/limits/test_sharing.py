"""Who shares what: by default everybody in a process who uses the same store and the same identity."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from typedpipes._core.flow import AsyncIO, Call, Flow, SyncIO, adrive, drive
from typedpipes.errors import RateLimited
from typedpipes.limits import AsyncLimits, Claim, Limits, Policy, StoreLimiter, Window, build_limiter, open_store
from typedpipes.limits.ask import Ask
from typedpipes.limits.stores import MemoryStore, Store
from typedpipes.limits.stores.sqlite import SqliteStore

Closing = Callable[[SqliteStore], SqliteStore]

CARD = Claim("pipefy", "card")
WAITERS = 500


def limiter(user: str, url: str | None = None) -> StoreLimiter:
    row = Window(name="own.calls", allowance=6, seconds=30, scope="user")
    policy = Policy(vendor="own", account="user", windows=(row,))
    return build_limiter("pipefy", identity={"user": user}, policy=policy, store_url=url)


def test_clients_made_apart_share_by_default_and_other_identities_do_not() -> None:
    one, other = limiter("shared-a"), limiter("shared-a")
    assert one.store is other.store
    for each in (one, other):
        for _ in range(3):
            drive(each.acquire(CARD, max_wait=0), SyncIO())
    for each in (one, other):
        with pytest.raises(RateLimited):
            drive(each.acquire(CARD, max_wait=0), SyncIO())
    drive(limiter("shared-b").acquire(CARD, max_wait=0), SyncIO())
    drive(limiter("shared-a", "memory://apart").acquire(CARD, max_wait=0), SyncIO())


def test_threads_tasks_sync_and_async_share_one_window() -> None:
    granted: list[str] = []

    def take(kind: str) -> Flow[None]:
        try:
            yield from limiter("mixed").acquire(CARD, max_wait=0)
        except RateLimited:
            return
        granted.append(kind)

    async def tasks() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(adrive, take("task"), AsyncIO())

    threads = [threading.Thread(target=drive, args=(take("thread"), SyncIO())) for _ in range(5)]
    threads.append(threading.Thread(target=lambda: anyio.run(tasks, backend="trio")))
    for thread in threads:
        thread.start()
    anyio.run(tasks)
    for thread in threads:
        thread.join()
    assert len(granted) == 6


def test_counts_in_a_file_survive_the_process(tmp_path: Path, closing: Closing) -> None:
    first = closing(SqliteStore(tmp_path / "deep" / "limits.db"))
    row = Window(name="w", allowance=2, seconds=60, scope="user")
    policy = Policy(vendor="own", account="user", windows=(row,))
    drive(StoreLimiter(policy, first, identity={"user": "u"}).acquire(CARD), SyncIO())
    first.close()
    again = StoreLimiter(policy, closing(SqliteStore(tmp_path / "deep" / "limits.db")), identity={"user": "u"})
    drive(again.acquire(CARD, max_wait=0), SyncIO())
    with pytest.raises(RateLimited):
        drive(again.acquire(CARD, max_wait=0), SyncIO())


def test_under_steady_load_the_files_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    row = Window(name="w", allowance=500, seconds=0.05, scope="user")
    policy = Policy(vendor="own", account="user", windows=(row,))
    file = tmp_path / "limits.db"
    largest: list[int] = []

    def load() -> None:
        own = StoreLimiter(policy, SqliteStore(file), identity={"user": "u"})
        for number in range(2000):
            drive(drive(own.acquire(CARD), SyncIO()).settle(200, {}), SyncIO())
            if number % 100 == 99:
                largest.append(Path(f"{file}-wal").stat().st_size)
        own.store.close()

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(largest) == 40
    assert max(largest) < 30_000_000
    assert min(largest[20:]) < max(largest) / 2, "it was never cut"


class Rebooted:
    """The machine's clock, started anew at ``start``; time passes when somebody sleeps."""

    slept = 0.0

    def __init__(self, start: float) -> None:
        self._start = start - self.slept

    def monotonic(self) -> float:
        return self._start + self.slept

    def wall(self) -> float:
        return 1_790_000_000.0 + self.slept

    @classmethod
    def sleep(cls, seconds: float) -> None:
        cls.slept += seconds


def test_after_a_reboot_what_was_held_stays_held_for_the_rest_of_its_time(tmp_path: Path, closing: Closing) -> None:
    row = Window(name="w", allowance=1, seconds=0.3, scope="user")
    policy = Policy(vendor="own", account="user", windows=(row,))
    before = StoreLimiter(
        policy, closing(SqliteStore(tmp_path / "l.db", clock=Rebooted(900_000.0))), identity={"user": "u"}
    )
    drive(drive(before.acquire(CARD), SyncIO()).settle(200, {}), SyncIO())
    clock = Rebooted(5.0)
    after = StoreLimiter(
        policy, closing(SqliteStore(tmp_path / "l.db", clock=clock)), identity={"user": "u"}, clock=clock
    )
    with pytest.raises(RateLimited) as caught:
        drive(after.acquire(CARD, max_wait=0), SyncIO())
    assert 0 < (caught.value.retry_after or 0) <= 0.31
    drive(after.acquire(CARD, max_wait=1), SyncIO(sleep=clock.sleep))
    assert clock.slept > 0.2


def test_a_forked_child_uses_the_file_with_a_connection_of_its_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'l.db'}"
    drive(limiter("forked", url).acquire(CARD), SyncIO())
    parent = limiter("forked", url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside other threads: from Python 3.12 on
        child = os.fork()
    if child == 0:
        try:
            drive(parent.acquire(CARD), SyncIO())
            drive(limiter("forked", url).acquire(CARD), SyncIO())
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert Limits(parent).snapshot()["own.calls"].used == 3
    open_store(url).close()


def test_five_hundred_waiters_wait_without_asking_over_and_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each knows from the first answer when its turn comes: a herd that asks at each wake-up would stall the loop."""
    row = Window(name="own.calls", allowance=250, seconds=0.3, scope="user")
    asks = [0]
    name = "reserve_now" if isinstance(store, MemoryStore) else "reserve"
    reserve: Callable[[Ask], object] = getattr(store, name)

    def counted(ask: Ask) -> object:
        asks[0] += 1
        return reserve(ask)

    def call() -> Flow[None]:
        lease = yield from own.acquire(CARD)
        yield Call(lambda: None)
        yield from lease.settle(200, {})

    async def main() -> None:
        async with anyio.create_task_group() as callers:
            for _ in range(WAITERS):
                callers.start_soon(adrive, call(), AsyncIO())

    monkeypatch.setattr(store, name, counted)
    own = StoreLimiter(Policy(vendor="own", account="user", windows=(row,)), store, identity={"user": "u"})
    anyio.run(main)
    assert WAITERS <= asks[0] <= 3 * WAITERS


def test_the_asynchronous_view_tells_the_same() -> None:
    own = limiter("viewed")
    drive(own.acquire(CARD), SyncIO())

    async def main() -> tuple[int | None, float]:
        limits = AsyncLimits(own)
        return (await limits.snapshot())["own.calls"].used, (await limits.cost(CARD, 6)).seconds

    used, seconds = anyio.run(main)
    assert used == Limits(own).snapshot()["own.calls"].used == 1
    assert seconds == pytest.approx(Limits(own).cost(CARD, 6).seconds, abs=0.5)


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_a_file_that_is_removed_while_it_is_used_loses_no_count(
    tmp_path: Path, closing: Closing, replaced: bool
) -> None:
    """Two processes went on with a file each: 100 requests where 50 are allowed."""
    policy = Policy(vendor="own", account="user", windows=(Window(name="w", allowance=50, seconds=30, scope="user"),))
    path = tmp_path / "l.db"

    def holder() -> StoreLimiter:
        return StoreLimiter(policy, closing(SqliteStore(path)), identity={"user": "u"})

    def granted(by: StoreLimiter, most: int) -> int:
        for number in range(most):
            try:
                drive(by.acquire(CARD, max_wait=0), SyncIO())
            except RateLimited:
                return number
        return most

    first, second = holder(), holder()
    assert granted(first, 20) + granted(second, 10) == 30
    for name in ("l.db", "l.db-wal", "l.db-shm"):
        (tmp_path / name).unlink()
    known = granted(holder(), 5) if replaced else 0  # a process that starts now knows nothing of the others
    assert granted(second, 100) + known == 20
    assert granted(first, 100) == granted(holder(), 100) == 0
