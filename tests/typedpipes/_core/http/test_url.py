"""`typedpipes._core.http.clients.to_url` is ``httpx.URL``, only faster."""

from __future__ import annotations

import httpx
from hypothesis import example, given
from hypothesis import strategies as st

from typedpipes._core.http.clients import to_url

ORIGINS = [
    "https://api.example.com",
    "http://127.0.0.1:8080",
    "https://Acme.Example.com:443",
    "https://u:p@h",
    "https://h",
]
PARTS = st.sampled_from(
    [
        *"/?.&=%#: @,[]é+$*!'()~-_a1",
        "%2F",
        "%zz",
        "..",
        "/./",
        "//",
        "deals",
        "?limit=1",
        "&cursor=x%20y",
        ":(id,title)",
    ]
)


@given(st.sampled_from(ORIGINS), st.lists(PARTS, max_size=8).map("".join))
@example("https://h", "/api/v2/deals/1")
@example("https://h", "/api/v1/deals?limit=100&start=0")
@example("https://h", "/a/../b")
@example("https://h", "/a/.")
@example("https://h", "/a?")
@example("https://h", "//evil.example.com/x")
def test_it_makes_what_httpx_makes(origin: str, rest: str) -> None:
    text = origin + rest
    try:
        wanted = httpx.URL(text)
    except httpx.InvalidURL:
        wanted = None
    try:
        made = to_url(text)
    except httpx.InvalidURL:
        made = None
    if wanted is None or made is None:
        assert made is wanted  # type: ignore[comparison-overlap]  # httpx's own: see library.pyi
        return
    assert made == wanted
    assert (made.raw_path, made.raw_host, made.port, str(made)) == (
        wanted.raw_path,
        wanted.raw_host,
        wanted.port,
        str(wanted),
    )
    assert (made.query, made.path, made.netloc, made.userinfo) == (
        wanted.query,
        wanted.path,
        wanted.netloc,
        wanted.userinfo,
    )


def test_two_urls_of_one_origin_do_not_share_what_can_change() -> None:
    one, two = to_url("https://h/a"), to_url("https://h/b?x=1")
    assert (one.path, two.path, one.query, two.query) == ("/a", "/b", b"", b"x=1")
