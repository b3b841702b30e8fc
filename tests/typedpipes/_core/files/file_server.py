"""A file host on loopback, as S3 answers, with faults on demand: real sockets, real HTTP."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import attrs


@attrs.define
class Served:
    """A file of the host."""

    content: bytes
    etag: str | None = None
    ranges: bool = True
    modified: str | None = None
    headers: dict[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.etag is None:
            self.etag = f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


@attrs.frozen
class Logged:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]


Fault = Callable[["Handler"], bool]
"""Answers a request itself (True), or changes something and lets it be answered (False)."""


class Handler(BaseHTTPRequestHandler):
    """Answers one connection; `FileServer` has the files."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        owner = self.server.owner
        headers = {name.lower(): value for name, value in self.headers.items()}
        with owner.lock:
            owner.log.append(Logged("GET", self.path, headers))
            fault = owner.faults.popleft() if owner.faults else None
        if fault is not None and fault(self):
            return
        match = re.fullmatch(r"/(\d+)/([^?]*)(?:\?.*)?", self.path)
        served = owner.files.get(match[2]) if match else None
        if match is None or served is None:
            self.status(404)
        elif int(match[1]) in owner.dead_links:
            self.status(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
        else:
            self.serve(served)

    def serve(self, served: Served, *, send: int | None = None) -> None:
        """Answer with the file or the range asked for; ``send``: stop after so many bytes and hang up."""
        start = self._start(served)
        body = memoryview(served.content)[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(served.content) - 1}/{len(served.content)}")
        self.send_header("Content-Length", str(len(body)))
        if served.etag:
            self.send_header("ETag", served.etag)
        if served.modified:
            self.send_header("Last-Modified", served.modified)
        for name, value in served.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if send is not None:
            self.close_connection = True
            body = body[:send]
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _start(self, served: Served) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not served.ranges or asked is None:
            return 0
        validator = self.headers.get("If-Range")
        if validator is not None and validator not in (served.etag, served.modified):
            return 0
        return min(int(asked[1]), len(served.content))

    def status(self, code: int, body: bytes = b"", /, **headers: str) -> None:
        """Answer with a bare status."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: FileServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


class FileServer:
    """``with FileServer() as host:``; ``host.link(name)`` mints a link, ``host.faults`` is a script."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.log: list[Logged] = []
        self.faults: deque[Fault] = deque()
        self.dead_links: set[int] = set()
        self.links = 0
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def put(self, name: str, content: bytes, **options: object) -> Served:
        """Add a file."""
        served = self.files[name] = Served(content, **options)  # type: ignore[arg-type]  # fields of Served
        return served

    def link(self, name: str) -> str:
        """A new signed link."""
        with self.lock:
            self.links += 1
            return f"{self.base}/{self.links}/{name}?X-Amz-Signature=5ec2e7"

    def expire_links(self) -> None:
        """Kill every link minted so far."""
        with self.lock:
            self.dead_links |= set(range(1, self.links + 1))


def truncated(served: Served, after: int) -> Fault:
    """Announce everything, send ``after`` bytes, hang up."""

    def fault(handler: Handler) -> bool:
        handler.serve(served, send=after)
        return True

    return fault


def status(code: int, **headers: str) -> Fault:
    """Answer with a status."""

    def fault(handler: Handler) -> bool:
        handler.status(code, b"", **headers)
        return True

    return fault


def redirect(to: str, code: int = 302) -> Fault:
    """Redirect."""
    return status(code, Location=to)


def doing(action: Callable[[], object]) -> Fault:
    """Do something, then answer as usual."""

    def fault(handler: Handler) -> bool:
        action()
        return False

    return fault


def raw(answer: bytes) -> Fault:
    """Write bytes to the socket and hang up."""

    def fault(handler: Handler) -> bool:
        handler.close_connection = True
        handler.wfile.write(answer)
        return True

    return fault


def reset_after_headers(handler: Handler) -> bool:
    """Send the headers and reset the connection."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    return True


def as_usual(handler: Handler) -> bool:
    """No fault."""
    return False
