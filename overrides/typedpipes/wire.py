"""A request and its answer without any type of the HTTP library: what facades and callers see.

This, `http_wire` and `http` are what a successor of httpx would have to replace.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Protocol

import httpx
import msgspec

from typedpipes._httpx import body_error, exhaust
from typedpipes.stamp import Stamp


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

    def __repr__(self) -> str:
        # Query, headers and body may hold secrets.
        return f"<WireRequest {self.method} {self.stamp.operation}>"


class WireResponse:
    """A successful answer (2xx), read completely. Header names are lower case; repeated headers are joined by ", "."""

    __slots__ = ("content", "headers", "status", "url")

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes, url: str) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self.url = url

    def __repr__(self) -> str:
        return f"<WireResponse {self.status}, {len(self.content)} bytes>"


class WireStream:
    """A successful answer whose body is still on the wire; `PolicyClient.stream_exchange` closes it."""

    __slots__ = ("_response", "headers", "status", "url")

    def __init__(self, response: httpx.Response, headers: Mapping[str, str]) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = headers
        self.url = str(response.url)

    def iter_bytes(self, size: int | None = None) -> Iterator[bytes]:
        """The decoded body in pieces (of ``size`` bytes). Raises `TransportError` if it breaks off."""
        try:
            yield from self._response.iter_bytes(size)
        except (httpx.RequestError, OSError) as error:
            raise body_error(error) from error

    def read(self) -> bytes:
        """The rest of the body."""
        return b"".join(self.iter_bytes())


class AsyncWireStream:
    """The asynchronous twin of `WireStream`."""

    __slots__ = ("_pieces", "_response", "headers", "status", "url")

    def __init__(self, response: httpx.Response, headers: Mapping[str, str]) -> None:
        self._response = response
        self._pieces: AsyncIterator[bytes] | None = None
        self.status = response.status_code
        self.headers = headers
        self.url = str(response.url)

    def aiter_bytes(self, size: int | None = None) -> AsyncIterator[bytes]:
        """The decoded body in pieces (of ``size`` bytes). Raises `TransportError` if it breaks off."""
        self._pieces = self._response.aiter_bytes(size)
        return _Pieces(self._pieces)

    async def aread(self) -> bytes:
        """The rest of the body."""
        return b"".join([piece async for piece in self.aiter_bytes()])

    async def aclose(self) -> None:
        """Close the answer, read or not; harmless when repeated."""
        await self._response.aclose()
        if self._pieces is not None:
            await exhaust(self._pieces)


class _Pieces:
    """An iterator, not a generator: one that is left early leaves nothing to be finalized."""

    __slots__ = ("_inner",)

    def __init__(self, inner: AsyncIterator[bytes]) -> None:
        self._inner = inner

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._inner.__anext__()
        except (httpx.RequestError, OSError) as error:
            raise body_error(error) from error


__all__ = ["AsyncWireStream", "WireRequest", "WireResponse", "WireStream"]
