"""Servers, processes, clocks and proxies that misbehave: one table, in which everything that counts is zero.

``TYPEDPIPES_CHAOS`` sets the size (default 1, some minutes; 20 takes hours): cases of each part grow with it, up to
100,000 requests over 16 processes, 10,000 clients, and each byte position of each call.
"""

from __future__ import annotations

import gc
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import anyio
import pytest

from tests.campaigns.chaos.breaking_server import Break, End, breaking
from tests.campaigns.chaos.table import Row, show
from tests.typedpipes._core.fake_time import FakeTime
from tests.typedpipes._core.files.file_server import FileServer
from tests.typedpipes._core.http.wire_server import Reply, serving
from tests.typedpipes.limits.load_run import Cell, run
from tests.typedpipes.limits.redis_server import RedisServer
from tests.typedpipes.limits.test_given_up_campaign import run as run_given_up
from typedpipes._core.flow import SyncIO, drive
from typedpipes._core.http import Stamp, WireRequest, WireResponse
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.http.retry import RetryPolicy
from typedpipes.errors import RateLimited
from typedpipes.limits import Claim, Policy, StoreLimiter, Window
from typedpipes.limits.ask import GRACE
from typedpipes.limits.stores import MemoryStore
from typedpipes.pipedrive import Pipedrive

pytestmark = pytest.mark.campaign

SIZE: Final = float(os.environ.get("TYPEDPIPES_CHAOS", "1"))
DEADLINE: Final = 0.6
BODY: Final = b'{"success": true, "data": [1, 2, 3]}'
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
ENDS: Final[tuple[End, ...]] = ("close", "reset", "garbage", "stall")


@pytest.fixture(scope="module")
def table() -> Iterator[list[Row]]:
    rows: list[Row] = []
    yield rows
    print(f"\n\n{show(rows)}\n")


def scaled(number: int) -> int:
    return max(1, round(number * SIZE))


def call(url: str, safety: str) -> WireRequest:
    method, content = ("GET", None) if safety == "safe" else ("POST", b'{"a": 1}')
    stamp = Stamp(api="t", operation="x", safety=safety, credentials=())  # type: ignore[arg-type]  # one of its words
    return WireRequest(method=method, url=url, stamp=stamp, content=content)


Send = Callable[[WireRequest], WireResponse]


def is_cut(result: object) -> bool:
    """Whether a part of the answer passed for all of it. Garbage that completes its length is not to be seen."""
    return isinstance(result, WireResponse) and len(result.content) < len(BODY)


def judged(row: Row, send: Send, request: WireRequest, server_counts: Callable[[], int]) -> None:
    before, started = server_counts(), time.monotonic()
    result = row.outcome(lambda: send(request))
    row.overrun = max(row.overrun, time.monotonic() - started - DEADLINE)
    row.partial += is_cut(result)
    if request.stamp.safety == "unsafe" and server_counts() - before > 1:
        row.duplicates += 1


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("safety", ["safe", "unsafe"])
def test_a_server_breaks_at_each_byte_of_its_answer(table: list[Row], mode: str, safety: str) -> None:
    row = Row(f"each byte of an answer, {mode} {safety}")
    table.append(row)
    retry = RetryPolicy(deadline=DEADLINE, retries=3, backoff=0.001)
    step = max(1, round(4 / SIZE))
    cases = [
        Break(answer, sends, end)
        for answer in (ANSWER, CHUNKED)
        for end in ENDS
        for sends in range(0, len(answer) + 1, step * 8 if end == "stall" else step)
    ]
    with breaking() as server:
        if mode == "sync":
            with PolicyClient(retry=retry) as client:
                for case in cases:
                    server.script = case
                    judged(row, client.exchange, call(server.url, safety), lambda: server.whole)
        else:

            async def main() -> None:
                async with AsyncPolicyClient(retry=retry) as client:
                    for case in cases:
                        server.script = case
                        before, started = server.whole, time.monotonic()
                        try:
                            result: object = await client.exchange(call(server.url, safety))
                        except Exception as error:
                            result = error
                        row.overrun = max(row.overrun, time.monotonic() - started - DEADLINE)

                        def again(result: object = result) -> object:
                            if isinstance(result, Exception):
                                raise result
                            return result

                        row.outcome(again)
                        row.partial += is_cut(result)
                        row.duplicates += safety == "unsafe" and server.whole - before > 1

            anyio.run(main)
    row.check()


def test_a_server_breaks_at_each_byte_of_the_request(table: list[Row]) -> None:
    row = Row("each byte of a request")
    table.append(row)
    retry = RetryPolicy(deadline=DEADLINE, retries=3, backoff=0.001)
    with breaking() as server, PolicyClient(retry=retry) as client:
        for reads in range(0, 260, max(1, round(4 / SIZE))):
            for end in ("close", "reset", "garbage"):
                for safety in ("safe", "unsafe"):
                    server.script = Break(b"", 0, end, reads=reads)
                    judged(row, client.exchange, call(server.url, safety), lambda: server.whole)
    row.check()


def test_downloads_are_killed_at_random_points(table: list[Row], tmp_path: Path) -> None:
    row = Row("downloads killed at random points")
    table.append(row)
    dice = random.Random(1)
    content = dice.randbytes(3_000_000)
    target = tmp_path / "file.bin"
    with FileServer() as host:
        host.put("f", content)
        kills = 0
        for _ in range(scaled(12)):
            target.unlink(missing_ok=True)
            while not target.exists():
                row.cases += 1
                command = [sys.executable, "-m", "tests.campaigns.chaos.download_once", host.link("f"), str(target)]
                with subprocess.Popen(command) as process:
                    try:
                        process.wait(dice.uniform(0.2, 2.0))
                    except subprocess.TimeoutExpired:
                        process.kill()
                        kills += 1
                if process.returncode not in (0, -9):
                    row.raw += 1
                    break
            row.partial += target.read_bytes() != content or len(list(tmp_path.iterdir())) != 1
    row.notes = f"{kills} kills"
    row.check()


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_a_saturated_limit_over_many_processes(table: list[Row], tmp_path: Path, kind: str) -> None:
    row = Row(f"a saturated limit, {kind}")
    table.append(row)
    server = RedisServer(tmp_path)
    if kind == "redis":
        server.start()
    try:
        url = server.url if kind == "redis" else f"sqlite:///{tmp_path / 'limits.db'}"
        processes = min(16, scaled(4))
        cell = Cell(
            store=kind, store_url=url, processes=processes, latency=0.02, allowance=scaled(300), window=1.0,
            cycles=max(3, min(35, scaled(5))), unanswered=5.0,
        )  # fmt: skip
        outcome = run(cell)
        given_up = run_given_up(url, min(60.0, 8.0 * SIZE + 4.0), GRACE)
    finally:
        server.kill()
    row.cases = outcome.arrivals + sum(given_up.calls.values())
    row.violations = outcome.violations + max(0, given_up.most - 20)
    row.notes = f"{processes} processes; {given_up.calls['given up']} given up, 1 kill"
    row.check()


def test_wall_clocks_jump(table: list[Row]) -> None:
    row = Row("wall clock jumps")
    table.append(row)
    dice = random.Random(2)
    window = Window(name="own.calls", allowance=10, seconds=5.0, scope="user")
    for _ in range(scaled(20)):
        world = FakeTime()
        limiter = StoreLimiter(
            Policy(vendor="own", account="user", windows=(window,)),
            MemoryStore(clock=world),
            identity={"user": "u"},
            clock=world,
        )
        granted: list[float] = []
        for _ in range(100):
            row.cases += 1
            world.wall_offset += dice.choice([0.0, 0.0, -3600.0, 3600.0, -86_400.0 * 400, 86_400.0 * 400])
            try:
                lease = drive(
                    limiter.acquire(Claim("own", "x"), max_wait=dice.choice([0.0, 6.0])), SyncIO(sleep=world.sleep)
                )
            except RateLimited:
                world.sleep(dice.uniform(0, 1))
                continue
            granted.append(world.monotonic())
            drive(lease.settle(200, {}), SyncIO(sleep=world.sleep))
        row.violations += sum(later - earlier < 5.0 for earlier, later in zip(granted, granted[10:], strict=False))
        assert len(granted) > 20, "the clock stopped nothing"
    row.check()


def test_a_proxy_is_left_out_where_no_proxy_says_so(table: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("NO_PROXY")
    table.append(row)
    with serving(lambda arrival: Reply(200, BODY)) as server, serving() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for value in ("127.0.0.1", "localhost,127.0.0.1", "*", "127.0.0.0/8", "", ".example.com", ",", "127.0.0.1:1"):
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.setenv(name, value)
                with PolicyClient() as client:
                    found = row.outcome(lambda client=client: client.exchange(call(server.url, "safe")))  # type: ignore[misc]  # bound now
                    row.partial += not (isinstance(found, WireResponse) and found.content == BODY)
        row.violations += len(proxy.arrivals)
        row.notes = f"{len(proxy.arrivals)} requests at the proxy"
    row.check()


def test_many_clients_are_opened_and_closed(table: list[Row]) -> None:
    row = Row("clients opened and closed")
    table.append(row)
    folder = Path("/proc/self/fd")
    with serving(lambda arrival: Reply(200, BODY)) as server:

        def once() -> None:
            with Pipedrive(api_token="t" * 40, base_url=server.url) as crm:
                crm.v1.currencies.list()

        once()
        gc.collect()
        before = (len(list(folder.iterdir())) if folder.exists() else 0, threading.active_count())
        for _ in range(min(10_000, scaled(500))):
            row.outcome(once)
        gc.collect()
        ended = time.monotonic() + 10
        while time.monotonic() < ended and threading.active_count() > before[1]:  # the server's threads end, too
            time.sleep(0.05)
        after = (len(list(folder.iterdir())) if folder.exists() else 0, threading.active_count())
    row.partial = max(0, after[0] - before[0] - 4) + max(0, after[1] - before[1] - 2)
    row.notes = json.dumps({"open files": [before[0], after[0]], "threads": [before[1], after[1]]})
    row.check()
