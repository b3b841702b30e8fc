"""Queries are decoded from bytes in one pass where that works: whatever the answer, both ways say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.typedpipes.pipefy.either import Either
from typedpipes._core.decoding import DriftLog
from typedpipes._core.graphql.calls import GraphQLCalls
from typedpipes._core.graphql.results import wire_name
from typedpipes._core.http import WireResponse
from typedpipes._core.redaction import Redactor
from typedpipes.errors import PartialFailure, TypedPipesError
from typedpipes.events import SchemaDrift
from typedpipes_api.pipefy.models.cards import Card
from typedpipes_api.pipefy.operations.cards import OPERATION as CARDS

CARD: dict[str, object] = {wire_name(name, field): None for name, field in Card.model_fields.items()} | {
    "id": "1",
    "title": "Ä",
    "done": False,
    "expired": False,
    "late": True,
    "overdue": False,
    "comments_count": 1,
    "attachments_count": 0,
    "checklist_items_count": 0,
    "checklist_items_checked_count": 0,
    "inboxEmailsRead": True,
}
INFO = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": "x"}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["1", "red", "2026-01-01T00:00:00Z"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
names = st.sampled_from([*CARD, "unheard", "of"])
cards = st.dictionaries(names, values, max_size=4).map(lambda odd: {**CARD, **odd})
pages = st.builds(
    lambda nodes, odd, drop: {
        key: value for key, value in {"nodes": nodes, "pageInfo": INFO, "totalCount": 1, **odd}.items() if key != drop
    },
    st.lists(cards, max_size=3) | st.lists(cards | values, max_size=3),
    st.just({}) | st.dictionaries(st.sampled_from(["nodes", "pageInfo", "totalCount", "more"]), values, max_size=1),
    st.sampled_from([None, None, None, "pageInfo", "nodes"]),
)
wild = st.builds(
    lambda data, errors, more: {**data, **errors, **more},
    st.one_of(st.fixed_dictionaries({"data": st.fixed_dictionaries({"cards": pages | values}) | values}), st.just({})),
    st.one_of(
        st.just({}),
        st.just({"errors": None}),
        st.just({"errors": []}),
        st.fixed_dictionaries({"errors": st.lists(st.fixed_dictionaries({"message": values}), max_size=2)}),
    ),
    st.dictionaries(st.sampled_from(["extensions", "other"]), values, max_size=1),
)

fitting = st.fixed_dictionaries(
    {},
    optional={
        "age": st.none() | st.integers(-(2**70), 2**70),
        "title": st.text(max_size=8),
        "due_date": st.none() | st.text(max_size=8),
        "late": st.booleans(),
        "labels": st.none() | st.lists(st.none(), max_size=2),
        "unheard": values,
        "pipe": st.just({"id": "3", "name": None, "of": "old"}),
    },
).map(lambda good: {**CARD, **good})
tame = st.builds(
    lambda nodes, info, errors: {
        "data": {"cards": {"nodes": nodes, "pageInfo": {**INFO, **info}, "totalCount": 1}},
        **errors,
    },
    st.lists(st.none() | fitting, max_size=4),
    st.fixed_dictionaries({}, optional={"endCursor": st.none() | st.text(max_size=5), "extra": values}),
    st.fixed_dictionaries({}, optional={"errors": st.none(), "extensions": values}),
)
answers = st.one_of(tame, tame, wild)


def seen(read: Callable[[GraphQLCalls], Any], *, strict: bool) -> tuple[object, ...]:
    """The result as a tree and what drifted, or the error."""
    drift: list[SchemaDrift] = []
    calls = GraphQLCalls(
        base_url="https://x/", redactor=Redactor(), api="x", kinds=(), strict=strict, drift=DriftLog(drift.append)
    )
    try:
        found = read(calls)
    except TypedPipesError as error:
        return (type(error), str(error))
    return (tree(found), sorted(map(str, drift)))


def tree(value: object) -> object:
    """Everything an object holds: fields as they are, unknown ones too, and which are there."""
    if hasattr(value, "__pydantic_extra__"):
        fields = {name: tree(item) for name, item in sorted(value.__dict__.items())}
        extra = {name: tree(item) for name, item in sorted((value.__pydantic_extra__ or {}).items())}
        return (type(value).__name__, fields, extra, sorted(getattr(value, "__pydantic_fields_set__", ())))
    if isinstance(value, list):
        return [tree(item) for item in value]
    if isinstance(value, dict):
        return {name: tree(item) for name, item in value.items()}
    return (type(value).__name__, value)


def compare(body: bytes, *, strict: bool) -> None:
    response = WireResponse(200, {}, body, "https://x/")

    def detailed(calls: GraphQLCalls) -> Any:
        return CARDS.decode(calls.data("Cards", response, "safe"), calls.decoding("Cards"))

    assert seen(lambda calls: calls.result(CARDS, response), strict=strict) == seen(detailed, strict=strict)


@given(answer=answers, strict=st.booleans())
@example(answer={"data": {"cards": {"nodes": [CARD], "pageInfo": INFO, "totalCount": 1}}}, strict=True)
@example(answer={"data": {"cards": {"nodes": [{**CARD, "age": 2**70}], "pageInfo": INFO}}}, strict=False)
@example(answer={"data": {"cards": {"nodes": [{**CARD, "age": 3.0}], "pageInfo": INFO}}}, strict=True)
def test_both_ways_of_decoding_give_the_same(answer: dict[str, object], strict: bool) -> None:
    compare(json.dumps(answer).encode(), strict=strict)


@given(cut=st.integers(0, 400), strict=st.booleans(), junk=st.binary(max_size=3))
def test_a_damaged_body_is_the_same_error_both_ways(cut: int, strict: bool, junk: bytes) -> None:
    body = json.dumps({"data": {"cards": {"nodes": [CARD], "pageInfo": INFO, "totalCount": 1}}}).encode()
    compare(body[:cut] + junk + body[cut + 1 :], strict=strict)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":{"cards":null},"data":{"cards":{"nodes":[]}}}',
        b'{"data":{"cards":{"nodes":[],"totalCount":NaN}}}',
        b'{"data":{"cards":{"nodes":[],"totalCount":Infinity}}}',
        b'{"data":{"cards":{"nodes":[],"totalCount":1e400}}}',
        b'{"data":{"cards":{"nodes":[],"totalCount":1e2}}}',
        b'{"data":{"cards":{"nodes":[],"more":"\\ud800"}}}',
        b'{"data":{"cards":{"nodes":[],"more":"\xff"}}}',
        b'\xef\xbb\xbf{"data":{"cards":null}}',
        b'{"data":{"cards":null}} trailing',
        b"",
        b"null",
        b'{"data":' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_odd_json_is_read_the_same_both_ways(body: bytes, strict: bool) -> None:
    compare(body, strict=strict)


def test_a_plain_answer_takes_the_fast_way() -> None:
    body = json.dumps({"data": {"cards": {"nodes": [CARD], "pageInfo": INFO, "totalCount": 1}}}).encode()
    calls = GraphQLCalls(base_url="https://x/", redactor=Redactor(), api="x", kinds=())
    assert CARDS.decode_body(body, calls.decoding("Cards")) is not None


def test_a_mutation_that_reports_failure_in_its_payload_raises_and_a_query_does_not(either: Either) -> None:
    failed = {"data": {"cards": {"nodes": [], "pageInfo": INFO, "totalCount": 0, "success": False}}}
    response = WireResponse(200, {}, json.dumps(failed).encode(), "https://x/")
    calls = GraphQLCalls(base_url="https://x/", redactor=Redactor(), api="x", kinds=())
    assert calls.result(CARDS, response).cards is not None
    either.sandbox.faults.add(api="pipefy", operation="mutation.deleteCard", set={"data.deleteCard.success": False})
    card = either.listed(either.client.iter_cards(pipe_id=either.pipe(), max_items=1))[0].id
    with pytest.raises(PartialFailure, match="success is false"):
        either(either.client.delete_card(input={"id": card}))
