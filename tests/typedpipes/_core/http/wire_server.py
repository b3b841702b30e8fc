"""A real HTTP server on loopback that misbehaves as told, and remembers what arrived."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Arrival:
    """A request as the server saw it. Header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True)
class Reply:
    """What the server does with a request.

    ``fault``: ``reset`` (connection reset, no answer), ``silent`` (no answer until the client goes), ``cut`` (headers
    and half the body, then the end), ``slow`` (headers, then a byte now and then).
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    hold: threading.Barrier | None = None
    """Answer only when so many requests wait for their answer."""


class WireServer:
    """Answers with ``script(arrival)``; runs in threads of this process."""

    def __init__(self, script: Callable[[Arrival], Reply] | None = None) -> None:
        self.script = script or (lambda arrival: Reply())
        self.arrivals: list[Arrival] = []
        self.connections = 0
        self.open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def script_of(self, *replies: Reply) -> None:
        """Answer with ``replies`` in order, then with the last one."""
        left = list(replies)
        self.script = lambda arrival: left.pop(0) if len(left) > 1 else left[0]

    def close(self) -> None:
        """End all connections and threads."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        with self._lock:
            for connection in self.open:
                connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as stream:
                while True:
                    arrival = _read(stream, number)
                    if arrival is None:
                        return
                    with self._lock:
                        self.arrivals.append(arrival)
                        reply = self.script(arrival)
                    if not self._answer(connection, reply):
                        return
        except (OSError, ValueError):  # ValueError: closed from outside while it was read
            return
        finally:
            with self._lock:
                self.open.discard(connection)
            connection.close()

    def _answer(self, connection: socket.socket, reply: Reply) -> bool:
        if reply.fault == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if reply.fault == "silent":
            connection.settimeout(10)
            connection.recv(1)
            return False
        if reply.hold is not None:
            reply.hold.wait(timeout=20)
        headers = {"content-length": str(len(reply.body)), "content-type": "application/json", **reply.headers}
        head = f"HTTP/1.1 {reply.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        body = b"" if reply.status in {204, 304} else reply.body
        if reply.fault == "cut":
            connection.sendall(head.encode("latin-1") + b"\r\n" + body[: len(body) // 2])
            return False
        connection.sendall(head.encode("latin-1") + b"\r\n" + body)
        return True


def _read(stream: object, number: int) -> Arrival | None:
    readline, read = stream.readline, stream.read  # type: ignore[attr-defined]  # a buffered reader
    line = readline().decode("latin-1").split()
    if len(line) < 2:
        return None
    headers: dict[str, str] = {}
    while (header := readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int(readline().strip(), 16):
            body += read(size)
            readline()
        readline()
    else:
        body = read(int(headers.get("content-length", "0")))
    return Arrival(line[0], line[1], headers, body, number)


@contextmanager
def serving(script: Callable[[Arrival], Reply] | None = None) -> Iterator[WireServer]:
    """A server for a ``with`` block."""
    server = WireServer(script)
    try:
        yield server
    finally:
        server.close()
