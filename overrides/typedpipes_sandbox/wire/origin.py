"""One origin (host and port) of the sandbox as an ASGI application: arrival, faults, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Protocol

from typedpipes_sandbox.faults import Fault, distort
from typedpipes_sandbox.wire.messages import Request, Response, encode_json, text_response
from typedpipes_sandbox.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: below it lies what steers the sandbox, on every origin
ADMIN_PREFIX = "/__sandbox__"
#: what the scope of a request served over a socket carries, so that faults can cut the connection
CONNECTION_KEY = "typedpipes_sandbox.connection"


class ConnectionCut(Exception):
    """Raised where a connection has to break and there is no socket to break (the in-process transport)."""


class Connection(Protocol):
    """What a fault may do to a connection."""

    def reset(self) -> None:
        """Break it at once, with a TCP reset."""

    def close(self) -> None:
        """Close it after what was written."""


class Service(Protocol):
    """A vendor's stand-in behind an origin."""

    def recognise(self, request: Request) -> None:
        """Fill in ``operation`` and ``context`` without judging the request."""

    def admit(self, request: Request) -> Response | None:
        """Check credential and limits; a response refuses the request."""

    def handle(self, request: Request) -> Response:
        """Carry the request out."""

    def unauthorized(self, request: Request) -> Response:
        """What the vendor answers to an expired token."""

    def stale_cursor(self, request: Request) -> Response:
        """What the vendor answers to a cursor it no longer knows."""


class Origin:
    """The ASGI application of one origin."""

    def __init__(self, name: str, world: World, service: Service, admin: Callable[[Request], Response]) -> None:
        self.name = name
        self._world = world
        self._service = service
        self._admin = admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        request = await self._read(scope, receive)
        if request.path.startswith(ADMIN_PREFIX):
            await _send(self._admin(request), request, send, [])
            return
        connection: Connection | None = scope.get(CONNECTION_KEY)
        self._service.recognise(request)
        faults = self._world.faults.striking(request)
        delay = self._world.inbound_delay() + sum(fault.delay(fault.latency) for fault in faults if fault.latency)
        if delay > 0:
            await asyncio.sleep(delay)
        response = self._answer(request, faults)
        delay = sum(fault.delay(fault.latency_back) for fault in faults if fault.latency_back)
        if delay > 0:
            await asyncio.sleep(delay)
        if response is None:
            _cut(connection)
            return
        response.headers.extend(request.extra_headers)
        if request.method == "HEAD":
            response.body, response.stream = b"", None
        await _send(response, request, send, faults, connection)

    def _answer(self, request: Request, faults: list[Fault]) -> Response | None:
        """Record the arrival and decide; None breaks the connection. Runs without a pause, so arrivals are ordered."""
        world = self._world
        request.arrived = world.clock.now()
        arrival = world.log.record(request)
        arrival.fault = ",".join(_describe(fault) for fault in faults)
        response: Response | None
        try:
            if any(fault.reset and fault.when == "before" for fault in faults):
                response = None
            else:
                response = self._admitted(request, faults)
        except Exception as error:  # a bug of the sandbox must be visible to whoever runs the test
            world.errors.append(error)
            response = text_response(f"sandbox error: {type(error).__name__}: {error}", 500)
        if any(fault.reset and fault.when == "after" for fault in faults):
            response = None
        if response is not None and world.settings.server_date and not response.has_header("date"):
            response.headers.append(("date", world.clock.http_date()))
        world.log.settle(arrival, request, response.status if response is not None else 0)
        world.note(arrival)
        return response

    def _admitted(self, request: Request, faults: list[Fault]) -> Response:
        refused = self._service.admit(request)
        if refused is not None:
            return refused
        for fault in faults:
            if fault.expired_token:
                return self._service.unauthorized(request)
            if fault.stale_cursor:
                return self._service.stale_cursor(request)
            if fault.status is not None and fault.when == "before":
                return fault.response()
        response = self._service.handle(request)
        for fault in faults:
            if fault.status is not None and fault.when == "after":
                return fault.response()
            if (fault.set or fault.drop) and response.payload is not None:
                distort(response.payload, fault)
                response.body = encode_json(response.payload)
        return response

    async def _read(self, scope: Scope, receive: Receive) -> Request:
        chunks: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        headers: dict[str, str] = {}
        for key, value in scope["headers"]:
            name = key.decode("latin-1").lower()
            text = value.decode("latin-1")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
        raw_path = scope.get("raw_path")
        path = raw_path.decode("latin-1").partition("?")[0] if raw_path else scope["path"]
        client = scope.get("client")
        return Request(
            api=self.name,
            method=scope["method"],
            path=path,
            query_string=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=b"".join(chunks) if len(chunks) != 1 else chunks[0],
            client=client[0] if client else "",
        )


def _describe(fault: Fault) -> str:
    if fault.reset:
        return f"reset {fault.when}"
    if fault.status is not None:
        return f"status {fault.status} {fault.when}"
    for name in ("expired_token", "stale_cursor", "truncate_at", "pad", "drop_length", "chunk_delay", "set", "drop"):
        if getattr(fault, name):
            return name
    return "latency"


def _cut(connection: Connection | None) -> None:
    if connection is None:
        raise ConnectionCut("the sandbox broke the connection, as a fault told it to")
    connection.reset()


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _send(
    response: Response,
    request: Request,
    send: Send,
    faults: list[Fault],
    connection: Connection | None = None,
) -> None:
    truncate = next((fault.truncate_at for fault in faults if fault.truncate_at is not None), None)
    slow = next((fault for fault in faults if fault.chunk_delay), None)
    pad = sum(fault.pad for fault in faults)
    headers = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in response.headers]
    length = response.length if response.stream is not None else len(response.body)
    bodyless = response.status in {204, 304} or response.status < 200
    drop_length = pad or any(fault.drop_length for fault in faults)
    if length is not None and not drop_length and not bodyless and not response.has_header("content-length"):
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if truncate is None and slow is None and not pad and response.stream is None:
        await send({"type": "http.response.body", "body": response.body})
        return
    chunks = response.stream if response.stream is not None else iter((response.body,))
    await _send_chunks(_shaped(chunks, slow, truncate, pad), slow, send)
    if truncate is None:
        await send({"type": "http.response.body", "body": b""})
    elif connection is None:
        raise ConnectionCut("the sandbox cut the body short, as a fault told it to")
    else:
        connection.close()


def _shaped(chunks: Iterator[bytes], slow: Fault | None, truncate: int | None, pad: int) -> Iterator[bytes]:
    sent = 0
    for chunk in chunks:
        piece = chunk if truncate is None else chunk[: max(0, truncate - sent)]
        sent += len(piece)
        size = slow.chunk_size if slow is not None else len(piece)
        yield from (piece[start : start + size] for start in range(0, len(piece), max(size, 1)))
        if truncate is not None and sent >= truncate:
            return
    while pad > 0:
        yield b"#" * min(pad, 65536)
        pad -= 65536


async def _send_chunks(chunks: Iterator[bytes], slow: Fault | None, send: Send) -> None:
    for chunk in chunks:
        if slow is not None:
            await asyncio.sleep(slow.chunk_delay)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
