"""A fast loopback server that judges by its own arrival log. Runs in a process of its own; prints its port, then, when
its standard input closes, one JSON line of what it saw.

A request is one line ``KEY FATE``: fate ``a`` is answered, ``n`` is counted and never answered. A random part of the
latency lies before the arrival is counted, so that latency compresses and stretches what clients send evenly.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[3]


class ArrivalLog:
    """Arrivals per key; a violation is an arrival that makes more than ``allowance`` in the last ``window`` seconds."""

    def __init__(self, allowance: int, window: float) -> None:
        self.allowance = allowance
        self.window = window
        self.times: dict[str, list[float]] = defaultdict(list)
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self.violations = 0
        self.most = 0

    def arrive(self, key: str) -> None:
        now = time.monotonic()
        recent = self._recent[key]
        recent.append(now)
        while recent[0] <= now - self.window:
            recent.popleft()
        self.most = max(self.most, len(recent))
        self.violations += len(recent) > self.allowance
        self.times[key].append(now)


class Connection(asyncio.Protocol):
    """One client connection; requests on it come one after another."""

    def __init__(self, log: ArrivalLog, latency: float) -> None:
        self._log = log
        self._latency = latency
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            key, fate = line.decode().split()
            # Heavy jitter: exponential around the mean, at most eight times it.
            total = min(random.expovariate(1 / self._latency), 8 * self._latency) if self._latency else 0.0
            before = total * random.random()
            asyncio.get_running_loop().call_later(before, self._arrive, key, fate, total - before)

    def _arrive(self, key: str, fate: str, after: float) -> None:
        self._log.arrive(key)
        if fate == "a":
            asyncio.get_running_loop().call_later(after, self._answer)

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"200\n")


async def serve(allowance: int, window: float, latency: float) -> None:
    """Serve until standard input closes."""
    log = ArrivalLog(allowance, window)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(log, latency), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps({"violations": log.violations, "most": log.most, "times": log.times}), flush=True)
    server.close()


class LoadServer:
    """Handle on a running server: its port, and what it saw once stopped."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        self._output: IO[str] = process.stdout
        self.port = int(self._output.readline())
        self.violations = -1
        self.most = -1
        self.times: dict[str, list[float]] = {}

    @property
    def arrivals(self) -> int:
        return sum(len(times) for times in self.times.values())

    def stop(self) -> None:
        """Ask what it saw and end it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        seen = json.loads(self._output.readline())
        self._process.wait(timeout=20)
        self._output.close()
        self.violations, self.most, self.times = seen["violations"], seen["most"], seen["times"]


@contextmanager
def running(allowance: int, window: float, latency: float = 0.0) -> Iterator[LoadServer]:
    """A server in a process of its own; on leaving it is stopped and holds what it saw."""
    command = [sys.executable, "-m", "tests.typedpipes.limits.load_server", str(allowance), str(window), str(latency)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        server = LoadServer(process)
        yield server
        server.stop()
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
