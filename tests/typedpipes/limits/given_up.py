"""A run in which many calls are given up: ``python -m tests.typedpipes.limits.given_up serve`` or ``work PLAN``.

The server counts each request when it reads it: ``/now`` at once, ``/late`` up to `LATE` seconds after it came, when
the client has closed the connection long ago. A worker calls it with threads and tasks that share a limiter. What it
asks of ``/late`` it gives up soon: tasks are cancelled, threads time out.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import anyio
import attrs

from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes.errors import RateLimited, TransportError
from typedpipes.limits import Policy, StoreLimiter, Window, open_store
from typedpipes.limits.ask import GRACE

ROOT = Path(__file__).parents[3]
LATE = 4.5
"""Seconds; the grace is 5."""
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Reader(asyncio.Protocol):
    """One connection. Requests have no body."""

    def __init__(self, arrivals: list[float]) -> None:
        self._arrivals = arrivals
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._pending = (self._pending + data).split(b"\r\n\r\n")
        for request in requests:
            late = random.choice([1.0, LATE - 0.5, LATE]) if b"/late" in request else random.uniform(0, 0.05)
            asyncio.get_running_loop().call_later(late, self._read)

    def _read(self) -> None:
        self._arrivals.append(time.monotonic())
        asyncio.get_running_loop().call_later(random.uniform(0, 0.05), self._answer)

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(ANSWER)


async def serve() -> None:
    """Serve until standard input closes; then print when each request was read."""
    arrivals: list[float] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Reader(arrivals), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    await asyncio.sleep(LATE + 0.5)
    print(json.dumps(arrivals), flush=True)
    server.close()


@attrs.frozen(kw_only=True)
class Plan:
    """What a worker does."""

    port: int
    store_url: str
    allowance: int
    window: float
    seconds: float
    seed: int
    tasks: int = 12
    threads: int = 4
    deadline: float = 12.0
    grace: float = GRACE


class Worker:
    """Calls until the time is up, and counts how its calls ended."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        row = Window(name="own.calls", allowance=plan.allowance, seconds=plan.window, scope="user")
        policy = Policy(vendor="own", account="user", windows=(row,))
        self.limiter = StoreLimiter(policy, open_store(plan.store_url), identity={"user": "u"}, grace=plan.grace)
        self.dice = random.Random(plan.seed)
        self.stop_at = time.monotonic() + plan.seconds
        self.tally = {"answered": 0, "given up": 0, "refused": 0}
        self._lock = threading.Lock()

    def count(self, outcome: str) -> None:
        with self._lock:
            self.tally[outcome] += 1

    def fate(self) -> tuple[str, float]:
        """What to ask for, and how long to wait for the answer; one call in seven is given up."""
        return ("late", self.dice.uniform(0.01, 0.9)) if self.dice.random() < 1 / 7 else ("now", 10.0)

    def request(self, path: str, timeout: float | None) -> WireRequest:
        left = max(0.0, self.stop_at - time.monotonic())
        stamp = Stamp(
            api="own",
            operation="call",
            safety="safe",
            credentials=(),
            retries=0,
            max_wait=left,
            timeout=timeout,
            deadline=self.plan.deadline,
        )
        return WireRequest(method="GET", url=f"http://127.0.0.1:{self.plan.port}/{path}", stamp=stamp)

    def thread(self, client: PolicyClient) -> None:
        """A synchronous caller."""
        while time.monotonic() < self.stop_at:
            try:
                client.exchange(self.request(*self.fate()))
            except RateLimited:
                self.count("refused")
            except TransportError:
                self.count("given up")
            else:
                self.count("answered")

    async def task(self, client: AsyncPolicyClient) -> None:
        """An asynchronous caller."""
        while time.monotonic() < self.stop_at:
            path, patience = self.fate()
            try:
                with anyio.move_on_after(patience) as scope:
                    await client.exchange(self.request(path, None))
            except (RateLimited, TransportError):
                self.count("refused")
            else:
                self.count("given up" if scope.cancelled_caught else "answered")

    async def tasks(self) -> None:
        """All asynchronous callers."""
        async with AsyncPolicyClient(limiter=self.limiter) as client, anyio.create_task_group() as group:
            for _ in range(self.plan.tasks):
                group.start_soon(self.task, client)

    def run(self) -> None:
        """All callers; then print how the calls ended."""
        with PolicyClient(limiter=self.limiter) as client:
            threads = [threading.Thread(target=self.thread, args=(client,)) for _ in range(self.plan.threads)]
            for thread in threads:
                thread.start()
            anyio.run(self.tasks)
            for thread in threads:
                thread.join()
        print(json.dumps(self.tally), flush=True)


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start such a process."""
    command = [sys.executable, "-m", "tests.typedpipes.limits.given_up", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def most_in(arrivals: list[float], window: float) -> int:
    """The largest number of arrivals in any ``window`` seconds."""
    most = first = 0
    times = sorted(arrivals)
    for last, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        Worker(Plan(**json.loads(sys.argv[2]))).run()
