"""Uploads to Pipefy: get a presigned address, PUT the bytes without a credential, store the object key.

The address is asked for with the file's name, type and length; the key that belongs into
an attachment field is the address's path.
"""

from __future__ import annotations

import io
import mimetypes
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias, cast
from urllib.parse import unquote

import anyio.to_thread
import attrs

from typedpipes import __version__
from typedpipes._core.arguments import check_path, check_plain, check_seconds
from typedpipes._core.files.host import FileHost, proxy_for
from typedpipes._core.files.links import shown
from typedpipes._core.files.progress import Progress, ProgressMeter
from typedpipes._core.flow import Call, Clock, Flow, call, discard, hold, sleep
from typedpipes._core.http import library
from typedpipes._core.http.network import Until, spread
from typedpipes.errors import ConfigurationError, DownloadError, ResponseMismatch, TypedPipesError
from typedpipes.limits.pipefy import ATTACHMENT_BYTES
from typedpipes.pipefy.exports.flows import ExportSettings, file_host
from typedpipes.pipefy.exports.jobs import GraphQLPort
from typedpipes.pipefy.exports.requests import organization_number

UploadFile: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO"
"""A path, the bytes themselves, or an open binary file that can be rewound."""

CHUNK: Final = 1 << 16
_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f/]")
_CONTENT_TYPE: Final = re.compile(r"[!#$%&'*+.^`|~\w-]+/[!#$%&'*+.^`|~\w-]+([ \t]*;[\t -~]*)?", re.ASCII)
_S3_PATH_STYLE: Final = re.compile(r"s3[.-](?:(?!s3[.-])[a-z0-9-]+\.)*amazonaws\.com(?:\.cn)?")
TRIES: Final = 4
"""Times the bytes are sent at most: the same bytes to the same key, so repeating is harmless."""
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
STALE: Final = frozenset({400, 401, 403})
"""What the file host answers to an address that has expired."""

ADDRESS: Final = (
    "mutation CreatePresignedUrl($input: CreatePresignedUrlInput!) { createPresignedUrl(input: $input) { url } }"
)


class UploadError(TypedPipesError):
    """A file could not be uploaded; nothing refers to it. ``status`` is what the file host answered, if it did."""

    _remedy = "correct the file as the message says, or upload it again"

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@attrs.frozen(kw_only=True)
class UploadOptions:
    """How a file is uploaded. ``timeout``: seconds for all of it; ``progress``: called up to ten times a second."""

    name: str | None = None
    content_type: str | None = None
    timeout: float = 3600.0
    progress: Callable[[Progress], None] | None = None


@attrs.define
class Source:
    """What is sent: an open file, where it starts and how long it is."""

    file: BinaryIO
    name: str
    content_type: str
    start: int
    size: int
    ours: bool

    def close(self) -> None:
        if self.ours:
            self.file.close()


def open_source(file: UploadFile, options: UploadOptions) -> Source:
    """Open ``file`` and measure it. Raises `ConfigurationError` for one that cannot be sent, OSError from the disk."""
    if isinstance(file, (str, os.PathLike)):
        path = check_path("file", file)
        opened: BinaryIO = path.open("rb")
        name: str | None = options.name or path.name
    elif isinstance(file, (bytes, bytearray)):
        opened, name = io.BytesIO(file), options.name
    elif not all(hasattr(file, method) for method in ("read", "seek", "tell", "seekable")):
        raise ConfigurationError(
            f"a file is a path, bytes or an open binary file, not {type(file).__name__}; bytes(…) may make one of it",
            setting="file",
        )
    else:
        opened, name = file, options.name or Path(str(getattr(file, "name", ""))).name
    ours = opened is not file
    try:
        if not name or _NOT_IN_NAMES.search(name):
            raise ConfigurationError("give the file a name: name='offer.pdf'", setting="name")
        kind = options.content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        if not _CONTENT_TYPE.fullmatch(kind):
            raise ConfigurationError(
                "content_type is no type of content, such as application/pdf: letters of ASCII, one line",
                setting="content_type",
            )
        if not opened.seekable():
            raise ConfigurationError("the file must be one that can be rewound; read it first", setting="file")
        start = opened.tell()
        if not isinstance(opened.read(0), bytes):
            raise ConfigurationError(f"{name} is open as text; open it with mode 'rb'", setting="file")
        size = opened.seek(0, os.SEEK_END) - start
        opened.seek(start)
        if size > ATTACHMENT_BYTES:
            raise ConfigurationError(
                f"{name} has {size:,} bytes; Pipefy takes attachments up to {ATTACHMENT_BYTES:,} (512 MB)",
                setting="file",
            )
    except BaseException:
        if ours:
            opened.close()
        raise
    return Source(opened, name, kind, start, size, ours)


class UploadFlows:
    """Flows of uploads; they do no I/O themselves."""

    def __init__(self, port: GraphQLPort, settings: ExportSettings) -> None:
        self._port = port
        self._settings = settings

    def upload(self, file: UploadFile, organization_id: str | int, options: UploadOptions) -> Flow[str]:
        """Put ``file`` where the vendor says, and return its object key."""
        organization_number(organization_id)
        source = yield from self.open(file, options)
        return (yield from self.put(source, organization_id, options))

    def open(self, file: UploadFile, options: UploadOptions) -> Flow[Source]:
        """Open ``file`` until the flow has ended (see `open_source`)."""
        check_plain("progress", options.progress)
        check_seconds("timeout", options.timeout)
        source = yield from call(partial(open_source, file, options), blocking=True)
        yield from hold(Call(source.close, blocking=True))
        return source

    def put(self, source: Source, organization_id: str | int, options: UploadOptions) -> Flow[str]:
        """Put an open file where the vendor says, within its time, and return its object key."""
        organization = organization_number(organization_id)
        clock = self._settings.clock
        until = clock.monotonic() + options.timeout
        base = file_host(self._settings)
        host = UploadHost(base.policy, timeout=self._settings.read_timeout, verify=self._settings.verify)
        yield from hold(host.close())
        url = yield from self._address(organization, source, options.timeout)
        renewed, reason, attempt = False, "", 0
        while attempt < TRIES and clock.monotonic() <= until:
            body = FileBody(source, until, clock, ProgressMeter(options.progress, clock))
            status: int | None = None
            try:
                status = yield from host.put(url, source.content_type, body)
            except library.TransportError as error:
                reason = type(error).__name__
            if status is not None and 200 <= status < 300:
                return object_key(url)
            if status in STALE and not renewed:
                renewed, url = True, (yield from self._address(organization, source, until - clock.monotonic()))
                continue
            if status is not None and status not in PASSING:
                raise UploadError(f"{source.name}: the file host answered {status} at {shown(url)}", status=status)
            reason = reason if status is None else f"status {status}"
            yield from sleep(min(0.5 * 2**attempt, max(0.0, until - clock.monotonic())))
            attempt += 1
        late = f" within {options.timeout:g} s" if clock.monotonic() > until else ""
        raise UploadError(f"{source.name}: the file host did not take the file{late} ({reason}); upload it again")

    def _address(self, organization: str, source: Source, seconds: float) -> Flow[str]:
        wanted = {
            "organizationId": organization,
            "fileName": source.name,
            "contentType": source.content_type,
            "contentLength": source.size,
        }
        data = yield from self._port.execute(
            ADDRESS, "CreatePresignedUrl", {"input": wanted}, safe=False, deadline=seconds
        )
        payload = data.get("createPresignedUrl")
        url = payload.get("url") if isinstance(payload, Mapping) else None
        if not isinstance(url, str) or not object_key(url):
            raise ResponseMismatch(
                "createPresignedUrl: the answer holds no address to put the file to",
                operation="pipefy.CreatePresignedUrl",
                path="$.createPresignedUrl.url",
            )
        return url


def object_key(url: str) -> str:
    """What belongs into an attachment field: the address's path, decoded, without the leading slash.

    The first part of a path-style address of S3 is the bucket, which is no part of the key.
    """
    address = library.URL(url)
    path = unquote(address.raw_path.decode("ascii").partition("?")[0]).lstrip("/")
    return path.partition("/")[2] if _S3_PATH_STYLE.fullmatch(address.host) else path


class UploadHost(FileHost):
    """`FileHost` for the other direction: the same rules for the address, no credentials, and no redirects."""

    def put(self, link: str, content_type: str, body: FileBody) -> Flow[int]:
        """PUT ``body`` to ``link``; returns the status. Raises `UploadError` for an address that is not allowed."""
        until = Until.of(self._seconds, body.left)
        try:
            url = self.policy.check(link)
            proxy = proxy_for(url)
            if proxy is None:
                yield from self._check_resolved(url, until)
        except DownloadError as error:
            raise UploadError(str(error)) from None
        request = library.Request(
            "PUT",
            url,
            headers={
                "Host": url.netloc.decode("ascii"),
                "User-Agent": f"typedpipes/{__version__}",
                "Content-Type": content_type,
                "Content-Length": str(body.size),
            },
            stream=body,
            extensions={"timeout": spread(until)},
        )
        plain = url.scheme == "http"
        response = yield from call(
            lambda: self._transport(plain, proxy).handle_request(request),
            lambda: self._async_transport(plain, proxy).handle_async_request(request),
        )
        yield from discard(response)
        return response.status_code


class FileBody(library.SyncByteStream, library.AsyncByteStream):
    """The bytes of a file in pieces; the asynchronous form reads in a worker thread."""

    def __init__(self, source: Source, until: float, clock: Clock, meter: ProgressMeter) -> None:
        self.size: int = source.size
        self._source = source
        self._until = until
        self._clock = clock
        self._meter = meter
        self._sent = 0

    @property
    def left(self) -> float:
        """Seconds the upload may still take."""
        return self._until - self._clock.monotonic()

    def __iter__(self) -> Iterator[bytes]:
        self._rewind()
        while chunk := self._read():
            self._passed(chunk)
            yield chunk

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._rewind()
        return cast("AsyncIterator[bytes]", self)

    async def __anext__(self) -> bytes:
        chunk = await anyio.to_thread.run_sync(self._read)
        if not chunk:
            raise StopAsyncIteration
        self._passed(chunk)
        return chunk

    def _rewind(self) -> None:
        self._sent = 0
        self._source.file.seek(self._source.start)

    def _read(self) -> bytes:
        left = self.size - self._sent
        chunk = self._source.file.read(min(CHUNK, left)) if left else b""
        if left and not chunk:
            raise UploadError(f"{self._source.name} became shorter while it was uploaded")
        return chunk

    def _passed(self, chunk: bytes) -> None:
        if self.left < 0:
            raise UploadError(f"{self._source.name}: the upload took longer than its timeout")
        self._sent += len(chunk)
        self._meter.update(self._sent, self.size, finished=self._sent == self.size)


__all__ = ["UploadError", "UploadFile", "UploadFlows", "UploadOptions", "object_key"]
