"""A server that accepts at once and reads late: what a client gave up may still arrive. It counts what it reads.

Runs in threads of the test's process and takes its time from the test.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class LateServer:
    """Reads nothing until `read` is called; from `hurry` on, each request at once, and answers it."""

    def __init__(self, arrived: Callable[[], None]) -> None:
        self._arrived = arrived
        self._held: list[socket.socket] = []
        self._lock = threading.Lock()
        self._hurried = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with self._lock:
                    self._held.append(connection)
                    hurried = self._hurried
                if hurried:
                    threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def unread(self) -> int:
        """Connections on which a whole request lies unread."""
        with self._lock:
            return sum(b"\r\n\r\n" in _peek(connection) for connection in self._held)

    def read(self) -> int:
        """Read what was accepted so far, whether or not somebody still waits for the answer; tells how many."""
        with self._lock:
            count = sum(b"\r\n\r\n" in _peek(connection) for connection in self._held)
            for connection in self._held:
                connection.close()
            self._held.clear()
        for _ in range(count):
            self._arrived()
        return count

    def hurry(self) -> None:
        """From now on, answer at once."""
        with self._lock:
            self._hurried = True

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            pending = b""
            while piece := connection.recv(65_536):
                pending += piece
                while b"\r\n\r\n" in pending:
                    _, _, pending = pending.partition(b"\r\n\r\n")
                    self._arrived()
                    connection.sendall(ANSWER)

    def close(self) -> None:
        """End all connections."""
        self._listener.close()
        with self._lock:
            for connection in self._held:
                connection.close()


def _peek(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return b""


@contextmanager
def reading_late(arrived: Callable[[], None]) -> Iterator[LateServer]:
    """A server for a ``with`` block; ``arrived`` is called for each request it reads."""
    server = LateServer(arrived)
    try:
        yield server
    finally:
        server.close()
