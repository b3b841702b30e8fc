"""Where a listing ends: no request more than needed, none less, and never in silence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest

from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer
from typedpipes.errors import ConfigurationError, ResponseMismatch
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import Pipefy

TLS = httpx.create_ssl_context()
SETTINGS: dict[str, Any] = {"limits": "off", "retries": 0}
APP = {"id": "app_1", "name": "x", "name_slug": "x"}


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer()) as made:
        yield made


def items(server: WireServer, mode: str, act: Callable[[Any], Any]) -> list[Any]:
    """Everything that a listing of Pipedream brings."""
    settings: dict[str, Any] = {"api_key": "k" * 20, "connect_token": "ctok_" + "t" * 20, "project_id": "proj_x"}
    settings |= {"base_url": server.url, **SETTINGS}

    async def main() -> list[Any]:
        async with httpx.AsyncClient(verify=TLS) as http, AsyncPipedream(http_client=http, **settings) as pd:
            return [item async for item in act(pd)]

    if mode == "async":
        return anyio.run(main)
    with httpx.Client(verify=TLS) as http, Pipedream(http_client=http, **settings) as pd:
        return list(act(pd))


def pages_of(total: int | None, sizes: list[int]) -> Callable[[Arrival], Reply]:
    """Pages of so many records each, whose ``total_count`` is ``total``; None: they have no ``page_info``."""
    left = list(enumerate(sizes))

    def answer(_: Arrival) -> Reply:
        number, size = left.pop(0) if left else (len(sizes), 0)
        data = [{**APP, "id": f"app_{number}_{index}"} for index in range(size)]
        info = {"total_count": total, "count": size, "start_cursor": "s", "end_cursor": f"c{number}"}
        return Reply(body=json.dumps({"data": data, **({} if total is None else {"page_info": info})}).encode())

    return answer


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    ("total", "sizes", "requests"),
    [
        (13, [10, 3], 2),  # as many as told, and a page that is not full
        (20, [10, 10], 3),  # the page is full: the total may be too low
        (15, [10, 10, 4], 3),  # it was
        (14, [10, 3], 3),  # fewer than told: another page may bring the rest
        (0, [], 1),
    ],
)
def test_a_listing_ends_with_a_short_page_once_the_total_was_seen(
    server: WireServer, mode: str, total: int, sizes: list[int], requests: int
) -> None:
    for act in (
        lambda pd: pd.rest.apps.iter(),
        lambda pd: pd.connect.apps.iter(page_size=10),
    ):
        server.script, before = pages_of(total, sizes), len(server.arrivals)
        assert len(items(server, mode, act)) == sum(sizes)
        assert len(server.arrivals) - before == requests


def test_a_total_ends_no_listing_that_began_in_the_middle(server: WireServer) -> None:
    server.script = pages_of(3, [2, 2])
    assert len(items(server, "sync", lambda pd: pd.rest.apps.iter(resume="c9"))) == 4


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_an_answer_that_does_not_say_whether_there_is_more_ends_a_listing_only_if_its_page_is_not_full(
    server: WireServer, mode: str
) -> None:
    server.script = pages_of(None, [3])  # accounts may lack page_info, by the vendor's own examples
    with pytest.raises(ResponseMismatch, match="page_info"):
        items(server, mode, lambda pd: pd.connect.apps.iter())
    server.script = pages_of(None, [9])
    assert len(items(server, mode, lambda pd: pd.rest.sources.iter())) == 9
    server.script = pages_of(None, [10])
    with pytest.raises(ResponseMismatch, match="the page is full, and the answer does not say whether there is more"):
        items(server, mode, lambda pd: pd.rest.sources.iter())
    server.script = pages_of(None, [5])
    with pytest.raises(ResponseMismatch, match="the page is full"):
        items(server, mode, lambda pd: pd.connect.accounts.iter(page_size=5))


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_empty_pages_behind_ever_new_cursors_end(server: WireServer, mode: str) -> None:
    def empty(arrival: Arrival) -> Reply:
        number = len(server.arrivals)
        return Reply(body=f'{{"success":true,"data":[],"additional_data":{{"next_cursor":"c{number}"}}}}'.encode())

    server.script = empty
    settings: dict[str, Any] = {"api_token": "t" * 40, "base_url": server.url, **SETTINGS}

    async def main() -> None:
        async with httpx.AsyncClient(verify=TLS) as http, AsyncPipedrive(http_client=http, **settings) as crm:
            _ = [deal async for deal in crm.v2.deals.iter()]

    with pytest.raises(ResponseMismatch, match="100 pages in a row are empty") as caught:  # noqa: PT012 - one of two
        if mode == "async":
            anyio.run(main)
        with httpx.Client(verify=TLS) as http, Pipedrive(http_client=http, **settings) as crm:
            list(crm.v2.deals.iter())
    assert len(server.arrivals) == 100
    cursor = parse_qs(urlsplit(server.arrivals[-1].path).query)["cursor"][0]
    assert f"resume={cursor!r}" in "".join(caught.value.__notes__)


def test_empty_pages_of_graphql_end(server: WireServer) -> None:
    def empty(arrival: Arrival) -> Reply:
        page = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": f"c{len(server.arrivals)}"}}
        return Reply(body=json.dumps({"data": {"cards": page}}).encode())

    server.script = empty
    settings: dict[str, Any] = {"token": "t" * 20, "base_url": server.url, **SETTINGS}
    with (
        httpx.Client(verify=TLS) as http,
        Pipefy(http_client=http, **settings) as pipefy,
        pytest.raises(ResponseMismatch, match="100 pages in a row are empty"),
    ):
        list(pipefy.iter_cards(pipe_id="1"))
    assert len(server.arrivals) == 100


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_a_limit_that_the_vendor_refuses_is_not_sent(server: WireServer, limit: int) -> None:
    with Pipedream(api_key="k" * 20, base_url=server.url, **SETTINGS) as pd:
        for act in (
            pd.rest.apps.list,
            pd.rest.accounts.list,
            lambda limit: pd.rest.sources.events.list("dc_1", limit=limit),
        ):
            with pytest.raises(ConfigurationError, match=f"limit is 1 to 100, not {limit}"):
                act(limit=limit)

    async def main() -> None:
        async with AsyncPipedream(api_key="k" * 20, base_url=server.url, **SETTINGS) as pd:
            with pytest.raises(ConfigurationError, match=f"limit is 1 to 100, not {limit}"):
                await pd.rest.apps.list(limit=limit)

    anyio.run(main)
    assert not server.arrivals


def test_limits_of_pipedrive_are_known_too(server: WireServer) -> None:
    with Pipedrive(api_token="t" * 40, base_url=server.url, **SETTINGS) as crm:
        with pytest.raises(ConfigurationError, match="limit is 1 to 500, not 501"):
            crm.v2.deals.list(limit=501)
        with pytest.raises(ConfigurationError, match="limit is at least 1, not 0"):
            crm.v1.notes.list(limit=0)
        with pytest.raises(ConfigurationError, match="limit is 1 to 100, not 101"):
            crm.v1.files.list(limit=101)
    assert not server.arrivals
