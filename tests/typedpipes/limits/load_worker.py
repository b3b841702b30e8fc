"""One client process of a load run: threads and asyncio tasks that share a limiter and send what it grants.

Started as ``python -m tests.typedpipes.limits.load_worker``: takes a `Plan` as JSON on the command
line, says ``ready``, reads when to start and stop, and prints a `Tally`.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from typedpipes._core.flow import AsyncIO, Call, Flow, SyncIO, adrive, drive
from typedpipes.errors import RateLimited
from typedpipes.limits import Claim, Policy, StoreLimiter, Window, open_store

ROOT = Path(__file__).parents[3]
CLAIM = Claim("load", "call")


@attrs.frozen(kw_only=True)
class Plan:
    """What a process does."""

    port: int
    store_url: str
    allowance: int
    window: float
    tasks: int = 0
    threads: int = 0
    skew: float = 0.0
    unanswered: float = 0.0
    key: str = "k"
    deadline: float | None = None


@attrs.define
class Tally:
    """What a process saw: requests answered, and the sums of what they took (seconds)."""

    answered: int = 0
    sent: int = 0
    latency: float = 0.0
    reserving: float = 0.0
    asks: int = 0
    settling: float = 0.0


class SkewedClock:
    """A client machine whose clocks are wrong by ``skew`` seconds."""

    def __init__(self, skew: float) -> None:
        self._skew = skew

    def monotonic(self) -> float:
        return time.monotonic() + self._skew

    def wall(self) -> float:
        return time.time() + self._skew


class Client:
    """Sends what the limiter grants, until the time is up."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tally = Tally()
        self.start_at = self.stop_at = 0.0
        row = Window(name="load.calls", allowance=plan.allowance, seconds=plan.window, scope="user")
        policy = Policy(vendor="load", account="user", windows=(row,))
        self.store = open_store(plan.store_url)
        self.limiter = StoreLimiter(policy, self.store, identity={"user": plan.key}, clock=SkewedClock(plan.skew))
        self._random = random.Random(plan.skew)
        self._lock = threading.Lock()

    def calls(self, exchange: Callable[[bytes, float | None], Call[None]]) -> Flow[None]:
        """Call after call until the time is up; sync and async alike."""
        plan, tally = self.plan, self.tally
        while (left := self.stop_at - time.monotonic()) > 0:
            until = None if plan.deadline is None else self.limiter.clock.monotonic() + plan.deadline
            try:
                lease = yield from self.limiter.acquire(CLAIM, until=until, max_wait=left)
            except RateLimited:
                return
            fate = b"n" if self._random.random() < plan.unanswered else b"a"
            tally.sent += 1
            began = time.perf_counter()
            try:
                yield exchange(plan.key.encode() + b" " + fate + b"\n", 0.3 if fate == b"n" else None)
            except TimeoutError:
                continue
            seen = time.perf_counter()
            yield from lease.settle(200, {})
            with self._lock:
                tally.answered += 1
                tally.latency += seen - began
                tally.settling += time.perf_counter() - seen

    def timed(self) -> None:
        """Measure how long the reservation that granted took."""
        reserve = self.store.reserve

        def measured(ask: Any) -> Flow[Any]:
            began = time.perf_counter()
            reply = yield from reserve(ask)
            self.tally.asks += 1
            if type(reply).__name__ == "Granted":
                self.tally.reserving += time.perf_counter() - began
            return reply

        self.store.reserve = measured  # type: ignore[method-assign]  # the measurement wraps the real thing

    def thread(self) -> None:
        """A synchronous caller with a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.plan.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def exchange(line: bytes, patience: float | None) -> Call[None]:
                def perform() -> None:
                    connection.settimeout(patience)
                    connection.sendall(line)
                    connection.recv(16)

                return Call(perform)

            drive(self.calls(exchange), SyncIO())

    async def task(self) -> None:
        """An asynchronous caller with a connection of its own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.plan.port)

        def exchange(line: bytes, patience: float | None) -> Call[None]:
            async def perform() -> None:
                writer.write(line)
                async with asyncio.timeout(patience):
                    await reader.readline()

            return Call(_never, perform)

        await adrive(self.calls(exchange), AsyncIO())
        writer.close()

    async def run(self) -> None:
        """All threads and tasks, from ``start_at`` on."""
        await asyncio.sleep(max(0.0, self.start_at - time.monotonic()))
        threads = [threading.Thread(target=self.thread) for _ in range(self.plan.threads)]
        for thread in threads:
            thread.start()
        async with asyncio.TaskGroup() as group:
            for _ in range(self.plan.tasks):
                group.create_task(self.task())
        for thread in threads:
            await asyncio.to_thread(thread.join)


def _never() -> None:
    raise AssertionError("an asynchronous exchange was performed synchronously")


def start(plan: Plan) -> subprocess.Popen[str]:
    """Run ``plan`` in a process of its own."""
    command = [sys.executable, "-m", "tests.typedpipes.limits.load_worker", json.dumps(attrs.asdict(plan))]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def conduct(processes: list[subprocess.Popen[str]], seconds: float) -> Tally:
    """Let all begin at one time once they are ready, wait for them, and add up what they saw."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "a worker did not start"
    start_at = time.monotonic() + 0.2
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(json.dumps([start_at, start_at + seconds]) + "\n")
        process.stdin.flush()
    timeout = seconds + 60
    total = Tally()
    for process in processes:
        output, _ = process.communicate(timeout=timeout)
        assert process.returncode == 0, f"a worker ended with {process.returncode}"
        one = json.loads(output)
        for name, value in one.items():
            setattr(total, name, getattr(total, name) + value)
    return total


def main() -> None:
    """Do the plan given on the command line."""
    client = Client(Plan(**json.loads(sys.argv[1])))
    client.timed()
    print("ready", flush=True)
    client.start_at, client.stop_at = json.loads(sys.stdin.readline())
    asyncio.run(client.run())
    print(json.dumps(attrs.asdict(client.tally)))


if __name__ == "__main__":
    main()
