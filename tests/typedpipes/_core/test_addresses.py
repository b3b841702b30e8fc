"""One answer for each form of an address."""

from __future__ import annotations

import httpx
import pytest

from typedpipes._core.addresses import at_origin, is_loopback, is_usual_port, origin, plain_address, plain_host
from typedpipes._core.http.bodies import origin as origin_on_the_wire

HERE = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "LocalHost.",
    "x.localhost",
    "a.b.LOCALHOST.",
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.0.0.1.",
    "::1",
    "[::1]",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "[::FFFF:127.0.0.1]",
    "::ffff:7f00:1",
]
ELSEWHERE = [
    "",
    ".",
    "localhost..",
    "notlocalhost",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "127.0.0.1.nip.io",
    "128.0.0.1",
    "10.0.0.1",
    "0.0.0.0",
    "127.1",
    "2130706433",
    "::",
    "::2",
    "::ffff:10.0.0.1",
    "[::ffff:8.8.8.8]",
    "::127.0.0.1",
    "api.pipefy.com",
]


@pytest.mark.parametrize("host", HERE)
def test_this_machine_by_any_of_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_what_only_looks_like_this_machine_is_not(host: str) -> None:
    assert not is_loopback(host)


SAME = {
    "https://api.pipefy.com:443": [
        "https://api.pipefy.com/graphql",
        "https://api.pipefy.com:443/graphql",
        "HTTPS://API.Pipefy.COM/graphql",
        "https://api.pipefy.com./graphql",
        "https://api.pipefy.com.:443",
        "https://user:word@api.pipefy.com/x?y#z",
        "https://api.pipefy.com:",
    ],
    "http://127.0.0.1:8080": ["http://127.0.0.1:8080", "HTTP://127.0.0.1:8080/x"],
    "http://localhost:80": ["http://localhost", "http://LOCALHOST:80/", "http://localhost.:80"],
    "https://[::1]:443": ["https://[::1]", "https://[::1]:443/x"],
    "http://[::1]:8080": ["http://[::1]:8080/x"],
    "https://api.pipefy.com:80": ["https://api.pipefy.com:80/graphql"],
    "http://api.pipefy.com:443": ["http://api.pipefy.com:443/graphql"],
}
ROWS = [pytest.param(url, named, id=url) for named, urls in SAME.items() for url in urls]


@pytest.mark.parametrize(("url", "named"), ROWS)
def test_every_form_of_an_address_has_one_origin(url: str, named: str) -> None:
    assert origin(url) == named
    assert origin_on_the_wire(url) == origin_on_the_wire(httpx.URL(url)) == named  # type: ignore[arg-type]  # httpx's own: see library.pyi
    assert origin(named) == origin_on_the_wire(named) == named, "an origin is an address"


@pytest.mark.parametrize("url", ["https://h:99999", "https://h:x/", "https://[::1"])
def test_what_is_no_address_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r"[Pp]ort|IPv6"):
        origin(url)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://api.pipefy.com:443/graphql", "https://api.pipefy.com/graphql"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://API.pipefy.com:/GraphQL", "https://api.pipefy.com/GraphQL"),
        ("HTTPS://[::1]:443/x", "https://[::1]/x"),
        ("https://api.pipefy.com:80/graphql", "https://api.pipefy.com:80/graphql"),
        ("https://service.cluster.local./v1/", "https://service.cluster.local./v1/"),
    ],
)
def test_the_plain_form_drops_what_makes_no_difference_and_nothing_else(url: str, plain: str) -> None:
    assert plain_address(url) == plain
    assert plain_address(plain) == plain
    assert origin(url) == origin(plain)


def test_a_path_beside_an_address_keeps_its_port() -> None:
    assert at_origin("http://localhost:8080/graphql?a=1", "/oauth/token") == "http://localhost:8080/oauth/token"


def test_hosts_and_ports_compare() -> None:
    assert plain_host("API.Pipefy.com.") == "api.pipefy.com"
    assert is_usual_port("https", 443)
    assert is_usual_port("http", None)
    assert not is_usual_port("http", 443)
    assert not is_usual_port("ftp", 21)
