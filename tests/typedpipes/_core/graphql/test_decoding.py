"""Answers that depart from the schema: kept, reported, and raised only when asked for."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.typedpipes_codegen.graphql.packages import LIBRARY, Canned, imported, sync_client
from typedpipes._core.decoding import Decoding
from typedpipes.errors import ResponseMismatch
from typedpipes.events import SchemaDrift


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with imported(LIBRARY, tmp_path_factory.mktemp("library")) as package:
        yield package


def book(**changes: object) -> dict[str, object]:
    return {
        "id": "1",
        "name": "Emma",
        "pages": 3,
        "genre": "novel",
        "author": {"id": "a", "name": "Jane"},
        **changes,
    }


def page(*books: object) -> dict[str, object]:
    return {"books": {"nodes": list(books), "pageInfo": {"hasNextPage": False, "endCursor": None}}}


def without(data: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in data.items() if name != key}


DEPARTURES = [
    pytest.param(book(pages="3"), "$.books.nodes[*].pages", "an integer or null", "string", id="wrong type"),
    pytest.param(book(id=None), "$.books.nodes[*].id", "a string", "null", id="null"),
    pytest.param(book(genre="manga"), "$.books.nodes[*].genre", "one of novel", "an unknown value", id="enum"),
    pytest.param(book(isbn="x"), "$.books.nodes[*].isbn", "no such property", "an unknown property", id="extra"),
    pytest.param(without(book(), "name"), "$.books.nodes[*].name", "a required value", "nothing", id="missing"),
    pytest.param(book(author=[]), "$.books.nodes[*].author", "an object", "array", id="object"),
    pytest.param("?", "$.books.nodes[*]", "an object", "string", id="item"),
]


@pytest.mark.parametrize(("odd", "path", "expected", "got"), DEPARTURES)
def test_a_departure_is_reported_once_and_leaves_the_rest_intact(
    library: ModuleType, odd: object, path: str, expected: str, got: str
) -> None:
    canned = Canned(page(book(), odd, odd, book(name="Persuasion")))
    nodes = sync_client(library, canned).books().nodes
    assert [nodes[0].name, nodes[3].name] == ["Emma", "Persuasion"]
    assert all(isinstance(node, library.Book) for node in (nodes[0], nodes[3]))
    assert len(canned.drift) >= 1
    assert {(drift.path, drift.got) for drift in canned.drift} == {(path, got)}
    assert canned.drift[0].expected.startswith(expected)
    assert canned.drift[0].operation == "Books"


@pytest.mark.parametrize(("odd", "path", "expected", "got"), DEPARTURES)
def test_strict_decoding_raises_at_the_exact_place(
    library: ModuleType, odd: object, path: str, expected: str, got: str
) -> None:
    canned = Canned(page(book(), odd), strict=True)
    with pytest.raises(ResponseMismatch) as caught:
        sync_client(library, canned).books()
    assert caught.value.path == path.replace("[*]", "[1]")
    assert caught.value.operation == "Books"
    assert f"got {got}" in str(caught.value)


def test_misfits_are_kept_as_received(library: ModuleType) -> None:
    odd = book(pages="3", genre="manga", isbn="x", author=[1])
    found = sync_client(library, Canned(page(odd))).books().nodes[0]
    assert (found.pages, found.author, found.model_extra) == ("3", [1], {"isbn": "x"})
    assert (found.genre, found.genre.is_known, type(found.genre).__name__) == ("manga", False, "Genre")
    assert json.loads(found.model_dump_json(by_alias=True, warnings=False)) == odd


def test_a_missing_required_field_costs_nothing_until_it_is_read(library: ModuleType) -> None:
    found = sync_client(library, Canned(page(book(), without(book(), "name")))).books().nodes[1]
    assert found.pages == 3
    for twin in (found, copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert "name" not in repr(twin).replace("name='Jane'", "")
        with pytest.raises(ResponseMismatch, match=r"\$\.books\.nodes\[1\]\.name: the answer lacks") as caught:
            twin.name  # noqa: B018 - the access is the test
        assert (caught.value.operation, caught.value.path) == ("Books", "$.books.nodes[1].name")
    with pytest.raises(AttributeError):
        found.no_such_field  # noqa: B018 - the access is the test


def test_an_unknown_member_of_a_union_is_kept_as_received(library: ModuleType) -> None:
    tape = {"__typename": "Tape", "id": "3"}
    disc = {"__typename": "Disc", "id": "2", "tracks": ["a", 1]}
    canned = Canned({"holdings": [tape, disc]})
    found = sync_client(library, canned).holdings()
    assert found[0] == tape
    assert (type(found[1]).__name__, found[1].tracks) == ("HoldingsDisc", ["a", 1])
    assert [drift.path for drift in canned.drift] == ["$.holdings[*]", "$.holdings[*].tracks[*]"]


def test_an_unknown_implementation_of_an_interface_is_built_as_the_interface(library: ModuleType) -> None:
    canned = Canned({"items": [{"__typename": "Tape", "id": "3", "name": "t"}]})
    (found,) = sync_client(library, canned).items()
    assert (found.id, found.name, found.typename__) == ("3", "t", "Tape")
    assert [drift.path for drift in canned.drift] == ["$.items[*].__typename"]


@pytest.mark.parametrize("data", [None, [], "?", {}, {"books": 1}, {"count": 1}])
def test_an_answer_that_is_something_else_does_not_crash(library: ModuleType, data: object) -> None:
    canned = Canned(data)
    client = sync_client(library, canned)
    with contextlib.suppress(ResponseMismatch):  # "books" is missing in most of them, and is read to be returned
        client.books()
    assert canned.drift


def test_nothing_is_reported_for_an_answer_that_fits(library: ModuleType) -> None:
    canned = Canned(page(book(), book(pages=None, genre=None, name=None, author=None)), strict=True)
    sync_client(library, canned).books()
    assert canned.drift == []


def test_an_answers_bytes_decode_to_the_same_as_its_data(library: ModuleType) -> None:
    operation = Canned(None)
    client = sync_client(library, operation)
    with pytest.raises(ResponseMismatch):
        client.books()
    books = operation.asked[0][0]

    def decoded(answer: Any, reports: list[SchemaDrift]) -> Any:
        return books.decode_body(json.dumps(answer).encode(), Decoding("Books", report=reports.append))

    reports: list[SchemaDrift] = []
    data = page(book(genre="manga", isbn="x"))
    canned = Canned(data)
    expected = sync_client(library, canned).books()
    assert decoded({"data": data, "extensions": {}}, reports).books == expected
    assert reports == canned.drift
    slow: list[object] = [{"data": data, "errors": [{}]}, {"data": None}, {}, [], {"data": page(book(pages="3"))}]
    for answer in slow:
        assert decoded(answer, reports) is None
    assert books.decode_body(b'{"data": ', Decoding("Books")) is None
