"""The table of the vendors' examples against the vendors' pages: nothing is missing, and nothing was copied wrongly.

The pages (``seeds/*.txt``) lie in the folder that ``TYPEDPIPES_VENDOR_DOCUMENTS`` names, or beside it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from graphql import parse, print_ast

from tests.end_to_end.contract.effective import PACKAGES, operations
from tests.end_to_end.contract.test_seed_calls import CALLS, TABLE

SHOWN = {
    "000": re.compile(r"curl|^(?:mutation|query)\b"),
    "001": re.compile(
        r"^\s*curl\b|^(?:GET|POST|PUT|PATCH|DELETE) /\S+\?(?:expand|limit)=\w+$|^GET /v1/\S+>$|^Example Request$"
    ),
    "002": re.compile(
        r"^\s*curl\b|\bpd\.\w+\(|create(?:Backend|Frontend)Client\(|serverConnectTokenCreate\(|^npm |^<script src"
    ),
    "003": re.compile(r"https://\{COMPANYDOMAIN\}|Content-Type: |form-encoded"),
    "004": re.compile(r"^(?:mutation|query) |^Example Flow$"),
}
"""What a request looks like on each page."""
ENDPOINT = re.compile(r"^(GET|POST|PUT|PATCH|DELETE) (/[^\s?&]+)")
BASES = ("https://api.pipedream.com",)


@pytest.fixture(scope="session")
def pages() -> dict[str, list[str]]:
    """The lines of each page by its number."""
    folder = os.environ.get("TYPEDPIPES_VENDOR_DOCUMENTS")
    assert folder, "set TYPEDPIPES_VENDOR_DOCUMENTS to the folder that holds the vendors' documents"
    places = [place for place in (Path(folder) / "seeds", Path(folder).resolve().parent / "seeds") if place.is_dir()]
    assert places, f"neither {folder} nor the folder around it has the pages (seeds/*.txt)"
    return {path.name[:3]: path.read_text(encoding="utf-8").splitlines() for path in places[0].glob("*.txt")}


def shown(page: list[str], pattern: re.Pattern[str]) -> Iterator[int]:
    """Line numbers at which a request is shown; the heading of one without a command stands for the line below."""
    for number, line in enumerate(page, start=1):
        if not pattern.search(line):
            continue
        if line == "Example Request":
            if page[number].startswith("{"):
                yield number + 1
        elif not (number > 1 and page[number - 2].startswith("Example Request") and line.startswith("{")):
            yield number


@pytest.mark.parametrize("seed", SHOWN)
def test_every_request_a_page_shows_is_in_the_table_and_nothing_else(seed: str, pages: dict[str, list[str]]) -> None:
    listed = [line for row in (*CALLS, *TABLE["exempt"]) if row["seed"] == seed for line in row["lines"]]
    assert sorted(listed) == sorted(set(shown(pages[seed], SHOWN[seed])))


def command(page: list[str], line: int) -> str:
    """A command from its first line on, over backslashes and open quotes."""
    text = ""
    for part in page[line - 1 :]:
        text += part.rstrip("\\") if part.endswith("\\") else f"{part}\n"
        if not part.endswith("\\") and text.count("'") % 2 == 0:
            return text
    return text


CURL = [call for call in CALLS if call["seed"] in ("001", "002") and not call["mended"]]


@pytest.mark.parametrize("call", CURL, ids=lambda call: f"{call['seed']} {call['heading']}")
def test_a_row_that_says_it_departs_in_nothing_is_what_the_page_prints(
    call: dict[str, Any], pages: dict[str, list[str]]
) -> None:
    page, first = pages[call["seed"]], call["lines"][0]
    if "curl" not in page[first - 1]:
        check_payload(page, first, call)
        return
    words = shlex.split(command(page, first))
    addresses = [word for word in words if word.startswith(BASES)]
    parts = urlsplit(addresses[0])
    assert (parts.path, sorted(parse_qsl(parts.query))) == (call["path"], sorted(parse_qsl(call["query"])))
    data = next((words[index + 1] for index, word in enumerate(words) if word == "-d"), None)
    verb = next(
        (words[index + 1] for index, word in enumerate(words) if word == "-X"), "GET" if data is None else "POST"
    )
    assert verb == call["method"]
    assert (None if data is None else json.loads(data)) == (json.loads(call["body"]) if "body" in call else None)
    for index, word in enumerate(words):
        if word == "-H" and not words[index + 1].lower().startswith("authorization") and data is not None:
            name, _, value = words[index + 1].partition(":")
            assert call["headers"][name.strip().lower()] == value.strip()


def check_payload(page: list[str], first: int, call: dict[str, Any]) -> None:
    """A payload printed alone, or an SDK's call whose words are those of the row."""
    if page[first - 1].startswith("{"):
        value, _ = json.JSONDecoder().raw_decode("\n".join(page[first - 1 :]))
        assert value == json.loads(call["body"])
    else:
        assert ENDPOINT.match(page[first - 1]) or re.search(r"\bpd\.\w+\(", page[first - 1])


@pytest.mark.parametrize("seed", ["001", "002"])
def test_every_endpoint_a_page_names_is_an_operation(seed: str, pages: dict[str, list[str]]) -> None:
    known = {(each.verb.upper(), shape(each.path)) for package in PACKAGES for each in operations(package)}
    named = [match for line in pages[seed] if (match := ENDPOINT.match(line))]
    assert len(named) >= 6
    missing = [match[0] for match in named if not {(match[1], shape(form)) for form in forms(match[2])} & known]
    assert missing == ["POST /tokens100"] * (seed == "002"), "a row of a table, run together with its figure"


def forms(path: str) -> Iterator[str]:
    """An endpoint as printed, and without the version some of them repeat."""
    yield path
    yield path.removeprefix("/v1")


def shape(path: str) -> str:
    """A path with its parameters made equal."""
    return re.sub(r"\{[^}]*\}|<[^>]*>", "{}", path.rstrip("/"))


def test_the_documents_of_the_export_are_the_ones_printed(pages: dict[str, list[str]]) -> None:
    page = pages["004"]
    for call in CALLS:
        if call["seed"] == "004" and page[call["lines"][0] - 1] != "Example Flow":
            text = "\n".join(page[call["lines"][0] - 1 :])
            end = re.search(r"^\}\n\}$", text, re.MULTILINE)
            assert end is not None
            printed = text[: end.end()]
            assert print_ast(parse(printed)) == print_ast(parse(call["document"]))
            value, _ = json.JSONDecoder().raw_decode(text[end.end() :].partition("example:\n")[2])
            assert value == json.loads(call["variables"])
