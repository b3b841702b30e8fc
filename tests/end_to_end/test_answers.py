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
from typedpipes.errors import APIError, NotFound, ResponseMismatch
from typedpipes.events import SchemaDrift
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

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


def recents(server: WireServer, mode: str, rows: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The items of ``v1.recents.list``, and the drift that was told."""
    server.script_of(Reply(body=json.dumps({"success": True, "data": rows}).encode()))
    told: list[Any] = []
    settings: dict[str, Any] = {"api_token": "t" * 40, "base_url": server.url, "limits": "off", "retries": 0}
    settings["on_event"] = lambda event: told.append(event) if isinstance(event, SchemaDrift) else None

    async def main() -> list[Any]:
        async with httpx.AsyncClient() as http, AsyncPipedrive(http_client=http, **settings) as crm:
            return list((await crm.v1.recents.list(since_timestamp="2026-01-01 00:00:00")).data or ())

    if mode == "async":
        return anyio.run(main), told
    with httpx.Client() as http, Pipedrive(http_client=http, **settings) as crm:
        return list(crm.v1.recents.list(since_timestamp="2026-01-01 00:00:00").data or ()), told


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_every_kind_of_a_recent_change_is_read_as_what_its_tag_says(server: WireServer, mode: str) -> None:
    items, told = recents(server, mode, [{"item": kind, "id": 1, "data": {"id": 1}} for kind in KINDS])
    assert [type(item).__name__ for item in items] == list(KINDS.values())
    assert told == []


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_kind_nobody_knows_is_kept_as_received_and_told(server: WireServer, mode: str) -> None:
    row = {"item": "lead", "id": 1, "data": {"id": 1}}
    items, told = recents(server, mode, [row])
    assert items == [row]
    assert len(told) == 1


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_not_found(server: WireServer, status: int, mode: str) -> None:
    server.script_of(Reply(status=status, body=b'{"success":false,"error":"Deal is gone"}'))
    settings: dict[str, Any] = {"api_token": "t" * 40, "base_url": server.url, "limits": "off", "retries": 0}

    async def main() -> None:
        async with httpx.AsyncClient() as http, AsyncPipedrive(http_client=http, **settings) as crm:
            await crm.v2.deals.delete(1)

    with pytest.raises(NotFound, match="Deal is gone") as caught:  # noqa: PT012 - one of two
        if mode == "async":
            anyio.run(main)
        with httpx.Client() as http, Pipedrive(http_client=http, **settings) as crm:
            crm.v2.deals.delete(1)
    assert caught.value.status == status


def asked(server: WireServer, mode: str, act: Any) -> tuple[Any, list[SchemaDrift]]:
    """What ``act`` on a client of Pipedrive gives, and the drift that was told."""
    told: list[Any] = []
    settings: dict[str, Any] = {"api_token": "t" * 40, "base_url": server.url, "limits": "off", "retries": 0}
    settings["on_event"] = lambda event: told.append(event) if isinstance(event, SchemaDrift) else None

    async def main() -> Any:
        async with httpx.AsyncClient() as http, AsyncPipedrive(http_client=http, **settings) as crm:
            return await act(crm)

    if mode == "async":
        return anyio.run(main), told
    with httpx.Client() as http, Pipedrive(http_client=http, **settings) as crm:
        return act(crm), told


CUT = rb'{"success":true,"data":{"id":1,"title":"cut \ud83d"}}'


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_text_cut_inside_a_character_is_kept_and_told(server: WireServer, mode: str) -> None:
    server.script_of(Reply(body=CUT))
    answer, told = asked(server, mode, lambda crm: crm.v2.deals.get(1))
    assert answer.data.title == "cut \ufffd"
    assert [(drift.path, drift.got) for drift in told] == [("$.data.title", "a text cut inside a character")]
    raw, told = asked(server, mode, lambda crm: crm.v2.deals.raw.get(1))
    assert (raw.parsed.data.title, len(told)) == ("cut \ufffd", 1)
    page = rb'{"success":true,"data":[{"id":1,"title":"cut \ud83d"},{"id":2,"title":"\ud83d\ude00","x":"\ude00"}]}'
    server.script_of(Reply(body=page))
    answer, told = asked(server, mode, lambda crm: crm.v2.deals.list())
    assert [deal.title for deal in answer.data] == ["cut \ufffd", "\N{GRINNING FACE}"]
    assert {drift.path for drift in told} >= {"$.data[*].title", "$.data[*].x"}


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_text_cut_inside_a_character_is_kept_in_graphql(server: WireServer, mode: str) -> None:
    server.script_of(Reply(body=rb'{"data":{"card":{"id":"1","title":"cut \ud83d"}}}'))
    told: list[Any] = []
    settings: dict[str, Any] = {"token": "t" * 20, "base_url": server.url, "limits": "off", "on_event": told.append}

    async def main() -> tuple[Any, Any]:
        async with httpx.AsyncClient() as http, AsyncPipefy(http_client=http, **settings) as pipefy:
            return await pipefy.execute("{ card { title } }"), await pipefy.card(id="1")

    if mode == "async":
        plain, card = anyio.run(main)
    else:
        with httpx.Client() as http, Pipefy(http_client=http, **settings) as pipefy:
            plain, card = pipefy.execute("{ card { title } }"), pipefy.card(id="1")
    assert plain["card"]["title"] == "cut \ufffd"
    assert card.title == "cut \ufffd"
    drifts = [event for event in told if isinstance(event, SchemaDrift) and event.path == "$.data.card.title"]
    assert len(drifts) == 2


HTML = {"content-type": "text/html; charset=UTF-8"}


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_json_that_is_labelled_as_a_page_is_read_and_told(server: WireServer, mode: str) -> None:
    server.script_of(Reply(201, b' {"success":true,"data":{"id":7}}', HTML))
    answer, told = asked(server, mode, lambda crm: crm.v2.deals.create(title="x"))
    assert answer.data.id == 7
    assert ("$", "text/html") in [(drift.path, drift.got) for drift in told]
    server.script_of(Reply(200, b"<!doctype html><p>Sign in", HTML))
    with pytest.raises(ResponseMismatch, match="an HTML page instead of JSON"):
        asked(server, mode, lambda crm: crm.v2.deals.get(1))


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_page_or_a_failure_is_no_file(server: WireServer, mode: str) -> None:
    server.script_of(Reply(200, b"<html>Sign in", HTML))
    with pytest.raises(ResponseMismatch, match="an HTML page instead of a file"):
        asked(server, mode, lambda crm: crm.v1.files.download(1))
    server.script_of(Reply(200, b'{"success":false,"error":"File is gone"}', {"content-type": "application/json"}))
    with pytest.raises(APIError, match="File is gone"):
        asked(server, mode, lambda crm: crm.v1.files.download(1))
    for body, headers in (
        (b"<html>mine", {**HTML, "content-disposition": "attachment; filename=a.html"}),
        (b'{"mine":1}', {"content-type": "application/json"}),
        (b'{"success":false}', {"content-type": "application/octet-stream"}),
    ):
        server.script_of(Reply(200, body, headers))
        assert asked(server, mode, lambda crm: crm.v1.files.download(1))[0] == body


def test_a_failure_is_no_file_of_connect_either(server: WireServer) -> None:
    server.script_of(Reply(200, b'{"success":false}', {"content-type": "application/json"}))
    settings: dict[str, Any] = {"connect_token": "ctok_" + "t" * 20, "project_id": "proj_x", "limits": "off"}
    with Pipedream(base_url=server.url, **settings) as pd, pytest.raises(ResponseMismatch, match="instead of a file"):
        pd.connect.file_stash.download(s3_key="k")


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("body", [b"", b" \n", b"null"])
def test_nothing_is_no_answer_where_the_type_promises_one(server: WireServer, body: bytes, mode: str) -> None:
    server.script_of(Reply(200, body))
    with pytest.raises(ResponseMismatch, match="where DealResponse is needed"):
        asked(server, mode, lambda crm: crm.v2.deals.get(1))
    with pytest.raises(ResponseMismatch, match="the server may have carried the request out"):
        asked(server, mode, lambda crm: crm.v2.deals.create(title="x"))
