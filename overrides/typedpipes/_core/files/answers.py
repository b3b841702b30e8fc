"""What the headers of a file host's answer say."""

from __future__ import annotations

import re
from typing import Final, Self

import attrs
import httpx

_CONTENT_RANGE: Final = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


@attrs.frozen
class ContentRange:
    """A ``Content-Range`` of bytes; ``total`` None where the host does not know it."""

    start: int
    end: int
    total: int | None

    @classmethod
    def parse(cls, value: str | None) -> Self | None:
        """None for anything that is not a sound range."""
        match = _CONTENT_RANGE.fullmatch(value.strip()) if value else None
        if match is None:
            return None
        start, end = int(match[1]), int(match[2])
        total = None if match[3] == "*" else int(match[3])
        if end < start or (total is not None and end >= total):
            return None
        return cls(start, end, total)


def strong_etag(response: httpx.Response) -> str | None:
    """The entity tag, unless it is weak: only a strong one proves that bytes are equal (RFC 9110, 13.1.5)."""
    etag: str | None = response.headers.get("etag")
    if etag is None or not (etag.startswith('"') and etag.endswith('"') and len(etag) > 2):
        return None
    return etag


def has_end(response: httpx.Response) -> bool:
    """Whether the end of the body can be recognized: a length, or a chunked or HTTP/2 body."""
    length = response.headers.get("content-length")
    if length is not None:
        return bool(length.isascii() and length.isdigit())
    if response.http_version == "HTTP/2":
        return True
    return "chunked" in response.headers.get("transfer-encoding", "").lower()
