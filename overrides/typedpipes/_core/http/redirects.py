"""Where a redirect may lead, and how many are followed in a row."""

from __future__ import annotations

from typing import Final

from typedpipes._core.addresses import is_loopback
from typedpipes._core.http import SAFE_METHODS, Stamp, library
from typedpipes._core.http.bodies import Bytes, QuietRequest, origin

MAX_REDIRECTS: Final = 5
"""Redirects followed for one request, or one file, at most."""

_OFF_ORIGIN_HEADERS: Final = ("accept", "accept-encoding", "user-agent", "range", "if-range")


def redirected(request: library.Request, status: int, location: str | None, stamp: Stamp) -> library.Request | None:
    """The request a redirect leads to, or None if it must not be followed.

    Only safe requests follow, only those whose method and body stay the same; off the origin only if the stamp allows
    it, over https, and then without credential and own headers.
    """
    if stamp.safety != "safe" or not location:
        return None
    if status in {307, 308}:
        if not isinstance(request.stream, Bytes):
            return None
    elif status not in {301, 302, 303} or request.method not in SAFE_METHODS:
        return None
    try:
        url = request.url.join(location)
    except (library.InvalidURL, ValueError):
        return None
    if url.userinfo or not url.host:
        return None
    stays = origin(url) == origin(request.url)
    if not stays and (stamp.redirects != "anywhere" or request.method not in SAFE_METHODS):
        return None
    if not stays and url.scheme != "https" and not (is_loopback(url.host) and is_loopback(request.url.host)):
        return None
    headers = {"host": url.netloc.decode("ascii")}
    for name, value in request.headers.items():
        if name != "host" and (stays or name in _OFF_ORIGIN_HEADERS):
            headers[name] = value
    return QuietRequest(
        request.method,
        url,
        headers=headers,
        stream=request.stream if stays else Bytes(b""),
        extensions=dict(request.extensions),
    )


__all__ = ["MAX_REDIRECTS", "redirected"]
