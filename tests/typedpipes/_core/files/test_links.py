from __future__ import annotations

from datetime import UTC, datetime

import pytest

from typedpipes._core.files.links import FileLink, LinkPolicy
from typedpipes.errors import DownloadError

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    "url",
    [
        "https://pipefy.com/f",
        "https://files.pipefy.com/exports/e.csv?sig=1",
        "https://FILES.PIPEFY.COM./f",
        "https://pipefy-prd.s3.us-east-1.amazonaws.com/k",
        "https://files.pipefy.com:443/f",
    ],
)
def test_pipefy_file_hosts_are_followed(url: str) -> None:
    LinkPolicy().check(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.pipefy.com/f",
        "https://pipefy.com.evil.example/f",
        "https://evilpipefy.com/f",
        "https://pipefy.com@evil.example/f",
        "https://evil.example/pipefy.com",
        "https://127.0.0.1/f",
        "https://localhost/f",
        "http://localhost/f",
        "//files.pipefy.com/f",
        "/f",
        "",
        "javascript:alert(1)",
        "https://files.pipefy.com:22/f",
        "https://pïpefy.com/f",
        "https://files.pipefy.com\x00.evil.example/",
    ],
)
def test_everything_else_is_refused_without_telling_the_query(url: str) -> None:
    with pytest.raises(DownloadError) as raised:
        LinkPolicy().check(url + "?secret=1" if "?" not in url and "\x00" not in url else url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_private_addresses_are_refused_in_every_spelling(address: str) -> None:
    policy = LinkPolicy()
    policy.check_addresses("files.pipefy.com", ["3.5.140.2", "2600:1f18::1", "64:ff9b::305:8c02"])
    with pytest.raises(DownloadError, match="private"):
        policy.check_addresses("files.pipefy.com", ["3.5.140.2", address])


def test_loopback_is_reached_only_by_name_or_address_of_loopback_and_only_where_allowed() -> None:
    policy = LinkPolicy(loopback=True)
    assert policy.check("http://127.0.0.1:8000/f").host == "127.0.0.1"
    assert policy.check("http://localhost:8000/f").host == "localhost"
    policy.check_addresses("localhost", ["127.0.0.1", "::1"])
    with pytest.raises(DownloadError):
        policy.check_addresses("files.pipefy.com", ["127.0.0.1"])
    with pytest.raises(DownloadError):
        policy.check("http://10.0.0.1:8000/f")


def test_a_host_without_addresses_is_refused() -> None:
    with pytest.raises(DownloadError, match="no address"):
        LinkPolicy().check_addresses("files.pipefy.com", [])


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("", 900),
        ("?X-Amz-Date=20260921T141320Z&X-Amz-Expires=300", 300),
        ("?X-Amz-Date=20260921T141320Z&X-Amz-Expires=604800", 900),
        ("?Expires=1790000060", 60),
        ("?Expires=soon", 900),
        ("?X-Amz-Date=x&X-Amz-Expires=y", 900),
        ("?Expires=99999999999999999999", 900),
    ],
)
def test_a_link_lives_as_long_as_it_says_and_at_most_15_minutes(query: str, seconds: int) -> None:
    link = FileLink.seen(f"https://files.pipefy.com/f{query}", NOW)
    assert link.expires_at == datetime.fromtimestamp(NOW + seconds, UTC)
    assert "?" not in repr(link)
