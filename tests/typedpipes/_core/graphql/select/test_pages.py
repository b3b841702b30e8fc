"""Walking every page of a connection in a selection of one's own: the one mechanism of paging, sync and async."""

from __future__ import annotations

from typing import Any

import pytest

from tests.typedpipes._core.graphql.select.workshop import client
from tests.typedpipes.pipefy.either import Either
from typedpipes._core.paging import AsyncPages, Pages
from typedpipes.errors import ConfigurationError, ResponseMismatch
from typedpipes_api.pipefy.select import Card, CardConnection, CardEdge, PageInfo, Phase, Pipe, Query

EDGES = CardConnection.edges.fields(CardEdge.node.fields(Card.id, Card.title))
PATH: tuple[Any, ...] = (Query.cards, CardConnection.edges, CardEdge.node)


def cards(pipe: str, **arguments: Any) -> Any:
    return Query.cards(pipe_id=pipe, **arguments).fields(EDGES)


def test_every_object_of_every_page_comes_once(either: Either) -> None:
    pipe = either.pipe()
    either.sandbox.log.clear()
    pages = either.client.iter_query(cards(pipe), *PATH)
    assert isinstance(pages, AsyncPages if either.asynchronous else Pages)
    assert len(either.sandbox.log) == 0, "nothing is sent before it is asked for"
    found = either.listed(pages)
    assert len({card[Card.id] for card in found}) == len(found) == 120
    assert either.sent("query.cards") == 3


def test_page_size_most_items_and_cursor_are_those_of_every_listing(either: Either) -> None:
    pipe = either.pipe()
    everything = [card[Card.id] for card in either.listed(either.client.iter_query(cards(pipe), *PATH))]
    either.sandbox.log.clear()
    some = either.client.iter_query(cards(pipe, first=7), *PATH, max_items=14)
    assert [card[Card.id] for card in either.listed(some)] == everything[:14]
    assert either.sent("query.cards") == 2
    assert some.cursor
    rest = either.listed(either.client.iter_query(cards(pipe), *PATH, resume=some.cursor, page_size=50))
    assert [card[Card.id] for card in rest] == everything[14:]


def test_a_connection_deeper_in_the_selection_is_walked_by_its_own_page_limit(either: Either) -> None:
    pipe = either.pipe()
    row = either(either.client.query(Query.pipe(id=pipe).fields(Pipe.phases.fields(Phase.id, Phase.cards_count))))
    phase = max(row.each(Query.pipe, Pipe.phases), key=lambda one: one[Phase.cards_count])
    assert phase[Phase.cards_count] > 30
    few = Phase.cards.alias("few")
    chosen = Query.phase(id=phase[Phase.id]).alias("it").fields(Phase.name, few().fields(EDGES))
    path: tuple[Any, ...] = (Query.phase.alias("it"), few, CardConnection.edges, CardEdge.node)
    found = either.listed(either.client.iter_query(chosen, *path))
    assert len({card[Card.id] for card in found}) == phase[Phase.cards_count]
    assert either.sent("query.phase") == -(-phase[Phase.cards_count] // 30)
    with pytest.raises(ConfigurationError, match="page_size is 1 to 30, not 31"):
        either.client.iter_query(chosen, *path, page_size=31)


def test_what_was_selected_besides_stays_selected(either: Either) -> None:
    pipe = either.pipe()
    info = CardConnection.page_info.fields(PageInfo.has_previous_page)
    pages = either.client.iter_query(cards(pipe).fields(info), *PATH, max_items=1, operation_name="Mine")
    assert either.listed(pages)[0][Card.title]


ANY: Any = Query

REFUSED: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (Query.card(id=1).fields(Card.id), (Query.card, Card.assignees), {}, "no field of the path .* comes in pages"),
    (cards("1"), (Query.phase, Phase.cards, *PATH[1:]), {}, "is not selected; the path must lead"),
    (Query.phase(id=1).fields(Phase.id), (Query.phase, Phase.cards, *PATH[1:]), {}, "is not selected"),
    (ANY.cards(pipe_id=1), PATH, {}, "is not selected"),
    (cards("1", after="x"), PATH, {}, "after is not for a walk over all pages; start with resume="),
    (cards("1", last=5), PATH, {}, "last is not for a walk"),
    (cards("1", first=51), PATH, {}, "page_size is 1 to 50, not 51"),
    (cards("1"), PATH, {"page_size": 0}, "page_size is 1 to 50, not 0"),
]


@pytest.mark.parametrize(("selection", "path", "options", "message"), REFUSED)
def test_what_cannot_be_walked_is_refused_before_it_is_sent(
    either: Either, selection: Any, path: tuple[Any, ...], options: Any, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        either.client.iter_query(selection, *path, **options)
    assert either.sent("query.cards") == 0


def test_a_misspelt_option_is_refused(either: Either) -> None:
    with pytest.raises(TypeError, match="max_item"):
        either.client.iter_query(cards("1"), *PATH, max_item=1)


def test_an_answer_that_does_not_tell_how_to_go_on_is_a_mismatch(fields: Any) -> None:
    made, canned = client({"places": {"nodes": [{"__typename": "User", "name": "Ada"}], "pageInfo": {}}})
    chosen = fields.Query.places().fields(fields.ThingConnection.nodes.on(fields.User, fields.User.name))
    with pytest.raises(ResponseMismatch, match="whether there is another page"):
        list(made.iter_query(chosen, fields.Query.places, fields.ThingConnection.nodes))
    assert canned.asked[0][1] == {}


def test_nodes_of_a_union_are_walked_as_rows(fields: Any) -> None:
    info = {"hasNextPage": False, "endCursor": None}
    data = {
        "places": {"nodes": [{"__typename": "User", "name": "Ada"}, None, {"__typename": "Robot"}], "pageInfo": info}
    }
    made, canned = client(data)
    chosen = fields.Query.places(from_="x").fields(fields.ThingConnection.nodes.on(fields.User, fields.User.name))
    found = list(made.iter_query(chosen, fields.Query.places, fields.ThingConnection.nodes, page_size=2))
    assert [row.typename for row in found] == ["User", "Robot"]
    assert found[0].on(fields.User)[fields.User.name] == "Ada"
    assert canned.asked[0][1] == {"from": "x", "first": 2}
