"""What is sent: variables and never values in the text, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from graphql import parse, validate
from hypothesis import given
from hypothesis import strategies as st

from tests.typedpipes._core.graphql.select.workshop import client, schema
from typedpipes._core.decoding.model import UNSET
from typedpipes._core.graphql.select.document import write
from typedpipes.errors import ConfigurationError
from typedpipes_api.pipefy.inputs import UpdateCardInput
from typedpipes_api.pipefy.select import (
    Card,
    CardConnection,
    Mutation,
    Organization,
    Phase,
    Pipe,
    Query,
    UpdateCardPayload,
    User,
)

AnyCard: Any = Card
"""For mistakes that the type checker would report."""
AnyQuery: Any = Query


def written(kind: Any, *chosen: Any, name: str | None = None) -> tuple[str, str, dict[str, Any]]:
    """Name, document and variables as Pipefy's client would send them."""
    pages = {"Phase.cards": 30}
    return write(kind, chosen, name, page_limit=lambda field: pages.get(field, 50), deepest=15)[:3]


def test_a_request_as_it_is_sent() -> None:
    cards = Phase.cards(first=30).fields(CardConnection.total_count)
    name, document, variables = written(
        "query",
        Query.card(id=7).fields(Card.title, Card.current_phase.fields(cards)),
        Query.card(id="8").alias("other").fields(Card.id),
    )
    assert name == "Card"
    assert document == (
        "query Card($id: ID!, $first: Int, $id_2: ID!) {\n"
        "  card(id: $id) {\n    title\n    current_phase {\n      cards(first: $first) {\n        totalCount\n"
        "      }\n    }\n  }\n  other: card(id: $id_2) {\n    id\n  }\n}"
    )
    assert variables == {"id": 7, "first": 30, "id_2": "8"}


def test_inputs_may_be_models_or_dictionaries() -> None:
    chosen = UpdateCardPayload.card.fields(Card.id)
    model = UpdateCardInput(id="1", title="x")
    _, document, by_model = written("mutation", Mutation.update_card(input=model).fields(chosen))
    _, _, by_dict = written("mutation", Mutation.update_card(input={"id": "1", "title": "x"}).fields(chosen))
    assert by_model == by_dict == {"input": {"id": "1", "title": "x"}}
    assert document.startswith("mutation UpdateCard($input: UpdateCardInput!) {\n  updateCard(input: $input) {")


def test_several_mutations_go_in_the_order_given() -> None:
    chosen = UpdateCardPayload.card.fields(Card.id)
    one = Mutation.update_card(input={"id": "1"}).alias("one").fields(chosen)
    two = Mutation.update_card(input={"id": "2"}).alias("two").fields(chosen)
    _, document, variables = written("mutation", two, one)
    assert document.index("two:") < document.index("one:")
    assert variables == {"input": {"id": "2"}, "input_2": {"id": "1"}}


@given(st.text())
def test_no_value_ever_becomes_part_of_the_document(text: str) -> None:
    _, document, variables = written("query", Query.card(id=text).fields(Card.id))
    assert document == "query Card($id: ID!) {\n  card(id: $id) {\n    id\n  }\n}"
    assert variables == {"id": text}


def test_null_is_sent_and_what_is_not_given_is_not(fields: Any) -> None:
    made, canned = client({"places": {"totalCount": 1}})
    made.query(fields.Query.places(first=None, after=UNSET).fields(fields.ThingConnection.total_count))
    operation, variables, _ = canned.asked[0]
    assert variables == {"first": None}
    assert operation.document.startswith("query Places($first: Int) {\n  places(first: $first) {")
    assert validate(schema(), parse(operation.document)) == []


def test_awkward_names_are_pythons_and_go_out_as_the_schemas(fields: Any) -> None:
    made, canned = client({"places": {"totalCount": 1}, "old": {"class": "a"}, "any": []})
    row = made.query(
        fields.Query.places(from_="2026-01-01", self_=1, size="small").fields(fields.ThingConnection.total_count),
        fields.Query.old().fields(fields.User.class_),
        fields.Query.any.on(fields.Robot, fields.Robot.fields, fields.Robot.created_at, fields.Robot.created_at_2),
    )
    operation, variables, _ = canned.asked[0]
    assert variables == {"from": "2026-01-01", "self": 1, "size": "small"}
    assert validate(schema(), parse(operation.document)) == []
    assert "created_at\n" in operation.document
    assert "createdAt\n" in operation.document
    assert row.at(fields.Query.old, fields.User.class_) == "a"
    assert dir(fields.Never_2) == ["label"]
    assert {"None_", "Never_2", "Query"} <= set(dir(fields))


CARD = Query.card(id=1).fields(Card.id)


def updated(given: Any) -> Any:
    """A mutation with this input, whatever it is."""
    return Mutation.update_card(input=given).fields(UpdateCardPayload.card.fields(Card.id))


REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("a field of another type", lambda: written("query", AnyQuery.card(id=1).fields(User.name)), "is no field of Card"),
    ("an object without fields", lambda: written("query", Query.card(id=1)), r"with \.fields\(\.\.\.\)"),
    ("no fields at all", lambda: written("query", Query.card(id=1).fields()), "at least one"),
    ("nothing", lambda: written("query"), "at least one field"),
    ("a required argument left out", lambda: written("query", AnyQuery.card.fields(Card.id)), "required argument 'id'"),
    (
        "one name for two things",
        lambda: written("query", Query.card(id=1).fields(Card.id), Query.card(id=2).fields(Card.id)),
        r"would both be 'card'.*\.alias",
    ),
    (
        "an alias for two things",
        lambda: written("query", Query.card(id=1).fields(Card.id.alias("x"), Card.title.alias("x"))),
        "would both be 'x'",
    ),
    ("an alias that is none", lambda: Card.id.alias("a b"), "is no alias"),
    ("an alias that is the server's", lambda: Card.id.alias("__typename"), "is no alias"),
    (
        "a name that is none",
        lambda: written("query", Query.card(id=1).fields(Card.id), name="a b"),
        "no operation name",
    ),
    (
        "a member that is none",
        lambda: written("query", Query.card(id=1).fields(AnyCard.repo.on(User, User.id))),
        "a RepoTypes is never a User; it may be Pipe, Table",
    ),
    (
        "a mutation as a query",
        lambda: written("query", Query.card(id=1).fields(Card.id), Mutation.update_card),
        r"Mutation\.update_card is no field of Query, which query takes; mutate\(\) takes it",
    ),
    ("a query as a mutation", lambda: written("mutation", CARD), r"no field of Mutation.*; query\(\) takes it"),
    (
        "a field below the top",
        lambda: written("query", Card.id),
        r"Card\.id is no field of Query, which query takes\ndo: ",
    ),
    ("null for what must be", lambda: written("query", AnyQuery.card(id=None).fields(Card.id)), r"id cannot be None"),
    ("an id that is none", lambda: written("query", AnyQuery.card(id=1.5).fields(Card.id)), "a text or a whole number"),
    ("an id that is a flag", lambda: written("query", AnyQuery.card(id=True).fields(Card.id)), "not 'True'"),
    (
        "a page size in words",
        lambda: written("query", AnyQuery.cards(pipe_id=1, first="50").fields(CardConnection.total_count)),
        r"Query\.cards: first is a whole number of 32 bits, not '50'",
    ),
    (
        "no id in a list of ids",
        lambda: written("query", AnyQuery.pipes(ids=["1", 1.5]).fields(Pipe.id)),
        r"Query\.pipes: ids\[1\] is a text or a whole number",
    ),
    (
        "an input with a wrong key",
        lambda: written("mutation", updated({"id": "1", "titel": "x"})),
        r"Mutation\.update_card: input: titel: Extra inputs are not permitted",
    ),
    ("an input that lacks a key", lambda: written("mutation", updated({"title": "x"})), "input: id: Field required"),
    ("an input with a wrong value", lambda: written("mutation", updated({"id": "1", "title": 5})), "input: title"),
    ("an input that is none", lambda: written("mutation", updated("x")), "is a UpdateCardInput: a model or a mapping"),
    (
        "a page that is too large",
        lambda: written("query", Query.cards(pipe_id=1, first=51).fields(CardConnection.total_count)),
        "first is 0 to 50, not 51",
    ),
    (
        "a page of a phase that is too large",
        lambda: written("query", Query.phase(id=1).fields(Phase.cards(first=31).fields(CardConnection.total_count))),
        r"Phase\.cards: first is 0 to 30, not 31",
    ),
    (
        "a page from the end that is too large",
        lambda: written("query", Query.cards(pipe_id=1, last=51).fields(CardConnection.total_count)),
        "last is 0 to 50",
    ),
    (
        "a negative page",
        lambda: written("query", Query.cards(pipe_id=1, first=-1).fields(CardConnection.total_count)),
        "not -1",
    ),
]


@pytest.mark.parametrize(("made", "message"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_what_no_server_would_take_is_refused_before_it_is_sent(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        made()
    assert caught.value.setting


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: AnyQuery.card(), r"Query\.card\(\) lacks the required argument 'id'"),
        (lambda: AnyQuery.card(pipe=1), r"unexpected argument 'pipe'; it takes id"),
        (lambda: written("query", "card"), "takes fields to select, not str"),
        (lambda: written("query", AnyQuery.card(id=1).fields("title")), "Card: give fields to select, not str"),
        (
            lambda: written("query", Query.card(id=1).fields(AnyCard.repo.on(str, Pipe.id))),
            "takes a type of this schema",
        ),
    ],
)
def test_what_is_no_selection_is_a_type_error(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        made()


def test_single_values_and_new_enum_values_are_what_the_server_takes() -> None:
    assert written("query", AnyQuery.pipes(ids="1").fields(Pipe.id))[2] == {"ids": "1"}
    assert written("mutation", updated({"id": 1, "label_ids": "7"}))[2] == {"input": {"id": 1, "label_ids": "7"}}


def test_an_argument_without_a_json_form_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="has no JSON form") as caught:
        written("query", AnyQuery.card(id=object()).fields(Card.id))
    assert caught.value.setting == "id"


def test_fields_of_another_package_are_refused(fields: Any) -> None:
    with pytest.raises(ConfigurationError, match="is no field of"):
        written("query", Query.card(id=1).fields(Card.assignees.fields(fields.User.name)))


def nested(levels: int) -> Any:
    """A request of that many levels of fields: query, card, then pipes and organizations in turn."""
    inner: Any = Pipe.id if levels % 2 else Organization.id
    for level in range(levels - 1, 2, -1):
        inner = Pipe.organization.fields(inner) if level % 2 == 1 else Organization.pipes.fields(inner)
    return Query.card(id=1).fields(Card.pipe.fields(inner))


def test_fifteen_levels_are_the_most() -> None:
    _, document, _ = written("query", nested(15))
    assert max(len(line) - len(line.lstrip()) for line in document.splitlines()) == 30
    with pytest.raises(ConfigurationError, match="more than 15 levels deep"):
        written("query", nested(16))


def test_different_arguments_on_an_interface_and_a_member_are_refused(fields: Any) -> None:
    made, _ = client({})
    node = fields.Query.node(id="1").fields(fields.Node.parts(first=1).fields(fields.Robot.id))
    with pytest.raises(ConfigurationError, match="would both be 'parts'"):
        made.query(node.on(fields.User, fields.User.parts(first=2).fields(fields.Robot.id)))
    made.query(node.on(fields.User, fields.User.parts(first=1).fields(fields.Robot.label)))
