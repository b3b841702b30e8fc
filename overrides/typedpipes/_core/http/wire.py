"""How far a failed request came, and where a redirect leads."""

from __future__ import annotations

from typing import Final

import httpx

from typedpipes._core.http import SAFE_METHODS, Stamp
from typedpipes._core.http.bodies import Bytes, QuietRequest, is_loopback, is_unsent, origin
from typedpipes._core.http.retry import Failure

_OFF_ORIGIN_HEADERS: Final = ("accept", "accept-encoding", "user-agent", "range", "if-range")


def failure_of(error: Exception) -> Failure:
    """How far a request came that ended in ``error`` instead of response headers."""
    return Failure("unsent" if is_unsent(error) else "sent", timeout=isinstance(error, httpx.TimeoutException))


def redirected(request: httpx.Request, status: int, location: str | None, stamp: Stamp) -> httpx.Request | None:
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
    except (httpx.InvalidURL, ValueError):
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


__all__ = ["failure_of", "redirected"]
