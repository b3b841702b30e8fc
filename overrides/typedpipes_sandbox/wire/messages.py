"""A request and a response as the vendors' stand-ins see them, free of any server library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from typedpipes_sandbox.data import words

CHUNK = 256 * 1024


@dataclass(slots=True)
class Request:
    """One request as it arrived; header names are lower case."""

    api: str
    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes
    client: str = ""
    arrived: float = 0.0
    #: the operation, once known: a schema's method path, or the GraphQL operation's root fields
    operation: str = ""
    #: who is calling (client id, user, company …); limits count by it
    identity: str = ""
    #: how the caller proved who it is
    credential: str = ""
    #: limit names this request broke
    violations: list[str] = field(default_factory=list)
    #: headers to be added to whatever is answered
    extra_headers: list[tuple[str, str]] = field(default_factory=list)
    #: what a service wants to keep between admission and handling
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query parameters in the order sent."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    def first(self, name: str) -> str | None:
        """The first value of a query parameter, or None."""
        return next((value for key, value in self.query if key == name), None)

    @property
    def media_type(self) -> str:
        """The content type without parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The decoded JSON body; raises ValueError when it is not JSON."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The url-encoded body as a mapping (last value wins)."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def bearer(self) -> str | None:
        """The token of an ``Authorization: Bearer`` header, or None."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None


@dataclass(slots=True)
class Response:
    """What goes back. ``payload`` is kept beside the bytes so that drift faults can change it."""

    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    payload: Any = None
    stream: Iterator[bytes] | None = None
    length: int | None = None

    def has_header(self, name: str) -> bool:
        """Whether a header is set, whatever its case."""
        return any(key.lower() == name for key, _ in self.headers)


_ENCODER = msgspec.json.Encoder()


def encode_json(payload: Any) -> bytes:
    """JSON in UTF-8 without spaces."""
    try:
        return _ENCODER.encode(payload)
    except (OverflowError, UnicodeEncodeError):  # integers beyond 64 bits and lone surrogates: rare, and still JSON
        return json.dumps(payload, separators=(",", ":")).encode()


def json_response(payload: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An ``application/json`` response."""
    pairs = [("content-type", "application/json; charset=utf-8"), *(headers or {}).items()]
    return Response(status, encode_json(payload), pairs, payload)


def text_response(text: str, status: int = 200, media_type: str = "text/plain; charset=utf-8") -> Response:
    """A text response."""
    return Response(status, text.encode(), [("content-type", media_type)])


def empty_response(status: int = 204) -> Response:
    """A response without a body."""
    return Response(status)


def path_segments(path: str) -> list[str]:
    """The decoded segments of a raw path; a trailing slash gives no empty segment."""
    return [unquote(part) for part in path.strip("/").split("/")] if path.strip("/") else []


@dataclass(slots=True)
class StoredFile:
    """Content by range, so that a gibibyte needs no memory."""

    name: str
    length: int
    read: Callable[[int, int], bytes]
    media_type: str = "application/octet-stream"
    version: int = 1
    _digest: str = field(default="", repr=False)

    @property
    def etag(self) -> str:
        """Changes with the content."""
        return f'"{words.number(f"{self.name}:{self.length}:{self.version}"):08x}-{self.version}"'

    def sha256(self) -> str:
        """The hash of the whole content (computed once)."""
        if not self._digest:
            digest = hashlib.sha256()
            for chunk in self.chunks(0, self.length):
                digest.update(chunk)
            self._digest = digest.hexdigest()
        return self._digest

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``end`` in pieces."""
        while start < end:
            stop = min(end, start + CHUNK)
            yield self.read(start, stop)
            start = stop
