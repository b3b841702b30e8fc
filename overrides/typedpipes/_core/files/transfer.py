"""The bytes of one file, over as many connections and links as it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Self

import attrs

from typedpipes._core.files.host import FileHost
from typedpipes._core.files.links import FileLink, LinkSource, shown
from typedpipes._core.flow import Call, Clock, Flow, discard, sleep
from typedpipes._core.http import library
from typedpipes._core.http.inflate import Inflater, Undecodable
from typedpipes._core.http.retry_after import server_wait
from typedpipes.errors import DownloadError

STUMBLES: Final = 5
"""Failures in a row without one new byte that end a transfer."""
BEGINNINGS: Final = 4
"""How often a transfer may start over because the file changed or the host cannot resume."""
LONGEST_PAUSE: Final = 10.0
STALE_MARGIN: Final = 5.0
"""Seconds before its expiry from which a link is not used to connect."""
REFUSED: Final = frozenset({400, 401, 403, 404, 410})
"""What file hosts answer to a link that has expired."""
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@attrs.frozen
class Chunk:
    """``data`` belongs at ``offset``; an offset of 0 after others means that the file starts again. Empty: the end."""

    offset: int
    data: bytes


@attrs.define
class ResumePoint:
    """Where a transfer stands: enough to continue in another process."""

    offset: int = 0
    etag: str | None = None
    """Strong entity tag of the content."""
    modified: str | None = None
    total: int | None = None

    @property
    def validator(self) -> str | None:
        """What proves to the host that we hold the beginning of the same content."""
        return self.etag or self.modified


class _Stumble(Exception):
    """A passing failure: reconnect after ``pause`` seconds."""

    def __init__(self, reason: str, *, status: int | None = None, pause: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.pause = pause


class Transfer:
    """Fetches the file behind ``source`` chunk by chunk, repeating after temporary failures.

    A lost connection is taken up again by range if the host proves that the content is the same; else the file
    starts again, or `DownloadError` is raised if ``restartable`` is False. A refused link is fetched again once
    between two new bytes. ``until`` is a time of the monotonic clock, ``max_bytes`` the size refused beyond.
    """

    def __init__(
        self,
        host: FileHost,
        source: LinkSource,
        *,
        clock: Clock,
        until: float,
        max_bytes: int,
        restartable: bool = True,
    ) -> None:
        self.point: ResumePoint = ResumePoint()
        self._host = host
        self._source = source
        self._clock = clock
        self._until = until
        self._max_bytes = max_bytes
        self._restartable = restartable
        self._link: FileLink | None = None
        self._response: library.Response | None = None
        self._pull: Call[bytes] | None = None
        self._inflater: Inflater | None = None
        self._inflated: Iterator[bytes] = iter(())
        self._end: int | None = None
        """Where the body on the wire is to end, if that is known."""
        self._best = 0
        self._stumbles = self._beginnings = 0
        self._renewed = self._finished = False

    def resume(self, point: ResumePoint) -> None:
        """Go on where an earlier process stopped; a point without validator is of no use and ignored."""
        if point.validator is not None and 0 < point.offset <= (point.total or point.offset):
            self.point = point
            self._best = point.offset
            self._finished = point.offset == point.total

    def next_chunk(self) -> Flow[Chunk]:
        """The next piece of the file; empty at the verified end. Raises `DownloadError`."""
        while not self._finished:
            if self._clock.monotonic() > self._until:
                raise DownloadError(f"the download ran out of time after {self.point.offset} bytes")
            try:
                if self._response is None:
                    yield from self._connect()
                    continue
                data = yield from self._read()
            except (library.TransportError, library.StreamError, _Stumble) as error:
                yield from self._recover(error)
                continue
            if not data:
                continue
            start = self.point.offset
            self.point.offset += len(data)
            if self.point.offset > self._max_bytes:
                raise self._too_large()
            if self.point.offset > self._best:
                self._best, self._stumbles, self._renewed = self.point.offset, 0, False
            return Chunk(start, data)
        return Chunk(self.point.offset, b"")

    def open(self) -> Flow[None]:
        """Connect, so that ``point.total`` is known before anything is read."""
        while not self._finished and self._response is None:
            try:
                yield from self._connect()
            except (library.TransportError, _Stumble) as error:
                yield from self._recover(error)

    def _read(self) -> Flow[bytes]:
        """One piece of the body, inflated if the host insisted on compressing it."""
        inflater = self._inflater
        if inflater is not None and (piece := self._inflate()):
            return piece
        assert self._pull is not None
        data: bytes = yield self._pull
        if data:
            if inflater is not None:
                self._inflated = inflater.pieces(data)
                return self._inflate()
            if self._end is not None and self.point.offset + len(data) > self._end:
                raise DownloadError(f"the host sends more than the {self._end} bytes it announced")
            return data
        yield from self._disconnect()
        if inflater is not None:
            self._finish(inflater)
        elif self.point.offset < max(self._end or 0, self.point.total or 0):
            raise _Stumble("the body ended early")
        self._finished = True
        return b""

    def _inflate(self) -> bytes:
        try:
            return next(self._inflated, b"")
        except Undecodable as error:
            raise DownloadError("the compressed body is damaged") from error

    def _finish(self, inflater: Inflater) -> None:
        try:
            inflater.finish()
        except Undecodable as error:
            raise _Stumble("the body ended early") from error

    def _connect(self) -> Flow[None]:
        link = yield from self._current_link()
        headers = {"Accept-Encoding": "identity"}
        point = self.point
        if point.offset and point.validator is not None:
            headers |= {"Range": f"bytes={point.offset}-", "If-Range": point.validator}
        elif point.offset:
            self._begin_anew("the host gives no entity tag to resume by")
        response = yield from self._host.get(link.url, headers, self._until - self._clock.monotonic())
        status = response.status_code
        if status == 200:
            yield from self._accept_whole(response)
        elif status == 206 and "Range" in headers:
            yield from self._accept_range(response)
        else:
            yield from discard(response)
            self._reject(status, response, link)
        if self._response is None:
            return
        self._pull = self._host.body(response)

    def _accept_whole(self, response: library.Response) -> Flow[None]:
        if not has_end(response):
            yield from discard(response)
            raise DownloadError(
                "the host does not say where the file ends, so a file that was cut off would look complete"
            )
        if self.point.offset:
            self._begin_anew("the host sends the file from its beginning: it changed, or the host knows no ranges")
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._inflater = Inflater("deflate" if encoding == "deflate" else "gzip")
            self._inflated, self._end = iter(()), None
            self.point = ResumePoint()
        elif encoding in ("", "identity"):
            self._inflater = None
            length = response.headers.get("content-length")
            modified = response.headers.get("last-modified")
            self.point = ResumePoint(0, strong_etag(response), modified, int(length) if length else None)
            self._end = self.point.total
            if self.point.total is not None and self.point.total > self._max_bytes:
                yield from discard(response)
                raise self._too_large()
        else:
            yield from discard(response)
            raise DownloadError(f"the host sends the file in the encoding {encoding!r}, which was not asked for")
        self._response = response

    def _accept_range(self, response: library.Response) -> Flow[None]:
        fault, given = self._fault(response)
        if given is None:
            yield from discard(response)
            self._begin_anew(fault)
            return
        self.point.total, self._end = given.total, given.end + 1
        if given.total is not None and given.total > self._max_bytes:
            yield from discard(response)
            raise self._too_large()
        self._response = response

    def _fault(self, response: library.Response) -> tuple[str, ContentRange | None]:
        """Why a range does not continue what there is; or the range, if length, place and validator all prove it."""
        point, headers = self.point, response.headers
        given = ContentRange.parse(headers.get("content-range"))
        if given is None or given.start != point.offset:
            return "the host sends another range than the one asked for", None
        if given.total is None:
            return "the host does not say how long the file is, so a file that was cut off would look complete", None
        length = headers.get("content-length")
        if length is not None and length != str(given.end + 1 - given.start):
            return "the host announces a range and another length of it", None
        modified = headers.get("last-modified")
        same = point.total in (None, given.total)
        if point.etag is not None:
            same = same and strong_etag(response) == point.etag and modified in (None, point.modified)
        else:
            same = same and modified == point.modified and strong_etag(response) is None
        return ("", given) if same else ("the file changed between two ranges", None)

    def _reject(self, status: int, response: library.Response, link: FileLink) -> None:
        if status in PASSING:
            wait = server_wait(response.headers, wall=self._clock.wall())
            raise _Stumble(f"status {status}", status=status, pause=wait)
        if status == 416:
            self._begin_anew("the host says that the file is shorter than what was fetched")
        elif status in REFUSED and not self._renewed:
            self._renewed, self._link = True, None
        else:
            fresh = ", also with a new link" if self._renewed else ""
            raise DownloadError(f"{shown(link.url)} answers with status {status}{fresh}", status=status)

    def _current_link(self) -> Flow[FileLink]:
        link = self._link
        if link is None or link.expires_at.timestamp() - STALE_MARGIN <= self._clock.wall():
            link = self._link = yield from self._source(fresh=self._renewed or link is not None)
        return link

    def _begin_anew(self, reason: str) -> None:
        self._beginnings += 1
        if not self._restartable:
            raise DownloadError(f"the stream cannot continue at byte {self.point.offset}: {reason}")
        if self._beginnings > BEGINNINGS:
            raise DownloadError(f"the download was restarted {BEGINNINGS} times and still fails: {reason}")
        self.point = ResumePoint()

    def _recover(self, error: Exception) -> Flow[None]:
        """Close what failed and pause, or raise `DownloadError` if it failed too often."""
        yield from self._disconnect()
        self._stumbles += 1
        reason = str(error) if isinstance(error, _Stumble) else type(error).__name__
        if self._stumbles >= STUMBLES:
            raise DownloadError(
                f"the download failed {STUMBLES} times in a row after {self._best} bytes, last: {reason}",
                status=error.status if isinstance(error, _Stumble) else None,
            ) from (None if isinstance(error, _Stumble) else error)
        asked = error.pause if isinstance(error, _Stumble) else None
        pause = max(min(LONGEST_PAUSE, 0.25 * 2.0**self._stumbles), asked or 0.0)
        if self._clock.monotonic() + pause > self._until:
            raise DownloadError(f"the download ran out of time after {self._best} bytes, last: {reason}")
        if self._inflater is not None and self.point.offset:
            self._inflater = None
            self._begin_anew("a compressed body cannot be resumed")
        yield from sleep(pause)

    def _too_large(self) -> DownloadError:
        return DownloadError(f"the file is larger than the {self._max_bytes} bytes allowed; max_bytes raises the limit")

    def _disconnect(self) -> Flow[None]:
        response, self._response, self._pull = self._response, None, None
        if response is not None:
            yield from self._host.leave(response)


# What the headers of a file host's answer say.

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


def strong_etag(response: library.Response) -> str | None:
    """The entity tag, unless it is weak: only a strong one proves that bytes are equal (RFC 9110, 13.1.5)."""
    etag: str | None = response.headers.get("etag")
    if etag is None or not (etag.startswith('"') and etag.endswith('"') and len(etag) > 2):
        return None
    return etag


def has_end(response: library.Response) -> bool:
    """Whether the end of the body can be recognized: a length, or a chunked or HTTP/2 body."""
    length = response.headers.get("content-length")
    if length is not None:
        return bool(length.isascii() and length.isdigit())
    if response.http_version == "HTTP/2":
        return True
    return "chunked" in response.headers.get("transfer-encoding", "").lower()
