"""Requests a second and memory of the sandbox, in a process of its own.

``python tests/typedpipes_sandbox/measure_throughput.py``

The rate is given per second of wall time and per second of the server's own CPU time; the second is the figure that
does not depend on what else the machine does (goal: 1,000 a second on one core unvalidated, 400 validated).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

SERVER = """
import json, sys, resource
from typedpipes_sandbox import Limits, Sandbox
checks = sys.argv[1] == "checked"
with Sandbox(limits=Limits.off(), validate_requests=checks, validate_responses=checks, log_limit=2000) as sb:
    sb.warm()
    print(json.dumps({**sb.environment(), "PIPEFY_TOKEN": sb.pipefy.personal_token}), flush=True)
    for line in sys.stdin:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        pages = int(open("/proc/self/statm").read().split()[1])
        print(json.dumps([usage.ru_utime + usage.ru_stime, pages * 4096, sb.log.total, len(sb.errors)]), flush=True)
"""


async def drive(url: str, request: bytes, count: int, connections: int) -> None:
    """Send ``count`` requests over keep-alive connections and read every answer."""
    parts = urlsplit(url)

    async def one(share: int) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for _ in range(share):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
        writer.close()

    await asyncio.gather(*(one(count // connections) for _ in range(connections)))


def request_of(path: str, token: str, body: str = "") -> bytes:
    """The bytes of one request."""
    verb = "POST" if body else "GET"
    head = f"{verb} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{token}\r\n"
    if not body:
        return f"{head}\r\n".encode()
    return f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def measure(mode: str, count: int) -> None:
    """Measure every kind of request against a server in one mode."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        environment = json.loads(server.stdout.readline())

        def usage() -> list[float]:
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write("usage\n")
            server.stdin.flush()
            found: list[float] = json.loads(server.stdout.readline())
            return found

        crm, key = environment["PIPEDRIVE_BASE_URL"], f"x-api-token: {environment['PIPEDRIVE_API_TOKEN']}"
        bearer = f"authorization: Bearer {environment['PIPEFY_TOKEN']}"
        query = json.dumps({"query": "query ($id: ID!) { card(id: $id) { id title } }", "variables": {"id": "5016"}})
        cases = [
            ("REST: one deal (v2)", crm, request_of("/api/v2/deals/7", key)),
            ("REST: 100 deals (v2)", crm, request_of("/api/v2/deals?limit=100", key)),
            ("GraphQL: one card", environment["PIPEFY_BASE_URL"], request_of("/graphql", bearer, query)),
        ]
        for name, url, request in cases:
            requests = count if "100" not in name else count // 10
            asyncio.run(drive(url, request, 64, 4))
            before, started = usage(), time.perf_counter()
            asyncio.run(drive(url, request, requests, 16))
            wall, after = time.perf_counter() - started, usage()
            cpu = after[0] - before[0]
            grown = (after[1] - before[1]) / 1024
            sys.stdout.write(
                f"{mode:9} {name:22} {requests / wall:8.0f}/s wall {requests / cpu:8.0f}/s of CPU "
                f"{grown:8.0f} KiB grown, errors {int(after[3])}\n"
            )
            sys.stdout.flush()
        server.stdin.close()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).resolve().parents[2] / "overrides"))
    amount = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    for each in ("unchecked", "checked"):
        measure(each, amount)
