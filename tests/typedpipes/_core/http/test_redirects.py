"""Where a redirect leads, and which are not followed."""

from __future__ import annotations

from typing import Literal

import pytest

from typedpipes._core.http import Stamp, library
from typedpipes._core.http.bodies import Bytes
from typedpipes._core.http.redirects import redirected

HOME = "https://api.example.com/v1/things?page=1"
AWAY = "https://files.example.net/f"


def request(method: str, content: bytes = b"") -> library.Request:
    headers = {"authorization": "Bearer k", "accept": "application/json", "x-own": "1", "range": "bytes=5-"}
    return library.Request(method, HOME, headers=headers, stream=Bytes(content))


def stamp(safety: Literal["safe", "unsafe"] = "safe", redirects: Literal["origin", "anywhere"] = "origin") -> Stamp:
    return Stamp(api="t", operation="x", safety=safety, credentials=(), redirects=redirects)


@pytest.mark.parametrize(
    ("method", "status", "followed"),
    [
        *(("GET", status, True) for status in (301, 302, 303, 307, 308)),
        *(("GET", status, False) for status in (300, 304, 305, 306)),
        # 301, 302 and 303 turn a POST into a GET, whatever its safety: the answer would be that of another request.
        *(("POST", status, False) for status in (300, 301, 302, 303, 304)),
        *(("POST", status, True) for status in (307, 308)),
    ],
)
def test_a_safe_request_follows_where_method_and_body_stay_the_same(method: str, status: int, followed: bool) -> None:
    body = b"{}" if method == "POST" else b""
    leads = redirected(request(method, body), status, "/v1/other", stamp())
    assert (leads is not None) is followed
    if leads is not None:
        assert (leads.method, str(leads.url)) == (method, "https://api.example.com/v1/other")
        assert isinstance(leads.stream, Bytes)
        assert b"".join(leads.stream) == body
        assert leads.headers["authorization"] == "Bearer k"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_unsafe_request_follows_nothing(status: int) -> None:
    assert redirected(request("POST", b"{}"), status, "/v1/other", stamp("unsafe")) is None


@pytest.mark.parametrize("location", [None, "", "https://user:word@api.example.com/", "http://[", AWAY])
def test_a_place_that_is_none_or_elsewhere_is_not_followed(location: str | None) -> None:
    assert redirected(request("GET"), 302, location, stamp()) is None


def test_a_download_goes_elsewhere_over_https_without_credential_and_own_headers() -> None:
    anywhere = stamp(redirects="anywhere")
    leads = redirected(request("GET"), 302, AWAY, anywhere)
    assert leads is not None
    assert dict(leads.headers) == {"host": "files.example.net", "accept": "application/json", "range": "bytes=5-"}
    assert redirected(request("GET"), 302, AWAY.replace("https", "http"), anywhere) is None
    assert redirected(request("POST", b"{}"), 307, AWAY, anywhere) is None
