"""Servers that hold on to a connection: they speak a little now and then, or not at all."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

ENDLESS: Final = 30.0
"""Seconds after which the servers give up: far more than a call may take."""

Misbehave = Callable[[socket.socket], object]


@contextmanager
def serving(misbehave: Misbehave) -> Iterator[int]:
    """A server that does one thing to each connection; yields its port."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(ENDLESS)
            misbehave(connection)

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def dripping(head: bytes, piece: bytes) -> Misbehave:
    """Reads a request, says ``head``, and then ``piece`` again and again."""

    def misbehave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head)
        until = time.monotonic() + ENDLESS
        while time.monotonic() < until:
            connection.sendall(piece)
            time.sleep(0.02)

    return misbehave


def deaf(connection: socket.socket) -> None:
    """Neither reads nor answers."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    threading.Event().wait(ENDLESS)


def hanging(connection: socket.socket) -> None:
    """Reads, and says nothing."""
    while connection.recv(65536):
        pass
