"""How the end of a body is recognized."""

from __future__ import annotations

import pytest

from typedpipes._core.files.transfer import has_end
from typedpipes._core.http import library


@pytest.mark.parametrize(
    ("version", "headers", "has"),
    [
        (b"HTTP/1.1", {"content-length": "5"}, True),
        (b"HTTP/1.0", {"content-length": "0"}, True),
        (b"HTTP/1.1", {"transfer-encoding": "gzip, Chunked"}, True),
        (b"HTTP/1.1", {"transfer-encoding": "gzip"}, False),
        (b"HTTP/1.1", {}, False),
        (b"HTTP/1.0", {}, False),
        (b"HTTP/2", {}, True),  # its frames say which is the last
        (b"HTTP/2", {"content-length": "5"}, True),
        (b"HTTP/2", {"content-length": "five"}, False),
        (b"HTTP/1.1", {"content-length": "-5"}, False),
        (b"HTTP/1.1", {"content-length": "\u0665", "transfer-encoding": "chunked"}, False),
    ],
)
def test_a_body_has_an_end_if_its_length_or_its_framing_tells_it(
    version: bytes, headers: dict[str, str], has: bool
) -> None:
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    response = library.Response(200, headers=sent, extensions={"http_version": version})
    assert has_end(response) is has
