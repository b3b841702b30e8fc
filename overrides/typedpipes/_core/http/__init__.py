"""Types of requests and answers, and the `Stamp` that each request carries through the policies.

The stamp holds facts of the operation and options of the call. `WireRequest` and `WireResponse`
show callers no type of the HTTP library, which only `typedpipes._core.http.library` imports.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol, TypeAlias, cast

import msgspec

from typedpipes._core.flow import Flow
from typedpipes._core.http import library
from typedpipes._core.http.bodies import body_error, exhaust
from typedpipes._core.http.inflate import MAX_BODY, Reader, Refused, Undecodable
from typedpipes._core.redaction import SENDING, Redactor, while_whole
from typedpipes._core.rest import CallOptions, Safety, SendOptions
from typedpipes.errors import APIError, ConfigurationError, ResponseMismatch

OnWire: TypeAlias = Callable[[bool], Flow[None]]

STAMP: Final = "typedpipes"
"""Key of the stamp in ``request.extensions``."""

TOKEN_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-token"})
"""Headers that only credentials set, whatever the API."""


class Stamp(msgspec.Struct, kw_only=True, eq=False):
    """Facts about the operation a request performs, and the options of this call; None takes the client's default.

    Attributes:
        api: package that defines the operation, for example ``pipedrive_v2``.
        operation: method path, for example ``deals.list``.
        safety: ``safe`` requests may be repeated after they were sent; others only when the server said that it did
            not execute them.
        credentials: kinds of credential accepted, in order; empty: none is sent; None: whichever of the client's
            fits the request's origin.
        token_cost: what the call costs of a token budget (Pipedrive).
        buckets: named limits it counts in.
        scope: whom the limits count for, by stable identity (``project``, ``external_user`` …).
        redirects: ``origin`` follows redirects of safe requests within the origin only; ``anywhere`` also to other
            https hosts, without credential and with no header but what a download needs.
        relays: whatever the status, the answer is the result: it is that of somebody behind the API (a workflow, a
            proxied app), and the caller wants to see it. Only a first 401 is answered with another token.
        idempotency_header: header that the operation's schema declares for idempotency keys; None: it has none.
        timeout: seconds for connect, read, write and pool, each, of one wire request.
        deadline: seconds for the whole call.
        retries: repetitions at most.
        max_wait: seconds to wait at most, for a slot or because the server said so.
        idempotency_key: key that makes an unsafe request repeatable; needs ``idempotency_header``.
        read_failure: given the error for an answer that is no success and the answer's body, the error to raise:
            for APIs whose answers mean more than their status.
        on_wire: a flow that is run with True right before the request is sent, each time it is, and with False when it
            proved not to be executed and waits to be sent again.
    """

    api: str
    operation: str
    safety: Safety
    credentials: tuple[str, ...] | None = None
    token_cost: int = 0
    buckets: tuple[str, ...] = ()
    scope: Mapping[str, str] | None = None
    redirects: Literal["origin", "anywhere"] = "origin"
    relays: bool = False
    idempotency_header: str | None = None
    timeout: float | None = None
    deadline: float | None = None
    retries: int | None = None
    max_wait: float | None = None
    idempotency_key: str | None = None
    read_failure: Callable[[APIError, bytes], APIError] | None = None
    on_wire: OnWire | None = None

    @classmethod
    def of_call(
        cls,
        options: SendOptions,
        *,
        api: str,
        operation: str,
        safety: Safety,
        credentials: tuple[str, ...],
        token_cost: int = 0,
        buckets: tuple[str, ...] = (),
        scope: Mapping[str, str] | None = None,
        idempotency_header: str | None = None,
        read_failure: Callable[[APIError, bytes], APIError] | None = None,
        on_wire: OnWire | None = None,
    ) -> Stamp:
        """The stamp of one call: facts of its operation, and what the caller's ``options`` ask.

        Raises `ConfigurationError` for an idempotency key where the schema declares none.
        """
        stamp = cls(
            api=api,
            operation=operation,
            safety=safety,
            credentials=credentials,
            token_cost=token_cost,
            buckets=buckets,
            scope=scope,
            timeout=options.get("timeout"),
            deadline=options.get("deadline"),
            retries=options.get("retries"),
            max_wait=options.get("max_wait"),
            idempotency_header=idempotency_header,
            idempotency_key=cast("CallOptions", options).get("idempotency_key"),
            read_failure=read_failure,
            on_wire=on_wire,
        )
        stamp.check_key()
        return stamp

    def check_key(self) -> None:
        """Raise `ConfigurationError` for an idempotency key that the server would not look at."""
        if self.idempotency_key is not None and self.idempotency_header is None:
            raise ConfigurationError(
                f"{self.name}: idempotency_key would protect nothing, because the schema of this operation declares "
                "no such key; leave it out",
                setting="idempotency_key",
            )

    @property
    def name(self) -> str:
        """``api.operation``, as messages and limits name it."""
        return f"{self.api}.{self.operation}"


SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def default_stamp(method: str) -> Stamp:
    """The stamp of a request that carries none: safety by method, any credential that fits the origin."""
    safety: Safety = "safe" if method in SAFE_METHODS else "idempotent" if method in {"PUT", "DELETE"} else "unsafe"
    return Stamp(api="http", operation=method.lower(), safety=safety)


class Streamed(Protocol):
    """A body in pieces, from the start at each iteration. ``length`` in bytes; None: unknown."""

    @property
    def length(self) -> int | None: ...

    def __iter__(self) -> Iterator[bytes]: ...


class WireRequest(msgspec.Struct, kw_only=True, eq=False):
    """One request to perform under the policies.

    Attributes:
        method: upper case.
        url: absolute; path segments are percent-encoded by the caller and left as they are.
        stamp: the operation's facts and the call's options.
        query: pairs to append to the URL, percent-encoded here; a name may occur again.
        headers: added to ours (``user-agent``, ``accept``, ``accept-encoding``); credentials are the flow's business.
        content: the encoded body, or one that is streamed; give ``content-type`` in ``headers``.
    """

    method: str
    url: str
    stamp: Stamp
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] | None = None
    content: bytes | Streamed | None = None

    @while_whole
    def __repr__(self) -> str:
        # Query, headers and body may hold secrets.
        return f"<WireRequest {self.method} {self.stamp.operation}>"


class WireResponse:
    """A successful answer (2xx), read completely. Header names are lower case; repeated headers are joined by ", "."""

    __slots__ = ("content", "headers", "most", "redactor", "status", "url")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        url: str,
        *,
        most: int = MAX_BODY,
        redactor: Redactor | None = None,
    ) -> None:
        self.most: int = most
        """Bytes of an answer that the client reads at most."""
        self.redactor: Redactor = redactor or SENDING.get()
        """Knows the client's secrets, which an answer may repeat."""
        self.status: int = status
        self.headers: Mapping[str, str] = headers
        self.content: bytes = content
        self.url: str = url

    @while_whole
    def __repr__(self) -> str:
        return f"<WireResponse {self.status}, {len(self.content)} bytes>"


class WireStream:
    """A successful answer whose body is still on the wire; `PolicyClient.stream_exchange` closes it."""

    __slots__ = ("_most", "_response", "headers", "status", "url")

    def __init__(self, response: library.Response, headers: Mapping[str, str], most: int) -> None:
        self._response = response
        self._most = most
        self.status = response.status_code
        self.headers = headers
        self.url = str(response.url)

    def iter_bytes(self, size: int | None = None) -> Iterator[bytes]:
        """The decoded body in pieces (of ``size`` bytes, else of 1 MiB at most). Raises `TransportError` if it breaks
        off, `ResponseMismatch` if it cannot be decoded.
        """
        with _explained():
            reader = Reader(self.headers, size)
            for raw in self._response.iter_raw():
                yield from reader.pieces(raw)
            yield from reader.finish()

    def read(self) -> bytes:
        """The rest of the body. Raises `ResponseMismatch` beyond the client's ``max_body``."""
        whole = _Whole(self._most)
        for piece in self.iter_bytes():
            whole.add(piece)
        return whole.content()


class AsyncWireStream:
    """The asynchronous twin of `WireStream`."""

    __slots__ = ("_most", "_pieces", "_response", "headers", "status", "url")

    def __init__(self, response: library.Response, headers: Mapping[str, str], most: int) -> None:
        self._response = response
        self._most = most
        self._pieces: AsyncIterator[bytes] | None = None
        self.status = response.status_code
        self.headers = headers
        self.url = str(response.url)

    def aiter_bytes(self, size: int | None = None) -> AsyncIterator[bytes]:
        """The decoded body in pieces (of ``size`` bytes, else of 1 MiB at most). Raises `TransportError` if it breaks
        off, `ResponseMismatch` if it cannot be decoded.
        """
        with _explained():
            reader = Reader(self.headers, size)
        self._pieces = self._response.aiter_raw()
        return _Pieces(self._pieces, reader)

    async def aread(self) -> bytes:
        """The rest of the body. Raises `ResponseMismatch` beyond the client's ``max_body``."""
        whole = _Whole(self._most)
        async for piece in self.aiter_bytes():
            whole.add(piece)
        return whole.content()

    async def aclose(self) -> None:
        """Close the answer, read or not; harmless when repeated."""
        await self._response.aclose()
        if self._pieces is not None:
            await exhaust(self._pieces)


class _Pieces:
    """An iterator, not a generator: one that is left early leaves nothing to be finalized."""

    __slots__ = ("_inner", "_reader", "_ready")

    def __init__(self, inner: AsyncIterator[bytes], reader: Reader) -> None:
        self._inner = inner
        self._reader: Reader | None = reader
        self._ready: Iterator[bytes] = iter(())

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        with _explained():
            while (piece := next(self._ready, None)) is None:
                if self._reader is None:
                    raise StopAsyncIteration
                try:
                    self._ready = self._reader.pieces(await self._inner.__anext__())
                except StopAsyncIteration:
                    self._ready, self._reader = self._reader.finish(), None
            return piece


class _Whole:
    """Collects a streamed body up to ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._found: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """Take the next piece. Raises `ResponseMismatch` if it is too much."""
        self._found.append(piece)
        self._size += len(piece)
        if self._size > self._most:
            raise ResponseMismatch(
                f"the answer has more than the {self._most} bytes allowed; read it in pieces, or raise max_body"
            )

    def content(self) -> bytes:
        """All of it."""
        return b"".join(self._found)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise ResponseMismatch(f"the answer {refused}") from None
    except (library.RequestError, OSError, Undecodable) as error:
        raise body_error(error) from error


__all__ = [
    "SAFE_METHODS",
    "STAMP",
    "TOKEN_HEADERS",
    "AsyncWireStream",
    "Stamp",
    "WireRequest",
    "WireResponse",
    "WireStream",
    "default_stamp",
]
