"""What an answer says is what the caller reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import anyio
import httpx
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer
from typedpipes.errors import NotFound
from typedpipes.events import SchemaDrift
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive

KINDS = {
    "activity": "RecentActivity",
    "activityType": "RecentActivityType",
    "deal": "RecentDeal",
    "file": "RecentFile",
    "filter": "RecentFilter",
    "note": "RecentNote",
    "organization": "RecentOrganization",
    "person": "RecentPerson",
    "pipeline": "RecentPipeline",
    "product": "RecentProduct",
    "stage": "RecentStage",
    "user": "RecentUser",
}


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer()) as made:
        yield made


def recents(server: WireServer, colour: str, rows: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The items of ``v1.recents.list``, and the drift that was told."""
    server.script_of(Reply(body=json.dumps({"success": True, "data": rows}).encode()))
    told: list[Any] = []
    settings: dict[str, Any] = {"api_token": "t" * 40, "base_url": server.url, "limits": "off", "retries": 0}
    settings["on_event"] = lambda event: told.append(event) if isinstance(event, SchemaDrift) else None

    async def main() -> list[Any]:
        async with httpx.AsyncClient() as http, AsyncPipedrive(http_client=http, **settings) as crm:
            return list((await crm.v1.recents.list(since_timestamp="2026-01-01 00:00:00")).data or ())

    if colour == "async":
        return anyio.run(main), told
    with httpx.Client() as http, Pipedrive(http_client=http, **settings) as crm:
        return list(crm.v1.recents.list(since_timestamp="2026-01-01 00:00:00").data or ()), told


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_every_kind_of_a_recent_change_is_read_as_what_its_tag_says(server: WireServer, colour: str) -> None:
    items, told = recents(server, colour, [{"item": kind, "id": 1, "data": {"id": 1}} for kind in KINDS])
    assert [type(item).__name__ for item in items] == list(KINDS.values())
    assert told == []


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_kind_nobody_knows_is_kept_as_received_and_told(server: WireServer, colour: str) -> None:
    row = {"item": "lead", "id": 1, "data": {"id": 1}}
    items, told = recents(server, colour, [row])
    assert items == [row]
    assert len(told) == 1


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_not_found(server: WireServer, status: int, colour: str) -> None:
    server.script_of(Reply(status=status, body=b'{"success":false,"error":"Deal is gone"}'))
    settings: dict[str, Any] = {"api_token": "t" * 40, "base_url": server.url, "limits": "off", "retries": 0}

    async def main() -> None:
        async with httpx.AsyncClient() as http, AsyncPipedrive(http_client=http, **settings) as crm:
            await crm.v2.deals.delete(1)

    with pytest.raises(NotFound, match="Deal is gone") as caught:  # noqa: PT012 - one of two
        if colour == "async":
            anyio.run(main)
        with httpx.Client() as http, Pipedrive(http_client=http, **settings) as crm:
            crm.v2.deals.delete(1)
    assert caught.value.status == status
