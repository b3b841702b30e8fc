"""Loopback servers of canned bytes, each in a process of its own: `python server.py pages|slow`; prints its port.

``pages``: ``?cursor=N`` answers page N of ``COUNT`` pages with the next cursor, the records rendered once.
``slow``: answers every request 50 ms after it arrived.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

RECORDS, PAGES = 500, 200
LATENCY = 0.05

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


def answer(body: bytes) -> bytes:
    """A whole HTTP answer."""
    return _HEAD % len(body) + body


class _Protocol(asyncio.Protocol):
    """Keep-alive HTTP/1.1 without bodies in requests: one answer per empty line."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self.asked(head)

    def asked(self, head: bytes) -> None:
        """Answer one request."""
        raise NotImplementedError


class _Slow(_Protocol):
    body = answer(b'{"success": true, "data": {"id": 1, "title": "A deal"}}')

    def asked(self, head: bytes) -> None:
        asyncio.get_running_loop().call_later(LATENCY, self._transport.write, self.body)


class _Pages(_Protocol):
    start = b""

    def asked(self, head: bytes) -> None:
        _, found, rest = head.partition(b"cursor=")
        page = int(rest.split(b" ")[0].split(b"&")[0]) if found else 0
        following = b'"%d"' % (page + 1) if page + 1 < PAGES else b"null"
        self._transport.write(answer(self.start + following + b"}}"))


async def _serve(kind: str) -> None:
    protocol: type[_Protocol] = _Slow
    if kind == "pages":
        from tests.bench.canned import deal

        data = json.dumps([deal(number) for number in range(RECORDS)])
        _Pages.start = f'{{"success": true, "data": {data}, "additional_data": {{"next_cursor": '.encode()
        protocol = _Pages
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def serving(kind: str) -> Iterator[str]:
    """The base URL of a server while it runs."""
    from tests.bench.folder import ROOT

    command = [sys.executable, "-m", "tests.bench.server", kind]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
