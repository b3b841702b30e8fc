"""Documents of the caller's own: what cannot be sent is refused by errors of ours, and odd answers are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.pipefy_server import Answer, Either, PipefyServer
from typedpipes._core.graphql.calls import document_kind
from typedpipes.errors import ConfigurationError, PartialFailure, ResponseMismatch
from typedpipes_api.pipefy.select import DeleteCardPayload, Mutation

QUERY = "query Me { me { id } }"


@pytest.fixture(params=["sync", "async"])
def either(request: pytest.FixtureRequest) -> Iterator[Either]:
    with PipefyServer() as server, Either(request.param, server) as made:
        yield made


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("document", "variables", "message"),
    [
        (b"{ me { id } }", None, "document is the text of a GraphQL document, not bytes"),
        (None, None, "not NoneType"),
        (QUERY, [1], "variables is a mapping of names to values, not list"),
        (QUERY, b"", "variables is a mapping of names to values, not bytes"),
        (QUERY, {"x": b"x"}, "x: bytes has no JSON form"),
        (QUERY, {"x": nested(600)}, "nested too deeply"),
        (QUERY, {"x": nested(100_000)}, "nested too deeply"),
        ("MUTATION M { x }", None, "'MUTATION M', which is no operation"),
        ("type X { y }", None, "'type X', which is no operation"),
        ("scalar Date query Q { me { id } }", None, "'scalar Date', which is no operation"),
        ("Query { me { id } }", None, "'Query', which is no operation"),
    ],
    ids=[str(number) for number in range(11)],
)
def test_what_cannot_be_executed_is_refused_before_it_is_sent(
    either: Either, document: Any, variables: Any, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        either(either.client.execute(document, variables))
    assert either.server.log == []


def test_a_value_that_holds_itself_is_refused(either: Either) -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ConfigurationError, match="contains itself"):
        either(either.client.execute(QUERY, {"x": endless}))


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("{ me { id } }", (None, "safe")),
        ("query($id: [Int!] = [1]) @x(y: {z: 1}) { me { id } }", (None, "safe")),
        ("fragment F on User { id } mutation M { x }", ("M", "unsafe")),
        ('# mutation\nquery Q($a: In = {b: "mutation {"}) { me { id } }', ("Q", "safe")),
    ],
)
def test_a_document_says_what_it_is(document: str, kind: tuple[str | None, str]) -> None:
    assert document_kind(document, None) == kind


@pytest.mark.parametrize("body", [{"data": 5}, {"data": []}, {"errors": []}, {"data": None}, {"data": "x"}, [], 5])
def test_an_answer_without_data_is_no_answer(either: Either, body: object) -> None:
    either.server.always["Me"] = Answer(body)
    with pytest.raises(ResponseMismatch):
        either(either.client.execute(QUERY))


def test_a_byte_order_mark_before_an_answer_is_passed_over(either: Either) -> None:
    either.server.always["Me"] = Answer(b'\xef\xbb\xbf{"data": {"me": {"id": "1"}}}')
    assert either(either.client.execute(QUERY)) == {"me": {"id": "1"}}
    assert either(either.client.me()).id == "1"


@pytest.mark.parametrize(
    "document",
    [
        "mutation DeleteCard { deleteCard(input: {id: 1}) { ok: success } }",
        "mutation DeleteCard { gone: deleteCard(input: {id: 1}) { ok :\n success } }",
    ],
)
def test_success_under_an_alias_is_looked_at(either: Either, document: str) -> None:
    root = "gone" if "gone" in document else "deleteCard"
    either.server.answers["DeleteCard"].append(Answer({"data": {root: {"ok": False}}}))
    with pytest.raises(PartialFailure, match="success is false"):
        either(either.client.execute(document))
    either.server.answers["DeleteCard"].append(Answer({"data": {root: {"ok": True}}}))
    assert either(either.client.execute(document)) == {root: {"ok": True}}


def test_success_under_an_alias_is_looked_at_in_a_selection(either: Either) -> None:
    either.server.always["DeleteCard"] = Answer({"data": {"deleteCard": {"ok": False}}})
    with pytest.raises(PartialFailure, match="success is false"):
        either(
            either.client.mutate(Mutation.delete_card(input={"id": 1}).fields(DeleteCardPayload.success.alias("ok")))
        )


@pytest.mark.parametrize(
    "options",
    [{"max_items": 1.5}, {"page_size": "10"}, {"max_items": "3"}, {"page_size": True}, {"resume": 5}],
    ids=str,
)
def test_an_option_of_a_listing_of_another_type_is_refused(either: Either, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        either.client.iter_cards(pipe_id=1, **options)
    assert either.server.log == []
