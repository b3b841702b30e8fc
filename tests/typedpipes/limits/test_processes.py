"""Several processes on one store: exact together, and none is hurt by the death of another."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.typedpipes.limits.limits_process import CALLS, CLAIM, LAPSE, UNITS, WINDOW, few, month, start
from tests.typedpipes.limits.load_run import Cell, run
from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes._core.flow import SyncIO, drive
from typedpipes.limits import Limits, open_store

IO = SyncIO()


def recording(asked: list[float]) -> SyncIO:
    """Sleeps as told, and notes for how long it was told to: that does not depend on how busy the machine is."""

    def sleep(seconds: float) -> None:
        asked.append(seconds)
        time.sleep(seconds)

    return SyncIO(sleep=sleep)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def end(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        process.kill()
        process.communicate()


def test_eight_processes_race_for_the_last_twenty_calls_of_a_month(shared_url: str) -> None:
    limiter = month(shared_url)
    for _ in range(CALLS - 20):
        drive(limiter.acquire(CLAIM), IO)
    racers = [start("race", shared_url) for _ in range(8)]
    try:
        assert [line(racer) for racer in racers] == ["ready"] * 8
        go(*racers)
        sent = [int(line(racer)) for racer in racers]
    finally:
        end(*racers)
    assert sum(sent) == 20
    assert Limits(limiter).snapshot()["pipefy.calls_per_month"].used == CALLS
    limiter.store.close()


def test_a_killed_holders_units_come_back_after_its_lease_or_its_death_and_not_before(shared_url: str) -> None:
    holder = start("hold", shared_url)
    try:
        held_since = float(line(holder))
    finally:
        end(holder)
    limiter = few(shared_url)
    asked: list[float] = []
    for _ in range(UNITS):
        drive(limiter.acquire(CLAIM), recording(asked))
    # On SQLite the holder is found dead before its lease is over; then its units are free after a window, for the grace
    # is none here. A clock that is set while the test runs, as Redis counts by, may be off by a little.
    lease = 0.0 if shared_url.startswith("sqlite") else LAPSE
    assert time.monotonic() - held_since > lease + WINDOW - 0.05
    assert sum(asked) < LAPSE + WINDOW + 1.0
    limiter.store.close()


def test_a_killed_waiter_holds_nobody_up_for_long(shared_url: str) -> None:
    limiter = few(shared_url, lapse=30.0)
    waiters = [start("wait", shared_url) for _ in range(2)]
    try:
        assert [line(waiter) for waiter in waiters] == ["ready"] * 2
        leases = [drive(limiter.acquire(CLAIM), IO) for _ in range(UNITS)]
        go(*waiters)
        assert [line(waiter) for waiter in waiters] == ["waiting"] * 2
    finally:
        end(*waiters)
    for lease in leases:
        drive(lease.unsent(), IO)
    asked: list[float] = []
    for _ in range(UNITS):
        drive(limiter.acquire(CLAIM), recording(asked))
    # Places are kept for two seconds beyond the announced time, which was one window.
    assert sum(asked) < WINDOW + 2.0 + 1.0
    assert Limits(limiter).snapshot()["own.calls"].waiting == 0
    limiter.store.close()


def test_processes_with_wrong_clocks_share_a_window_exactly(shared_url: str) -> None:
    """A small cell of the load table; the whole of it is `tests/bench/bench_limits.py`."""
    kind = shared_url.partition(":")[0]
    cell = Cell(
        store=kind, store_url=shared_url, processes=3, latency=0.1, allowance=60, window=1.0, cycles=2, skew=5.0
    )
    outcome = run(cell)
    assert outcome.violations == 0
    assert outcome.most <= 60
    assert outcome.arrivals == outcome.sent >= 120


def test_the_judge_sees_a_limit_that_is_not_shared(tmp_path: Path) -> None:
    """The server would notice: three processes that count in their own memory exceed the window."""
    cell = Cell(store="memory", store_url="memory://", processes=3, latency=0.02, allowance=40, window=1.0, cycles=1)
    assert run(cell).violations > 0


def test_all_keys_of_an_account_live_in_one_slot_of_a_cluster(tmp_path: Path) -> None:
    """A cluster refuses a script whose keys are spread; this one node owns all slots and refuses just the same."""
    server = RedisServer(tmp_path, cluster=True)
    server.start()
    try:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
            while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
                time.sleep(0.01)
        limiter = month(server.url)
        lease = drive(limiter.acquire(CLAIM), IO)
        drive(lease.settle(429, {"retry-after": "0"}), IO)
        assert Limits(limiter).snapshot()["pipefy.calls_per_month"].used == 1
        open_store(server.url).close()
    finally:
        server.kill()
