"""Bodies of requests and answers, read up to a size and a time; and what the errors of the HTTP library mean."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, cast

from typedpipes._core import addresses
from typedpipes._core.flow import Call, Clock, Flow
from typedpipes._core.http import library
from typedpipes._core.redaction import Redactor, while_whole
from typedpipes.errors import ConfigurationError, TransportError

ERROR_BODY_LIMIT: Final = 65_536
"""Bytes read of a failed answer's body."""

_UNSENT: Final = (
    library.ConnectError,
    library.ConnectTimeout,
    library.PoolTimeout,
    library.ProxyError,
    library.UnsupportedProtocol,
    library.LocalProtocolError,
)
_HOPELESS: Final = (library.UnsupportedProtocol, library.LocalProtocolError)


def origin(url: library.URL | str) -> str:
    """`typedpipes._core.addresses.origin` of an address as httpx sends it: host names in ASCII."""
    if isinstance(url, str):
        url = library.URL(url)
    return addresses.origin_of(url.scheme, url.raw_host.decode("ascii"), url.port)


def require_https(url: library.URL) -> None:
    """Refuse unencrypted connections. http is for loopback only."""
    if url.raw_scheme == b"https" and url.raw_host:
        return
    if url.scheme == "http" and addresses.is_loopback(url.host):
        return
    raise ConfigurationError(
        f"{url.scheme or 'no scheme'}://{url.host}: only https addresses are used (http on loopback, for a sandbox); "
        "correct base_url",
        setting="base_url",
    )


WIRE_ERRORS: Final = (library.RequestError, library.InvalidURL, OSError)
"""How sending fails. httpx reads where a redirect leads even if it is not to follow it, and may find no address."""


def header_dict(response: library.Response) -> dict[str, str]:
    """Headers with lower-case names; repeated ones joined by ", "."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name = raw_name.decode("ascii", "replace").lower()
        value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def is_unsent(error: Exception) -> bool:
    """Whether a request failed before any of it was on the wire."""
    return isinstance(error, _UNSENT)


def is_hopeless(error: Exception) -> bool:
    """Whether a request was not sent because it cannot be: repeating it changes nothing."""
    return isinstance(error, _HOPELESS)


def bare(error: BaseException, redactor: Redactor) -> None:
    """Take out of a cause and its own causes what may hold secrets: the request, foreign frames, quoted headers."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        current.__traceback__ = None
        if isinstance(current, library.RequestError):
            request = getattr(current, "_request", None)
            if request is not None:
                current.request = QuietRequest(request.method, origin(request.url))
        if current.args:
            current.args = tuple(redactor.text(arg) if isinstance(arg, str) else arg for arg in current.args)
        current = current.__cause__ or current.__context__


def body_error(error: Exception, *, operation: str | None = None, attempts: int = 1) -> TransportError:
    """The error for a body that broke off."""
    where = f"{operation}: " if operation else ""
    return TransportError(
        f"{where}the answer broke off while it was read ({type(error).__name__}); the server did receive the request",
        sent=True,
        attempts=attempts,
        operation=operation,
    )


class QuietRequest(library.Request):
    """A request whose repr, which tracebacks may show, leaves out path and query: both can hold secrets."""

    @while_whole
    def __repr__(self) -> str:
        return f"<Request {self.method} {origin(self.url)}>"


class Bytes(library.SyncByteStream, library.AsyncByteStream):
    """A request body that can be sent again; httpx's own leaves a generator suspended when a send is cancelled."""

    __slots__ = ("_content", "_left")

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._left = False

    def __iter__(self) -> Iterator[bytes]:
        return iter((self._content,))

    def __aiter__(self) -> AsyncIterator[bytes]:
        again = Bytes(self._content)
        again._left = True
        return cast(AsyncIterator[bytes], again)

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        self._left = False
        return self._content


def steady(request: library.Request) -> bool:
    """Make the body of ``request`` one that can be sent again, if it is known; false if it can be sent only once."""
    if type(request.stream) is library.ByteStream:
        request.stream = Bytes(request.content)
    return isinstance(request.stream, Bytes)


class PermitStream(library.SyncByteStream, library.AsyncByteStream):
    """A response body that gives back the connection permit when it is closed."""

    def __init__(self, inner: library.SyncByteStream | library.AsyncByteStream, closed: Callable[[], None]) -> None:
        self._inner = inner
        self._closed = closed

    def __iter__(self) -> Iterator[bytes]:
        return iter(cast(library.SyncByteStream, self._inner))

    def __aiter__(self) -> AsyncIterator[bytes]:
        return cast(library.AsyncByteStream, self._inner).__aiter__()

    def close(self) -> None:
        """Close the body; harmless when repeated."""
        try:
            cast(library.SyncByteStream, self._inner).close()
        finally:
            self._closed()

    async def aclose(self) -> None:
        """Close the body; harmless when repeated."""
        try:
            await cast(library.AsyncByteStream, self._inner).aclose()
        finally:
            self._closed()


class Body:
    """Reads the encoded body of a response, up to a size and a point in time, and closes it.

    httpx's own ``aread`` leaves suspended generators behind when it stops early, which trio reports.
    """

    __slots__ = ("_clock", "_cut", "_limit", "_pieces", "_response", "_size", "_until")

    def __init__(self, response: library.Response, clock: Clock, *, until: float | None, limit: int | None) -> None:
        self._response = response
        self._clock = clock
        self._until = until
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0
        self._cut = False

    def read(self) -> Flow[tuple[bytes, bool]]:
        """The bytes, and whether more would have come. Raises httpx errors if the body breaks off."""
        yield Call(self._read, self._aread)
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces), self._cut

    def read_leniently(self) -> Flow[tuple[bytes, bool]]:
        """The same for the body of a failure: one that breaks off is cut."""
        try:
            yield Call(self._read, self._aread)
        except (library.RequestError, OSError):
            self._cut = True
        return b"".join(self._pieces)[: self._limit], self._cut

    def _enough(self, piece: bytes) -> bool:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._limit is not None and self._size > self._limit:
            self._cut = True
        return self._cut or (self._until is not None and self._clock.monotonic() > self._until)

    def _check(self, *, enough: bool) -> None:
        if enough and not self._cut:
            raise library.ReadTimeout("the deadline of the call passed while the body was read")

    def _read(self) -> None:
        enough = False
        try:
            for piece in cast(library.SyncByteStream, self._response.stream):
                enough = self._enough(piece)
                if enough:
                    break
        finally:
            self._response.close()
        self._check(enough=enough)

    async def _aread(self) -> None:
        enough = False
        pieces = cast(library.AsyncByteStream, self._response.stream).__aiter__()
        try:
            async for piece in pieces:
                enough = self._enough(piece)
                if enough:
                    break
        finally:
            await self._response.aclose()
        if enough:
            await exhaust(pieces)
        self._check(enough=enough)


async def exhaust(pieces: AsyncIterator[bytes]) -> None:
    """Run the generators of a body that was closed to their end, which is near."""
    with contextlib.suppress(Exception):
        async for _ in pieces:
            pass
