"""An httpx client for answers that may be hostile: no more than so many bytes, and none that unpack to more."""

from __future__ import annotations

from collections.abc import Iterator

from typedpipes._core.files.host import proxy_for
from typedpipes._core.http import library
from typedpipes.errors import DownloadError


def capped_client(max_bytes: int, *, timeout: float = 60.0) -> library.Client:
    """A client to hand to a facade as ``http_client``; an answer larger than ``max_bytes`` raises `DownloadError`."""
    return library.Client(transport=_Capped(max_bytes), timeout=timeout, trust_env=False)


class _Capped(library.BaseTransport):
    """Environment proxies are used for https, as by the facades' own client."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._inner: dict[str | None, library.HTTPTransport] = {}

    def handle_request(self, request: library.Request) -> library.Response:
        request.headers["accept-encoding"] = "identity"  # a small packed answer may be a large one
        proxy = proxy_for(request.url) if request.url.scheme == "https" else None
        inner = self._inner.setdefault(proxy, library.HTTPTransport(proxy=proxy))
        response = inner.handle_request(request)
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("", "identity"):
            response.close()
            raise DownloadError(f"the server packs its answer ({encoding}), which was not asked for")
        assert isinstance(response.stream, library.SyncByteStream)
        response.stream = _CappedStream(response.stream, self._max_bytes)
        return response

    def close(self) -> None:
        for transport in self._inner.values():
            transport.close()


class _CappedStream(library.SyncByteStream):
    def __init__(self, inner: library.SyncByteStream, max_bytes: int) -> None:
        self._inner = inner
        self._max_bytes = max_bytes

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        for piece in self._inner:
            total += len(piece)
            if total > self._max_bytes:
                raise DownloadError(f"the answer is larger than {self._max_bytes >> 20} MB")
            yield piece

    def close(self) -> None:
        self._inner.close()


__all__ = ["capped_client"]
