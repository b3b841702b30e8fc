"""A Pipefy on loopback whose answers fail at random, and that knows what it really did."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, NamedTuple, Self


class Fate(NamedTuple):
    """What becomes of a request. ``body`` None: the connection is reset."""

    name: str
    executes: bool
    status: int
    body: object
    headers: dict[str, str]


def fate(name: str, *, executes: bool, status: int = 200, body: object = b"", wait: str = "") -> Fate:
    return Fate(name, executes, status, body, {"Retry-After": wait} if wait else {})


def _errors(code: str | None = None, **more: object) -> dict[str, object]:
    entry: dict[str, object] = {"message": "no"} if code is None else {"message": "no", "extensions": {"code": code}}
    return {"errors": [entry], **more}


def _gone() -> dict[str, object]:
    entry = {"message": "no such card", "path": ["deleteCard"], "extensions": {"code": "RESOURCE_NOT_FOUND"}}
    return {"data": {"deleteCard": None}, "errors": [entry]}


REFUSALS: Final = (
    fate("429", executes=False, status=429, wait="0"),
    fate("503 that names a time", executes=False, status=503, wait="0"),
    fate("400", executes=False, status=400),
    fate("invalid", executes=False, body=_errors("RECORD_INVALID")),
    fate("denied", executes=False, body=_errors("PERMISSION_DENIED")),
    fate("document refused", executes=False, body=_errors("undefinedField")),
)
SILENCES: Final = tuple(
    fate(f"{what}, {'done' if executes else 'not done'}", executes=executes, status=status, body=body)
    for executes in (True, False)
    for what, status, body in (
        ("408", 408, b""),
        ("500", 500, b""),
        ("502", 502, b"<html>"),
        ("503", 503, b""),
        ("reset", 0, None),
        ("half a body", 200, b'{"data": {"cre'),
        ("an empty body", 200, b""),
        ("null data", 200, {"data": None}),
        ("null payload", 200, {"data": {"createCard": None, "deleteCard": None}}),
        ("no code", 200, _errors()),
        ("no code, 500", 500, _errors()),
        ("partial data", 200, _errors("PERMISSION_DENIED", data={"createCard": {"card": None}, "deleteCard": {}})),
        ("partial data, no code", 200, _errors(data={"createCard": {"card": None}, "deleteCard": None})),
    )
)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed are part of the campaign."""


class Vendor:
    """``with Vendor(seed) as vendor``. ``rate`` of the requests fail; ``on_request`` is told before each answer."""

    def __init__(self, seed: int) -> None:
        self.rate = 0.0
        self.made: dict[str, list[str]] = defaultdict(list)
        """Title -> ids of the cards made of it."""
        self.deleted: Counter[str] = Counter()
        self.asked: dict[str, list[Fate | None]] = defaultdict(list)
        """Title or id -> the fate of each request for it; None: as usual."""
        self.seen: Counter[str] = Counter()
        self.on_request: Callable[[], None] = lambda: None
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}/graphql"

    def answer(self, request: dict[str, Any]) -> Fate | dict[str, object]:
        """Carry a request out, or not, and what to answer."""
        given = request["variables"]["input"]
        item = given.get("title") or given["id"]
        with self._lock:
            failed = self._random.random() < self.rate
            chosen = self._random.choice((*REFUSALS * 3, *SILENCES)) if failed else None
            self.asked[item].append(chosen)
            self.seen["as usual" if chosen is None else chosen.name] += 1
            if chosen is not None and not chosen.executes:
                return chosen
            if request["operationName"] == "CreateCard":
                self.made[item].append(f"{item}/{len(self.made[item])}")
                return chosen or {"data": {"createCard": {"card": {"id": self.made[item][-1]}}}}
            self.deleted[item] += 1
            if self.deleted[item] > 1:
                return chosen or _gone()
            return chosen or {"data": {"deleteCard": {"success": True}}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

            def do_POST(self) -> None:
                made = owner.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                owner.on_request()
                chosen = made if isinstance(made, Fate) else fate("", executes=True, body=made)
                if chosen.body is None:
                    self.close_connection = True
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                body = chosen.body if isinstance(chosen.body, bytes) else json.dumps(chosen.body).encode()
                self.send_response(chosen.status)
                for name, value in chosen.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
