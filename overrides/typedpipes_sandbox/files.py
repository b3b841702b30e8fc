"""The file host: signed links that expire, ranges, ETags, presigned uploads, and content of any size."""

from __future__ import annotations

import hashlib
import re
import zlib
from urllib.parse import quote, unquote, urlencode

from typedpipes_sandbox.clock import iso_seconds
from typedpipes_sandbox.schema.schemas import SchemaMissing, read_document
from typedpipes_sandbox.wire.messages import Request, Response, StoredFile, text_response
from typedpipes_sandbox.world import World

MAX_UPLOAD = 512 * 1024 * 1024
#: below it lie the documents the sandbox answers by, and all others of a folder chosen with ``--schemas``
DOCUMENTS = "documents/"
_DOCUMENT = re.compile(r"documents/([a-z0-9_-]+(?:/[a-z0-9_-]+)*\.(?:yaml|json|graphql))")


class FileHost:
    """The files origin. Links are signed over path and expiry; a credential sent here is a violation.

    Documents are public below ``/documents/``: ``/documents/pipedrive_v2/openapi.json``.
    """

    def __init__(self, world: World) -> None:
        self._addresses = world.addresses
        self._settings = world.settings
        self._clock = world.clock
        self._files: dict[str, StoredFile] = {}

    def put(self, path: str, content: bytes | StoredFile, media_type: str = "application/octet-stream") -> StoredFile:
        """Store content under a path such as ``exports/a.csv``, replacing what was there."""
        path = path.lstrip("/")
        if isinstance(content, bytes):
            data = content
            content = StoredFile(path, len(data), lambda start, end: data[start:end], media_type)
        old = self._files.get(path)
        if old is not None:
            content.version = old.version + 1
        self._files[path] = content
        return content

    def get(self, path: str) -> StoredFile | None:
        """The file stored under a path."""
        return self._files.get(path.lstrip("/"))

    def link(self, path: str, *, life: float | None = None, method: str = "GET") -> str:
        """A signed URL that dies ``life`` seconds from now (default: the settings' link life)."""
        seconds = self._settings.link_life if life is None else life
        expires = repr(self._clock.now() + seconds)
        path = path.lstrip("/")
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Expires": str(int(seconds)),
            "X-Amz-Date": iso_seconds(self._clock.now()).replace("-", "").replace(":", ""),
            "expires": expires,
            "X-Amz-Signature": self._signature(method, path, expires),
        }
        return f"{self._addresses['files']}/{quote(path)}?{urlencode(query)}"

    def _signature(self, method: str, path: str, expires: str) -> str:
        return hashlib.sha256(f"{self._settings.seed}:{method}:{path}:{expires}".encode()).hexdigest()

    def recognise(self, request: Request) -> None:
        """Name the operation."""
        published = unquote(request.path).lstrip("/").startswith(DOCUMENTS)
        request.operation = (
            "files.upload" if request.method == "PUT" else "files.document" if published else "files.download"
        )

    def admit(self, request: Request) -> Response | None:
        """Refuse dead links and credentials."""
        for header in ("authorization", "x-api-token", "cookie"):
            if header in request.headers:
                request.violations.append("files.credential")
                return _xml("InvalidArgument", "Only one auth mechanism allowed", 400)
        if request.operation == "files.document":
            return None  # published: no signature needed
        query = dict(request.query)
        expires, signature = query.get("expires", ""), query.get("X-Amz-Signature", "")
        path = unquote(request.path).lstrip("/")
        method = "GET" if request.method == "HEAD" else request.method
        if not expires or signature != self._signature(method, path, expires):
            return _xml("SignatureDoesNotMatch", "The link is not signed for this request", 403)
        if self._clock.now() >= float(expires):
            return _xml("AccessDenied", "Request has expired", 403)
        return None

    def handle(self, request: Request) -> Response:
        """Serve a file or take an upload."""
        path = unquote(request.path).lstrip("/")
        if request.method == "PUT":
            if len(request.body) > MAX_UPLOAD:
                return _xml("EntityTooLarge", "Files are limited to 512 MB", 400)
            stored = self.put(path, request.body, request.media_type or "application/octet-stream")
            return Response(200, b"", [("etag", stored.etag)])
        if request.method not in {"GET", "HEAD"}:
            return _xml("MethodNotAllowed", "The method is not allowed here", 405)
        stored_file = self._document(path) or self.get(path)
        if stored_file is None:
            return _xml("NoSuchKey", "The file does not exist", 404)
        return self._serve(request, stored_file)

    def _document(self, path: str) -> StoredFile | None:
        """A schema as a published document, read anew each time: somebody may be changing it."""
        match = _DOCUMENT.fullmatch(path)
        if match is None:
            return None
        try:
            data = read_document(match[1]).encode()
        except SchemaMissing:
            return None
        version = zlib.crc32(data)
        return StoredFile(path, len(data), lambda start, end: data[start:end], "text/plain; charset=utf-8", version)

    def _serve(self, request: Request, file: StoredFile) -> Response:
        headers = [("content-type", file.media_type)]
        if self._settings.file_etags:
            headers.append(("etag", file.etag))
        if self._settings.file_ranges:
            headers.append(("accept-ranges", "bytes"))
            wanted = self._range(request, file)
            if wanted == (0, 0):
                response = _xml("InvalidRange", "The range cannot be satisfied", 416)
                response.headers.append(("content-range", f"bytes */{file.length}"))
                return response
            if wanted is not None:
                start, end = wanted
                headers.append(("content-range", f"bytes {start}-{end - 1}/{file.length}"))
                return Response(206, b"", headers, None, file.chunks(start, end), end - start)
        return Response(200, b"", headers, None, file.chunks(0, file.length), file.length)

    def _range(self, request: Request, file: StoredFile) -> tuple[int, int] | None:
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", "").strip())
        if match is None or match.groups() == ("", ""):
            return None
        condition = request.headers.get("if-range")
        if condition is not None and condition != file.etag:
            return None
        if match[1] == "":
            return max(0, file.length - int(match[2])), file.length
        start = int(match[1])
        end = min(file.length, int(match[2]) + 1) if match[2] else file.length
        return (start, end) if start < end else (0, 0)

    def unauthorized(self, request: Request) -> Response:
        """What a dead link gets."""
        return _xml("AccessDenied", "Request has expired", 403)

    def stale_cursor(self, request: Request) -> Response:
        """There are no cursors here."""
        return _xml("InvalidArgument", "No cursor here", 400)


def _xml(code: str, message: str, status: int) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return text_response(text, status, "application/xml")
