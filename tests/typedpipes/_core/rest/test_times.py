"""Dates and times are sent in the form that the operation's schema names, or refused: never in another zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from json import loads
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer
from typedpipes.errors import ConfigurationError, ResponseMismatch
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import Pipefy
from typedpipes_api.pipedrive_v2 import DealCreateRequest

SETTINGS: Any = {"api_token": "t" * 40, "limits": "off", "retries": 0}
NOON: Any = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
NAIVE: Any = datetime(2026, 3, 1, 12, 30)
DAY: Any = date(2026, 3, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    with closing(WireServer(lambda _: Reply(body=b'{"success":true,"data":{"id":1}}'))) as made:
        yield made


@pytest.fixture(scope="module")
def crm(server: WireServer) -> Iterator[Pipedrive]:
    with Pipedrive(base_url=server.url, **SETTINGS) as made:
        yield made


def last(server: WireServer) -> tuple[dict[str, list[str]], Any]:
    arrival: Arrival = server.arrivals[-1]
    return parse_qs(urlsplit(arrival.path).query), loads(arrival.body) if arrival.body else None


def test_each_argument_goes_out_in_the_form_of_its_schema(server: WireServer, crm: Pipedrive) -> None:
    crm.v2.deals.list(updated_since=NOON)
    assert last(server)[0]["updated_since"] == ["2026-03-01T12:30:00+02:00"]
    crm.v1.notes.list(updated_since=NOON, start_date=DAY)
    assert last(server)[0] == {"updated_since": ["2026-03-01T12:30:00+02:00"], "start_date": ["2026-03-01"]}
    crm.v1.recents.list(since_timestamp=NOON)
    assert last(server)[0]["since_timestamp"] == ["2026-03-01 10:30:00"]
    crm.v1.notes.create(content="x", deal_id=1, add_time=NOON)
    assert last(server)[1]["add_time"] == "2026-03-01 10:30:00"
    crm.v2.deals.create(title="x", archive_time=NOON, won_time=NOON, expected_close_date=DAY)
    assert last(server)[1] == {
        "title": "x",
        "archive_time": "2026-03-01 10:30:00",
        "won_time": "2026-03-01T12:30:00+02:00",
        "expected_close_date": "2026-03-01",
    }


def test_a_time_inside_a_model_or_a_list_is_found(server: WireServer, crm: Pipedrive) -> None:
    crm.v2.deals.create(body=DealCreateRequest(title="x", archive_time=NOON))
    assert last(server)[1] == {"title": "x", "archive_time": "2026-03-01 10:30:00"}
    rows: Any = [{"product_id": 1, "item_price": 1, "quantity": 1, "billing_start_date": DAY}]
    crm.v2.deals.products.add_many(1, data=rows)
    assert last(server)[1]["data"][0]["billing_start_date"] == "2026-03-01"


def test_what_is_ambiguous_is_refused_with_what_to_do(server: WireServer, crm: Pipedrive) -> None:
    before = len(server.arrivals)
    with pytest.raises(ConfigurationError, match=r"updated_since: .* no time zone.*replace\(tzinfo=UTC\)"):
        crm.v2.deals.list(updated_since=NAIVE)
    with pytest.raises(ConfigurationError, match=r"updated_since is a time, and 2026-03-01 is a date only"):
        crm.v2.deals.list(updated_since=DAY)
    with pytest.raises(ConfigurationError, match=r"expected_close_date is a date.*value\.date\(\)"):
        crm.v2.deals.create(title="x", expected_close_date=NOON)
    with pytest.raises(ConfigurationError, match=r"custom_fields\.x: .* no time zone"):
        crm.v2.deals.create(title="x", custom_fields={"x": NAIVE})
    with pytest.raises(ConfigurationError, match=r"no time zone"):
        crm.v2.persons.search(term=NAIVE)
    assert len(server.arrivals) == before


def test_variables_of_graphql_keep_the_same_rule(server: WireServer) -> None:
    with Pipefy(token="t" * 20, base_url=server.url, limits="off", retries=0) as pipefy:
        with pytest.raises(ResponseMismatch):  # the answer of the server is none of GraphQL
            pipefy.create_card(input={"pipe_id": 1, "due_date": NOON})
        assert last(server)[1]["variables"] == {"input": {"pipe_id": 1, "due_date": "2026-03-01T12:30:00+02:00"}}
        before = len(server.arrivals)
        with pytest.raises(ConfigurationError, match=r"input\.due_date is a time, and 2026-03-01 is a date only"):
            pipefy.create_card(input={"pipe_id": 1, "due_date": DAY})
        with pytest.raises(ConfigurationError, match=r"input\.due_date: .* no time zone"):
            pipefy.create_card(input={"pipe_id": 1, "due_date": NAIVE})
        with pytest.raises(ConfigurationError, match=r"due_date is a time, and 2026-03-01 is a date only"):
            pipefy.bulk.create_cards([{"title": "x", "due_date": DAY}], pipe_id=1)
        with pytest.raises(ConfigurationError, match=r"no time zone"):
            pipefy.execute("mutation M($at: DateTime) { m(at: $at) }", {"at": NAIVE})
        assert len(server.arrivals) == before


def test_the_asynchronous_client_keeps_the_same_rule(server: WireServer) -> None:
    async def main() -> None:
        async with AsyncPipedrive(base_url=server.url, **SETTINGS) as crm:
            await crm.v1.recents.list(since_timestamp=NOON)
            with pytest.raises(ConfigurationError, match="no time zone"):
                await crm.v1.recents.list(since_timestamp=NAIVE)

    anyio.run(main)
    assert last(server)[0]["since_timestamp"] == ["2026-03-01 10:30:00"]
