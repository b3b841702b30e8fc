"""Redis flushed, restarted, frozen, away: no violation, no hang, and the limiter says what happened."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest

from tests.typedpipes.limits.load_server import ArrivalLog
from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes._core.flow import AsyncIO, Call, Flow, SyncIO, adrive, drive
from typedpipes.errors import LimitStoreError
from typedpipes.events import Event, LimitStore
from typedpipes.limits import Budget, Claim, Limits, Policy, StoreLimiter, Window, build_limiter
from typedpipes.limits.stores.redis import RedisStore

ALLOWANCE, WINDOW = 20, 0.8
POLICY = Policy(
    vendor="own",
    account="user",
    windows=(Window(name="own.calls", allowance=ALLOWANCE, seconds=WINDOW, scope="user"),),
    budgets=(Budget(name="own.month", allowance=100_000, period="month", scope="user"),),
)
CLAIM = Claim("own", "call")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    own = RedisServer(tmp_path)
    own.start()
    yield own
    own.kill()


class Load:
    """Three clients with stores of their own, as in three processes, that call as fast as they may."""

    def __init__(self, url: str) -> None:
        self.log = ArrivalLog(ALLOWANCE, WINDOW)
        self.events: list[Event] = []
        self.errors: list[Exception] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.limiters = [
            StoreLimiter(POLICY, RedisStore(url, patience=60), identity={"user": "u"}, on_event=self.events.append)
            for _ in range(3)
        ]
        self._threads = [
            threading.Thread(target=self._work, args=(limiter,)) for limiter in self.limiters for _ in range(12)
        ]

    def _arrive(self) -> None:
        with self._lock:
            self.log.arrive("k")

    def _nap(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def _work(self, limiter: StoreLimiter) -> None:
        def call() -> Flow[None]:
            lease = yield from limiter.acquire(CLAIM)
            yield Call(self._arrive)
            time.sleep(0.005)
            yield from lease.settle(200, {})

        while not self._stop.is_set():
            try:
                drive(call(), SyncIO(sleep=self._nap))
            except LimitStoreError as error:
                self.errors.append(error)
                return

    def run(self, fault: Callable[[], None]) -> None:
        """Call for more than a window, let ``fault`` happen, and call on until a whole allowance went out after it."""
        for thread in self._threads:
            thread.start()
        self.until(lambda: len(self.log.times["k"]) > ALLOWANCE)
        fault()
        mended = time.monotonic()
        self.until(lambda: self.since(mended + WINDOW) >= ALLOWANCE)
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in self._threads), "somebody hangs"
        for limiter in self.limiters:
            limiter.store.close()

    def until(self, reached: Callable[[], bool]) -> None:
        for _ in range(6000):
            if reached() or self.errors:
                return
            time.sleep(0.01)
        self._stop.set()
        raise AssertionError("it does not go on")

    def states(self) -> set[str]:
        return {event.state for event in self.events if isinstance(event, LimitStore)}

    def since(self, moment: float) -> int:
        return sum(1 for at in self.log.times["k"] if at > moment)


def test_flushed_the_counts_are_lost_but_no_limit_is_exceeded(server: RedisServer) -> None:
    load = Load(server.url)
    load.run(server.flush)
    assert load.log.violations == 0
    assert not load.errors
    assert "lost" in load.states()


def test_restarted_without_its_data_no_limit_is_exceeded(server: RedisServer) -> None:
    load = Load(server.url)
    used: list[int | None] = []

    def restart() -> None:
        used.append(Limits(load.limiters[0]).snapshot()["own.month"].used)
        server.kill()
        time.sleep(1.5 * WINDOW)
        server.start()

    load.run(restart)
    assert load.log.violations == 0
    assert not load.errors
    assert {"unreachable", "recovered", "lost"} <= load.states()
    after = Limits(load.limiters[0]).snapshot()["own.month"].used
    load.limiters[0].store.close()
    assert used[0] is not None
    assert after is not None
    # What the clients had seen of the budget was written back.
    assert after >= used[0]


def test_frozen_until_it_is_noticed_everybody_waits_and_goes_on(server: RedisServer) -> None:
    load = Load(server.url)

    def freeze() -> None:
        server.freeze()
        load.until(lambda: "unreachable" in load.states())
        server.thaw()

    load.run(freeze)
    assert load.log.violations == 0
    assert not load.errors
    assert {"unreachable", "recovered"} <= load.states()


def test_unreachable_it_fails_with_a_typed_error_that_holds_no_password() -> None:
    with socket.socket() as taken:  # and nobody listens there
        taken.bind(("127.0.0.1", 0))
        unreachable(f"redis://someone:hunter2@127.0.0.1:{taken.getsockname()[1]}/0?socket_timeout=1")


class Elapsing:
    """A clock of what was slept."""

    def __init__(self, slept: list[float]) -> None:
        self._slept = slept

    def monotonic(self) -> float:
        return sum(self._slept)

    def wall(self) -> float:
        return 1_790_000_000.0 + sum(self._slept)


def unreachable(url: str) -> None:
    slept: list[float] = []
    io = SyncIO(sleep=slept.append)
    clock = Elapsing(slept)
    events: list[Event] = []
    store = RedisStore(url, patience=0.2, clock=clock)
    limiter = build_limiter("pipefy", identity={"user": "u"}, store=store, on_event=events.append)
    with pytest.raises(LimitStoreError, match="cannot be reached") as caught:
        drive(limiter.acquire(CLAIM), io)
    assert 0 < sum(slept) <= 0.2
    told = f"{caught.value} {caught.value!r} {events} {limiter!r}"
    assert "127.0.0.1" in told
    assert "hunter2" not in told
    assert [event.state for event in events if isinstance(event, LimitStore)] == ["unreachable"]
    slept.clear()
    with pytest.raises(LimitStoreError):
        drive(limiter.acquire(CLAIM), io)
    assert slept == [], "known to be away, it is not waited for again"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_event_loop_goes_on_while_redis_is_frozen(server: RedisServer, backend: str) -> None:
    store = RedisStore(server.url, timeout=20)  # held up so long, the loop would not thaw Redis in time
    limiter = StoreLimiter(POLICY, store, identity={"user": "u"})

    async def main() -> int:
        beats = 0
        server.freeze()
        async with anyio.create_task_group() as group:
            group.start_soon(adrive, limiter.acquire(CLAIM), AsyncIO())
            for _ in range(30):
                await anyio.sleep(0.01)
                beats += 1
            server.thaw()
        return beats

    assert anyio.run(main, backend=backend) == 30
    store.close()


def test_a_settlement_that_cannot_be_written_does_not_fail_the_call(server: RedisServer) -> None:
    store = RedisStore(server.url, patience=0.1, timeout=0.2)
    limiter = StoreLimiter(POLICY, store, identity={"user": "u"})
    lease = drive(limiter.acquire(CLAIM), SyncIO())
    server.kill()
    drive(lease.settle(200, {}), SyncIO())
    assert lease.state == "done"
    store.close()


def test_a_damaged_file_is_reported_as_such(tmp_path: Path) -> None:
    file = tmp_path / "limits.db"
    file.write_bytes(b"this is no database" * 100)
    limiter = build_limiter("pipefy", identity={"user": "u"}, store_url=f"sqlite:///{file}")
    with pytest.raises(LimitStoreError, match=r"limits\.db"):
        drive(limiter.acquire(CLAIM), SyncIO())


def test_a_unix_socket_serves_too(server: RedisServer) -> None:
    limiter = build_limiter("pipefy", identity={"user": "u"}, store_url=server.socket_url)
    lease = drive(limiter.acquire(CLAIM), SyncIO())
    drive(lease.settle(200, {}), SyncIO())
    assert Limits(limiter).snapshot()["pipefy.requests"].used == 1
    limiter.store.close()
