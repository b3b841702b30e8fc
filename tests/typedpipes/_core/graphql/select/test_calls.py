"""Selections go out as every other operation does: credentials, events, retries, limits, errors, sync and async."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import typedpipes_api.pipefy_documented as documented
from tests.typedpipes.pipefy.either import Either
from typedpipes._core.graphql.clients import AsyncSelectingClient, SelectingClient
from typedpipes.errors import ConfigurationError, GraphQLError, PartialFailure, ServerError, TransportError
from typedpipes.events import Event, Request, Retry
from typedpipes.pipefy import Pipefy
from typedpipes_api.pipefy.select import (
    Card,
    CardConnection,
    CardEdge,
    DeleteCardPayload,
    Mutation,
    PageInfo,
    Query,
    UpdateCardPayload,
    User,
)
from typedpipes_api.pipefy_documented.select import AutomationJobsExport
from typedpipes_api.pipefy_documented.select import Query as Export
from typedpipes_sandbox import Limits, Sandbox

CARD = "5016"


def title(client: Any, **options: Any) -> Any:
    return client.query(Query.card(id=CARD).fields(Card.title, Card.assignees.fields(User.name)), **options)


def rename(client: Any, to: str) -> Any:
    chosen = UpdateCardPayload.card.fields(Card.title)
    return client.mutate(Mutation.update_card(input={"id": CARD, "title": to}).fields(chosen))


def test_sync_and_async_select_and_change(either: Either) -> None:
    assert either(rename(either.client, "new")).at(Mutation.update_card, UpdateCardPayload.card, Card.title) == "new"
    assert either(title(either.client)).at(Query.card, Card.title) == "new"
    assert either.sent("mutation.updateCard") == 1


@pytest.mark.parametrize("name", ["query", "mutate"])
def test_the_modes_have_the_same_signatures(name: str) -> None:
    sync, asynchronous = getattr(SelectingClient, name), getattr(AsyncSelectingClient, name)
    assert inspect.signature(sync).parameters == inspect.signature(asynchronous).parameters
    assert inspect.iscoroutinefunction(asynchronous)
    assert not inspect.iscoroutinefunction(sync)


def test_several_fields_are_one_request(either: Either) -> None:
    pipe = either.pipe()
    either.sandbox.log.clear()
    first, second = Query.cards.alias("first"), Query.cards.alias("second")
    chosen = (
        CardConnection.edges.fields(CardEdge.node.fields(Card.id)),
        CardConnection.page_info.fields(PageInfo.end_cursor),
    )
    row = either(
        either.client.query(first(pipe_id=pipe, first=50).fields(*chosen), second(pipe_id=pipe).fields(*chosen))
    )
    assert len(row.each(first, CardConnection.edges, CardEdge.node)) == 50
    assert row.at(second, CardConnection.page_info, PageInfo.end_cursor)
    assert len(either.sandbox.log) == 1


def test_a_query_is_sent_again_and_a_mutation_that_may_have_arrived_is_not(either: Either) -> None:
    either.sandbox.faults.add(api="pipefy", operation="query.card", status=502, count=1)
    assert either(title(either.client)).at(Query.card, Card.title)
    assert either.sent("query.card") == 2
    either.sandbox.faults.add(api="pipefy", operation="mutation.updateCard", status=502, count=1, when="after")
    with pytest.raises(ServerError):
        either(rename(either.client, "once"))
    assert either.sent("mutation.updateCard") == 1
    either.sandbox.faults.add(api="pipefy", operation="mutation.updateCard", reset=True, count=1, when="after")
    with pytest.raises(TransportError):
        either(rename(either.client, "twice"))
    assert either.sent("mutation.updateCard") == 2


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_events_are_those_of_generated_operations(mode: str) -> None:
    heard: list[Event] = []
    with Sandbox() as sandbox, Either(mode, sandbox, on_event=heard.append) as either:
        either(either.client.me())  # the token is fetched
        kinds = []
        calls: list[Callable[[], Any]] = [
            lambda: either.client.card(id=CARD),
            lambda: title(either.client, operation_name="Mine"),
        ]
        for call in calls:
            heard.clear()
            sandbox.faults.add(api="pipefy", operation="query.card", status=503, headers={"retry-after": "0"}, count=1)
            either(call())
            kinds.append([type(event) for event in heard if isinstance(event, (Request, Retry))])
        assert kinds[0] == kinds[1] == [Request, Retry, Request]
        assert {event.operation for event in heard if isinstance(event, (Request, Retry))} == {"Mine"}


def test_selections_are_counted_by_the_limits() -> None:
    with Sandbox(limits=Limits.off()) as sandbox, Pipefy(env=sandbox.environment(), limits="memory://") as client:
        client.me()
        before = client.limits.snapshot()["pipefy.requests"].used or 0
        title(client)
        title(client)
        assert client.limits.snapshot()["pipefy.requests"].used == before + 2


def test_errors_are_those_of_generated_operations(either: Either) -> None:
    with pytest.raises(GraphQLError) as caught:
        either(either.client.query(Query.card(id="none").fields(Card.id)))
    assert caught.value.operation == "pipefy.Card"
    body = b'{"data": {"deleteCard": {"success": false}}}'
    either.sandbox.faults.add(operation="mutation.deleteCard", status=200, body=body, count=1)
    with pytest.raises(PartialFailure, match="success is false"):
        either(either.client.mutate(Mutation.delete_card(input={"id": CARD}).fields(DeleteCardPayload.success)))


def test_a_request_that_cannot_be_is_not_sent(either: Either) -> None:
    chosen: Any = Query.cards(pipe_id="1", first=51).fields(CardConnection.total_count)
    with pytest.raises(ConfigurationError, match="first is 0 to 50"):
        either(either.client.query(chosen))
    with pytest.raises(TypeError, match="retrys"):
        either(title(either.client, retrys=1))
    assert either.sent("query.cards") == 0


def test_a_strict_client_raises_at_the_first_departure() -> None:
    with Sandbox() as sandbox, Pipefy(env=sandbox.environment(), limits="off", strict=True) as client:
        sandbox.faults.add(api="pipefy", operation="query.card", set={"data.card.title": 5}, count=1)
        with pytest.raises(Exception, match=r"\$\.card\.title: expected a string"):
            title(client)


def test_a_bound_client_selects_over_the_clients_wire_and_bounds(either: Either) -> None:
    mine = either.client.bind(documented.AsyncClient if either.asynchronous else documented.Client)
    job = either.sandbox.exports.create("123456789", "last_month", "automation-jobs").id
    row = either(mine.query(Export.automation_jobs_export(id=job).fields(AutomationJobsExport.id)))
    assert row.at(Export.automation_jobs_export, AutomationJobsExport.id) == job
    assert mine._depth_limit() == 15
    assert mine._page_limit("Phase.cards") == 30
    with pytest.raises(NotImplementedError, match=r"bind\(Client\)"):
        either(type(mine)().query(Export.automation_jobs_export(id=job).fields(AutomationJobsExport.id)))
