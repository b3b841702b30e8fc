"""Connections walked against the sandbox: every item once, one request per page, within the vendor's page limits."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.end_to_end.pipefy_server import Answer, PipefyServer
from tests.end_to_end.pipefy_server import Either as PlainEither
from tests.typedpipes.pipefy.either import Either
from typedpipes.errors import ConfigurationError, ResponseMismatch, ServerError
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_api.pipefy.select import Card, CardConnection, CardEdge, Query


def test_every_card_comes_once_with_the_largest_pages(either: Either) -> None:
    cards = either.listed(either.client.iter_cards(pipe_id=either.pipe()))
    assert len({card.id for card in cards}) == len(cards) == 120
    assert either.sent("query.cards") == 3


def test_nothing_is_sent_before_the_walk_and_no_more_than_is_wanted(either: Either) -> None:
    pipe = either.pipe()
    pages = either.client.iter_cards(pipe_id=pipe, page_size=10, max_items=15)
    assert either.sent("query.cards") == 0
    assert len(either.listed(pages)) == 15
    assert either.sent("query.cards") == 2


def test_a_phase_gives_thirty_cards_a_page_and_more_is_refused(either: Either) -> None:
    phase = either(either.client.pipe(id=either.pipe())).phases[0].id
    assert either.listed(either.client.iter_phase_cards(id=phase))
    with pytest.raises(ConfigurationError, match="page_size is 1 to 30, not 50"):
        either.client.iter_phase_cards(id=phase, page_size=50)
    with pytest.raises(ConfigurationError, match="page_size is 1 to 50, not 51"):
        either.client.iter_cards(pipe_id="1", page_size=51)


def test_a_failure_keeps_what_was_read_and_the_cursor_goes_on(either: Either) -> None:
    pipe = either.pipe()
    everything = [card.id for card in either.listed(either.client.iter_cards(pipe_id=pipe))]
    either.sandbox.faults.add(api="pipefy", operation="query.cards", skip=1, count=1, status=500)
    pages = either.client.iter_cards(pipe_id=pipe, page_size=40, retries=0)
    with pytest.raises(ServerError) as caught:
        either.listed(pages)
    assert pages.cursor is not None
    assert repr(pages.cursor) in str(caught.value.__notes__)
    rest = either.listed(either.client.iter_cards(pipe_id=pipe, resume=pages.cursor))
    assert [card.id for card in rest] == everything[40:]


def test_a_misspelt_argument_is_refused_instead_of_ignored(either: Either) -> None:
    with pytest.raises(TypeError, match="unexpected argument 'pagesize'"):
        either.client.iter_cards(pipe_id="1", pagesize=3)
    with pytest.raises(TypeError, match="unexpected argument 'timeuot'"):
        either(either.client.card(id="1", timeuot=3))


def test_walks_of_sync_and_async_take_the_same_arguments() -> None:
    names = [name for name in dir(Pipefy) if name.startswith("iter_")]
    assert len(names) >= 21
    for name in names:
        sync, asynchronous = (inspect.signature(getattr(owner, name)).parameters for owner in (Pipefy, AsyncPipefy))
        assert sync == asynchronous


@pytest.mark.parametrize("name", ["sync", "async"])
@pytest.mark.parametrize("held", ["edges", "nodes"])
def test_a_page_without_its_list_loses_nothing_in_silence(name: str, held: str) -> None:
    selected: Any = (
        (CardConnection.edges.fields(CardEdge.node.fields(Card.id)), CardConnection.edges, CardEdge.node)
        if held == "edges"
        else (CardConnection.nodes.fields(Card.id), CardConnection.nodes)
    )
    first = {"edges": [{"node": {"id": "1"}}], "nodes": [{"id": "1"}]}
    pages = [{held: first[held], "pageInfo": {"hasNextPage": True, "endCursor": "a"}}]
    pages.append({held: None, "pageInfo": {"hasNextPage": False, "endCursor": None}})
    with PipefyServer() as server, PlainEither(name, server) as plain:
        server.answers["Cards"].extend(Answer({"data": {"cards": page}}) for page in pages)
        walked = plain.client.iter_query(Query.cards(pipe_id=1).fields(selected[0]), Query.cards, *selected[1:])
        with pytest.raises(ResponseMismatch, match=f"cards.{held}: the answer holds no list"):
            plain(_count(walked)) if name == "async" else list(walked)
        assert walked.cursor == "a"


async def _count(pages: Any) -> int:
    return len([item async for item in pages])
