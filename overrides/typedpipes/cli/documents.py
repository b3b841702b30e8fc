"""A published document as bytes: from one address, without credentials, whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import attrs

from typedpipes._core.addresses import is_loopback
from typedpipes._core.files.host import FileHost
from typedpipes._core.files.links import FileLink, LinkPolicy, shown
from typedpipes._core.files.transfer import Transfer
from typedpipes._core.flow import Clock, Flow, SystemClock, hold
from typedpipes._core.http import library
from typedpipes._core.http.bodies import origin
from typedpipes.errors import DownloadError

LARGEST: Final = 64 << 20
"""Bytes of a document at most. The largest vendor document known has 2.8 MB."""
TIMEOUT: Final = 120.0
"""Seconds for all of it, pauses between attempts included."""


@attrs.frozen
class OneOrigin(LinkPolicy):
    """Follows links to one scheme, host and port only: https, or http on loopback."""

    origin: str = ""

    @classmethod
    def of(cls, url: str) -> OneOrigin:
        """The policy for a document at ``url``. Raises `DownloadError` if it is not fit to be fetched."""
        parsed = _parsed(url)
        loopback = is_loopback(parsed.host)
        if parsed.scheme != "https" and not (parsed.scheme == "http" and loopback):
            raise DownloadError(f"{shown(url)} is not https; http is for this machine only")
        return cls(hosts=(parsed.host,), loopback=loopback, origin=origin(parsed))

    def check(self, url: str | library.URL) -> library.URL:
        """The parsed link. Raises `DownloadError` if it leads to another origin."""
        parsed = _parsed(url)
        if origin(parsed) != self.origin:
            raise DownloadError(
                f"the document at {self.origin} leads elsewhere, to {shown(parsed.copy_with(path='/'))}; "
                "redirects to another host are not followed"
            )
        return parsed


def fetch_document(
    url: str, *, max_bytes: int = LARGEST, timeout: float = TIMEOUT, clock: Clock | None = None
) -> Flow[bytes]:
    """The bytes at ``url``. A cut body is taken up again; what stays cut, or is too large, is a `DownloadError`."""
    clock = clock or SystemClock()
    host = FileHost(OneOrigin.of(url), timeout=min(30.0, timeout))
    yield from hold(host.close())
    link = FileLink(url, datetime.max.replace(tzinfo=UTC))

    def source(*, fresh: bool) -> Flow[FileLink]:
        del fresh  # a published address does not expire
        yield from ()
        return link

    transfer = Transfer(host, source, clock=clock, until=clock.monotonic() + timeout, max_bytes=max_bytes)
    pieces: dict[int, bytes] = {}
    while True:
        chunk = yield from transfer.next_chunk()
        if chunk.offset == 0:
            pieces.clear()  # the first piece, or the body was restarted
        if not chunk.data:
            return b"".join(pieces[start] for start in sorted(pieces))
        pieces[chunk.offset] = chunk.data


def _parsed(url: str | library.URL) -> library.URL:
    try:
        parsed = library.URL(url)
    except (library.InvalidURL, TypeError, ValueError) as error:
        raise DownloadError("the address of the document is not a URL") from error
    if parsed.userinfo or not parsed.host:
        raise DownloadError(f"the address of the document names no plain host: {shown(parsed)}")
    return parsed


__all__ = ["LARGEST", "OneOrigin", "fetch_document"]
