"""A server that follows a script to the byte: reads so much of a request, sends so much of an answer, and breaks."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import attrs

End = Literal["close", "reset", "garbage", "stall"]


@attrs.frozen
class Break:
    """Read ``reads`` bytes of the request (None: all of it), send ``sends`` bytes of ``answer``, then ``end``."""

    answer: bytes
    sends: int
    end: End = "close"
    reads: int | None = None


class BreakingServer:
    """Serves one connection at a time by the `Break` that is set; counts requests that arrived whole."""

    def __init__(self) -> None:
        self.script = Break(b"", 0)
        self.whole = 0
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """End."""
        self._over.set()
        self._listener.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection, self.script), daemon=True).start()

    def _one(self, connection: socket.socket, script: Break) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            received = b""
            while script.reads is None or len(received) < script.reads:
                piece = connection.recv(4096 if script.reads is None else script.reads - len(received))
                if not piece:
                    return
                received += piece
                if _is_whole(received):
                    self.whole += 1
                    break
            connection.sendall(script.answer[: script.sends])
            if script.end == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif script.end == "garbage":
                connection.sendall(b"\xff\x00\r\n\r\n\xfe")
            elif script.end == "stall":
                connection.recv(1)


def _is_whole(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return False
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(body) >= int(lengths[0] if lengths else 0)


@contextmanager
def breaking() -> Iterator[BreakingServer]:
    """A server for a ``with`` block."""
    server = BreakingServer()
    try:
        yield server
    finally:
        server.close()
