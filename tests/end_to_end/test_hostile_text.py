"""Text made to be slow to search costs time in proportion to its size, and not more than its bound."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.growth import ALLOWED, growth
from tests.typedpipes._core.http.wire_server import Reply, serving
from typedpipes._core.graphql.calls import document_kind
from typedpipes._core.redaction import LONGEST, MASK, RedactingFilter, Redactor, Secret
from typedpipes.configuration.profile import read_profile
from typedpipes.errors import BadRequest, ConfigurationError, GraphQLError, ProfileError, TransportError
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import Pipefy
from typedpipes.rows import RowLimits, _check_head

UUID = "123e4567-e89b-12d3-a456-426614174000-"


def repeated(text: str) -> Callable[[int], str]:
    return lambda size: (text * (size // len(text) + 1))[:size]


HOSTILE: dict[str, Callable[[int], str]] = {
    "dashes": repeated("a-"),
    "uuids": repeated(UUID),
    "token-": repeated("token-"),
    "access_": repeated("access_"),
    "x=token=": repeated("x=token="),
    "one word": repeated("a"),
    "token and spaces": repeated("token" + " " * 40),
    "token: and spaces": lambda size: "token:" + " " * size,
    "bearer and spaces": lambda size: "token: bearer" + " " * size,
    "password spaces": lambda size: "password" + " " * size,
    "quotes": repeated('"'),
    "quoted names": repeated('"access'),
    "open value": repeated('"token":"'),
    "backslashes": lambda size: '"token":"' + "\\" * size,
    "escaped quotes": repeated('\\"token\\" '),
    "byte headers": repeated("b'cookie', "),
    "links": repeated("://"),
    "link with colons": repeated("://a:"),
    "signed": repeated("&sig"),
    "jwt": repeated("eyJ-"),
    "jwt dots": repeated("eyJaaaaaa."),
    "connect": repeated("ctok_"),
    "letters": repeated("\u017f\u212a-"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_redaction_is_linear(name: str) -> None:
    redactor, make = Redactor(), HOSTILE[name]
    for size in (1 << 10, 16 << 10):  # the small one first: where growth is quadratic the large one takes minutes
        assert growth(lambda size: redactor.text(make(size)), size) < ALLOWED


def test_the_log_filter_is_linear() -> None:
    guard = RedactingFilter()

    def work(size: int) -> None:
        guard.filter(logging.LogRecord("httpx", logging.INFO, "x", 1, "%s", (UUID * (size // len(UUID)),), None))

    for size in (1 << 10, 16 << 10):
        assert growth(work, size) < ALLOWED


@pytest.mark.parametrize("name", HOSTILE)
def test_an_error_body_costs_time_in_proportion_to_its_size(name: str) -> None:
    with serving() as server, Pipedrive(api_token="0123456789abcdef", base_url=server.url, limits="off") as client:

        def call(size: int) -> None:
            server.script_of(Reply(400, HOSTILE[name](size).encode()))
            with pytest.raises(BadRequest):
                client.v1.users.me()

        assert growth(call, 7 << 10) < ALLOWED  # the larger of the two is near what is read of an error's body


def test_what_is_shown_in_part_is_redacted_in_part() -> None:
    redactor, make = Redactor(), HOSTILE["uuids"]
    texts = {size: make(size) for size in (256 << 10, 2 << 20)}
    assert growth(lambda size: redactor.text(texts[size], 300), 256 << 10) < 3
    assert growth(lambda size: redactor.data(texts[size].encode(), 300), 256 << 10) < 6  # the encoding is the test's


def test_an_error_in_a_long_answer_shows_the_beginning_without_secrets() -> None:
    """A GraphQL answer with errors comes with status 200, so its body is read whole; little of it is shown."""
    answer = {"errors": [{"message": "token=s3cr3t-value " + UUID}], "extensions": {"trace": "a-" * (1 << 20)}}
    with (
        serving() as server,
        Pipefy(token="0123456789abcdef", base_url=f"{server.url}/graphql", limits="off") as pipefy,
    ):
        server.script_of(Reply(200, json.dumps(answer).encode()))
        with pytest.raises(GraphQLError) as caught:
            pipefy.me()
    assert caught.value.body is not None
    assert len(caught.value.body) < 5000
    assert "s3cr3t-value" not in f"{caught.value} {caught.value.body}"
    assert MASK in caught.value.body


@pytest.mark.parametrize("length", range(60))
def test_a_secret_at_the_bound_of_what_is_redacted_is_not_shown_in_part(length: int) -> None:
    value = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-!!"
    redactor = Redactor()
    redactor.add(Secret(value))
    text = "." * (LONGEST - length) + value + "tail"
    assert "s3cr3t" not in redactor.text(text, 10 * LONGEST)
    assert "s3cr3t" not in redactor.data(text.encode(), 10 * LONGEST)


def test_the_head_of_a_workbook_part_is_searched_in_linear_time(tmp_path: Path) -> None:
    def work(size: int) -> None:
        _check_head(tmp_path, "xl/worksheets/sheet1.xml", repeated("<dimension ")(size).encode(), RowLimits())

    assert growth(work, 1 << 10) < ALLOWED


@pytest.mark.parametrize("text", ['\\"', '\\"""', '""'])
def test_a_document_is_read_in_linear_time(text: str) -> None:
    """Strings without an end included. A document that is none is refused before anything is sent."""

    def work(size: int) -> None:
        with pytest.raises(ConfigurationError):
            document_kind('"' + repeated(text)(size), None)

    for size in (1 << 10, 16 << 10):
        assert growth(work, size) < ALLOWED


def test_strings_of_a_document_hide_what_they_hold() -> None:
    block = 'query A { x(a: """one \\""" mutation B { y } " """, b: "mutation C { \\" z }") }'
    assert document_kind(block, None) == ("A", "safe")


def test_the_line_of_a_profile_key_is_found_in_linear_time(tmp_path: Path) -> None:
    def work(size: int) -> None:
        path = tmp_path / "profile.toml"
        path.write_text('limits = """\n' + "a" + " " * size + '\n"""\nunknown\t = 1\n')
        with pytest.raises(ProfileError, match="line 4"):
            read_profile(path, None, named=True)

    for size in (1 << 10, 4 << 10):
        assert growth(work, size) < ALLOWED


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("credential", ["token", "OAuth client"])
def test_a_redirect_to_more_than_an_address_can_hold_is_an_error_of_ours(credential: str, mode: str) -> None:
    """httpx reads where it leads although it is not to follow it."""
    with serving() as server:
        server.script = lambda arrival: Reply(302, b"", {"location": "/" + "a b" * 20_000})
        options: dict[str, Any] = {"base_url": server.url, "limits": "off", "retries": 0}
        if credential == "token":
            options |= {"api_token": "t" * 40}
        else:
            options |= {"client_id": "c", "client_secret": "s" * 20, "refresh_token": "r" * 20, "oauth_url": server.url}

        async def main() -> None:
            async with AsyncPipedrive(**options) as client:
                await client.v2.deals.list()

        with pytest.raises(TransportError, match="InvalidURL"):  # noqa: PT012 - one of two
            if mode == "async":
                asyncio.run(main())
            with Pipedrive(**options) as client:
                client.v2.deals.list()
