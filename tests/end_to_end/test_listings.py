"""A listing ends when the server says so. Anything else that ends it is an error that tells where to go on."""

from __future__ import annotations

import inspect
import json
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest

from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer
from typedpipes.errors import APIError, ResponseMismatch, TypedPipesError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy

ENDS = 12
"""Requests after which a listing without end is stopped by the test."""

TLS = httpx.create_ssl_context()
"""Shared: making one costs more than a test."""

Page = Callable[[int, bool], dict[str, Any]]


def v1(number: int, more: bool) -> dict[str, Any]:
    pagination = {"start": 2 * number, "limit": 2, "more_items_in_collection": more}
    if more:
        pagination["next_start"] = 2 * number + 2
    return {"success": True, "data": records(number), "additional_data": {"pagination": pagination}}


def v2(number: int, more: bool) -> dict[str, Any]:
    following = f"c{number + 1}" if more else None
    return {"success": True, "data": records(number), "additional_data": {"next_cursor": following}}


def pipedream(number: int, more: bool) -> dict[str, Any]:
    info = {
        "total_count": 6,
        "count": 2,
        "start_cursor": f"s{number}",
        "end_cursor": f"c{number + 1}" if more else None,
    }
    return {"data": [{**record, "id": str(record["id"])} for record in records(number)], "page_info": info}


def pipefy(number: int, more: bool) -> dict[str, Any]:
    info = {"hasNextPage": more, "endCursor": f"c{number + 1}" if more else None, "hasPreviousPage": False}
    nodes = [{**record, "id": str(record["id"])} for record in records(number)]
    return {"data": {"cards": {"nodes": nodes, "pageInfo": info}}}


def records(number: int) -> list[dict[str, Any]]:
    return [{"id": 2 * number + 1}, {"id": 2 * number + 2}]


PAGES: dict[str, Page] = {"v1": v1, "v2": v2, "pipedream": pipedream, "connect": pipedream, "pipefy": pipefy}

NO_PAGE: dict[str, Reply] = {
    "empty": Reply(body=b""),
    "204": Reply(status=204, body=b""),
    **{
        body: Reply(body=body.encode(), headers={"content-type": "application/json"})
        for body in (
            "null",
            "{}",
            "[]",
            '"x"',
            "7",
            '{"success":true}',
            '{"error":"Too many requests","errorCode":429}',
            '{"message":"internal"}',
        )
    },
}


def changed(page: dict[str, Any], path: str, value: object) -> Reply:
    """The page with something of another type in it."""
    copy = json.loads(json.dumps(page))
    *way, last = path.split(".")
    holder = copy
    for key in way:
        holder = holder[key]
    if value is None:
        del holder[last]
    else:
        holder[last] = None if value == "null" else value
    return Reply(body=json.dumps(copy).encode())


OTHER: list[tuple[str, str, object]] = [
    ("v1", "data", None),
    ("v1", "data", "x"),
    ("v1", "data", {}),
    ("v1", "additional_data", "x"),
    ("v1", "additional_data", []),
    ("v1", "additional_data.pagination", "x"),
    ("v1", "additional_data.pagination", []),
    ("v1", "additional_data.pagination.more_items_in_collection", "yes"),
    ("v1", "additional_data.pagination.next_start", "second"),
    ("v1", "additional_data.pagination.next_start", {}),
    ("v1", "data", []),
    ("v1", "data", "null"),
    ("v2", "data", None),
    ("v2", "data", "null"),
    ("v2", "data", {"items": []}),
    ("v2", "additional_data", "x"),
    ("v2", "additional_data", []),
    ("v2", "additional_data.next_cursor", {}),
    ("v2", "additional_data.next_cursor", True),
    ("pipedream", "data", None),
    ("pipedream", "data", "null"),
    ("pipedream", "data", {}),
    ("pipedream", "page_info", "x"),
    ("pipedream", "page_info", []),
    ("pipedream", "page_info.end_cursor", []),
    ("connect", "data", None),
    ("connect", "data", "null"),
    ("connect", "page_info", None),
    ("connect", "page_info", "null"),
    ("connect", "page_info", []),
    ("pipefy", "data", "null"),
    ("pipefy", "data.cards", None),
    ("pipefy", "data.cards", "null"),
    ("pipefy", "data.cards", []),
    ("pipefy", "data.cards.nodes", None),
    ("pipefy", "data.cards.nodes", "null"),
    ("pipefy", "data.cards.nodes", {}),
    ("pipefy", "data.cards.pageInfo", None),
    ("pipefy", "data.cards.pageInfo", "null"),
    ("pipefy", "data.cards.pageInfo", {}),
    ("pipefy", "data.cards.pageInfo.hasNextPage", "yes"),
]


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer()) as made:
        yield made


def serve(server: WireServer, api: str, bad: Reply | None, at: int, pages: int = 3) -> None:
    """Answer request by request, page number ``at`` with ``bad``; then nothing but right pages."""
    left = [bad]  # once

    def once(arrival: Arrival) -> Reply:
        if arrival.path.endswith("/oauth/token"):
            return Reply(body=b'{"access_token":"a","token_type":"Bearer","expires_in":3600}')
        number = start_of(api, arrival)
        if number == at and left and left[0] is not None:
            reply = left[0]
            left[0] = None
            return reply
        return Reply(body=json.dumps(PAGES[api](number, number + 1 < pages)).encode())

    server.script = once


def start_of(api: str, arrival: Arrival) -> int:
    """Which page a request is for."""
    if api == "pipefy":
        cursor = json.loads(arrival.body)["variables"].get("after")
    else:
        name = {"v1": "start", "v2": "cursor"}.get(api, "after")
        cursor = parse_qs(urlsplit(arrival.path).query).get(name, [None])[0]
    if cursor is None:
        return 0
    return int(cursor) // 2 if api == "v1" else int(cursor[1:])


def settings_of(api: str, server: WireServer, http: object) -> dict[str, Any]:
    common = {"limits": "off", "retries": 0, "base_url": server.url, "http_client": http}
    own: dict[str, Any] = {"api_token": "t" * 40}
    if api == "pipefy":
        own = {"token": "t" * 20}
    elif api == "pipedream":
        own = {"api_key": "k" * 20}
    elif api == "connect":
        own = {"client_id": "c" * 20, "client_secret": "s" * 20, "project_id": "proj_x", "environment": "development"}
    return common | own


@contextmanager
def client_of(api: str, server: WireServer) -> Iterator[Any]:
    kinds: dict[str, Any] = {"pipefy": Pipefy, "pipedream": Pipedream, "connect": Pipedream}
    with httpx.Client(verify=TLS) as http, kinds.get(api, Pipedrive)(**settings_of(api, server, http)) as client:
        yield client


@asynccontextmanager
async def async_client_of(api: str, server: WireServer) -> AsyncIterator[Any]:
    kinds: dict[str, Any] = {"pipefy": AsyncPipefy, "pipedream": AsyncPipedream, "connect": AsyncPipedream}
    async with (
        httpx.AsyncClient(verify=TLS) as http,
        kinds.get(api, AsyncPipedrive)(**settings_of(api, server, http)) as client,
    ):
        yield client


def listing_of(api: str, client: Any, **options: Any) -> Any:
    if api == "pipefy":
        return client.iter_cards(pipe_id="301", **options)
    if api == "pipedream":
        return client.rest.sources.iter(**options)
    if api == "connect":
        return client.connect.apps.iter(**options)
    return client.v1.notes.iter(**options) if api == "v1" else client.v2.deals.iter(**options)


def read(api: str, server: WireServer, mode: str, **options: Any) -> tuple[list[int], TypedPipesError | None, Any]:
    """The ids a listing gives, the error that ended it, and its cursor then."""
    got: list[int] = []

    def sync() -> Any:
        with client_of(api, server) as client:
            pages = listing_of(api, client, **options)
            try:
                for item in pages:
                    got.append(int(item.id))
            except (ResponseMismatch, APIError) as error:
                return error, pages.cursor
            return None, pages.cursor

    async def main() -> Any:
        async with async_client_of(api, server) as client:
            pages = listing_of(api, client, **options)
            try:
                async for item in pages:
                    got.append(int(item.id))
            except (ResponseMismatch, APIError) as error:
                return error, pages.cursor
            return None, pages.cursor

    error, cursor = sync() if mode == "sync" else anyio.run(main)
    return got, error, cursor


modes = pytest.mark.parametrize("mode", ["sync", "async"])


def check_told_and_resumed(server: WireServer, api: str, mode: str, bad: Reply, at: int, **options: Any) -> None:
    serve(server, api, bad, at)
    got, error, cursor = read(api, server, mode, **options)
    assert error is not None, f"the listing looks complete after {got}"
    assert got == list(range(1, 2 * at + 1))
    wanted = None if at == 0 else str(2 * at) if api == "v1" else f"c{at}"
    assert cursor == wanted
    if wanted is not None:
        assert f"resume this listing with resume={wanted!r}" in error.__notes__
    rest, error, _ = read(api, server, mode, **options, resume=cursor)
    assert (got + rest, error) == ([1, 2, 3, 4, 5, 6], None)


@modes
@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("shape", NO_PAGE)
@pytest.mark.parametrize("api", PAGES)
def test_an_answer_that_is_no_page_never_ends_a_listing(
    server: WireServer, api: str, shape: str, at: int, mode: str
) -> None:
    check_told_and_resumed(server, api, mode, NO_PAGE[shape], at)


@modes
@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize(("api", "path", "value"), OTHER)
def test_a_page_whose_envelope_is_of_another_type_never_ends_a_listing(
    server: WireServer, api: str, path: str, value: object, at: int, mode: str
) -> None:
    check_told_and_resumed(server, api, mode, changed(PAGES[api](at, True), path, value), at)


@modes
@pytest.mark.parametrize("shape", NO_PAGE)
def test_a_page_fetched_ahead_that_is_no_page_is_told_at_its_turn(server: WireServer, shape: str, mode: str) -> None:
    check_told_and_resumed(server, "v1", mode, NO_PAGE[shape], 2, prefetch=3)


@modes
@pytest.mark.parametrize(
    "body",
    [
        '{"success":true,"data":null}',
        '{"success":true,"data":null,"additional_data":null}',
        '{"success":true,"data":null,"additional_data":{"pagination":{"start":0,"more_items_in_collection":false}}}',
        '{"success":true,"data":[],"additional_data":{"pagination":{"start":0,"more_items_in_collection":false}}}',
        '{"success":true,"data":[]}',
    ],
)
def test_an_empty_list_of_v1_may_be_null(server: WireServer, body: str, mode: str) -> None:
    server.script_of(Reply(body=body.encode()))
    assert read("v1", server, mode) == ([], None, None)
    assert len(server.arrivals) == 1


def offset_listings(client: Any) -> Iterator[tuple[str, Any]]:
    """Every method of v1 whose pages start at a number, by path."""
    seen: list[Any] = [("", client.v1)]
    for path, resource in seen:
        for name in dir(type(resource)):
            if name.startswith("_") or name == "raw":
                continue
            if inspect.isfunction(inspect.getattr_static(type(resource), name)):
                if name == "iter" or name.startswith("iter_"):
                    method = getattr(resource, name)
                    if "OffsetCallOptions" in str(inspect.signature(method)):
                        yield f"{path}{name}", method
            else:
                found = getattr(resource, name)
                if type(found).__module__.startswith("typedpipes_api"):
                    seen.append((f"{path}{name}.", found))


def with_arguments(method: Any, **options: Any) -> Any:
    needed = {
        parameter.name: "1"
        for parameter in inspect.signature(method).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return method(**needed, **options)


def stuck(echo: str) -> Callable[[Arrival], Reply]:
    """A server that gives the same page whatever ``start`` is, and says that there is more."""

    def script(arrival: Arrival) -> Reply:
        query = parse_qs(urlsplit(arrival.path).query)
        start = int(query.get("start", ["0"])[0]) if echo != "fixed" else 0
        rows = [{"id": 1}, {"id": 2}]
        data: object = {"items": rows} if "/itemSearch" in arrival.path or "/search" in arrival.path else rows
        if "/itemSearch/field" in arrival.path:
            data = rows
        pagination: dict[str, object] = {"start": start, "limit": 2, "more_items_in_collection": True}
        if echo != "absent":
            pagination["next_start"] = start + 2
        return Reply(
            body=json.dumps({"success": True, "data": data, "additional_data": {"pagination": pagination}}).encode()
        )

    return script


def arrived(server: WireServer) -> int:
    """Requests of one listing. What was fetched ahead for the one before it may still come in."""
    return max(Counter(urlsplit(arrival.path).path for arrival in list(server.arrivals)).values())


@pytest.mark.parametrize("prefetch", [0, 3])
@pytest.mark.parametrize("echo", ["moving", "fixed", "absent"])
def test_every_offset_listing_stops_at_a_server_that_ignores_start(
    server: WireServer, echo: str, prefetch: int
) -> None:
    server.script = stuck(echo)
    with client_of("v1", server) as client:
        listings = dict(offset_listings(client))
        assert len(listings) == 55
        for name, method in listings.items():
            server.arrivals.clear()
            pages = with_arguments(method, prefetch=prefetch)
            got: list[object] = []
            with pytest.raises(ResponseMismatch) as caught:  # noqa: PT012 - what came before counts
                for item in pages:
                    got.append(item)
                    assert len(got) < ENDS, name
            assert len(got) == 2, name
            assert arrived(server) <= 2 + 2 * prefetch, name
            assert pages.cursor == "2", name
            assert "resume this listing with resume='2'" in caught.value.__notes__, name


@pytest.mark.parametrize("prefetch", [0, 3])
@pytest.mark.parametrize("echo", ["moving", "fixed", "absent"])
def test_every_asynchronous_offset_listing_stops_at_a_server_that_ignores_start(
    server: WireServer, echo: str, prefetch: int
) -> None:
    server.script = stuck(echo)

    async def main() -> None:
        async with async_client_of("v1", server) as client:
            listings = dict(offset_listings(client))
            assert len(listings) == 55
            for name, method in listings.items():
                server.arrivals.clear()
                pages = with_arguments(method, prefetch=prefetch)
                got: list[object] = []
                with pytest.raises(ResponseMismatch):  # noqa: PT012 - what came before counts
                    async for item in pages:
                        got.append(item)
                        assert len(got) < ENDS, name
                assert len(got) == 2, name
                assert arrived(server) <= 2 + 2 * prefetch, name
                assert pages.cursor == "2", name

    anyio.run(main)


RECORDS: dict[str, list[Any]] = {
    "without an id": [{"name": "a"}, {"name": "b"}],
    "one record": [{"id": 1}],
    "one record without an id": [{"name": "a"}],
}


@modes
@pytest.mark.parametrize("rows", RECORDS)
def test_records_without_an_id_that_come_again_are_noticed_too(server: WireServer, rows: str, mode: str) -> None:
    def script(arrival: Arrival) -> Reply:
        data = {"success": True, "data": RECORDS[rows]}
        return Reply(body=json.dumps({**data, "additional_data": {"pagination": more}}).encode())

    more = {"more_items_in_collection": True}
    server.script = script
    client: Any
    got: list[object] = []

    async def main() -> None:
        async with async_client_of("v1", server) as client:
            async for item in client.v1.notes.iter():
                got.append(item)

    with pytest.raises(ResponseMismatch, match="nothing but what the page before"):  # noqa: PT012 - one of two
        if mode == "async":
            anyio.run(main)
        with client_of("v1", server) as client:
            for item in client.v1.notes.iter():
                got.append(item)
    assert len(got) == len(RECORDS[rows])
    assert len(server.arrivals) == 2


def test_records_of_few_chosen_fields_may_look_alike(server: WireServer) -> None:
    """Two pages of ``:(active_flag)`` hold the same text, though their records differ."""

    def script(arrival: Arrival) -> Reply:
        start = int(parse_qs(urlsplit(arrival.path).query).get("start", ["0"])[0])
        pagination = {"start": start, "more_items_in_collection": start < 4}
        data = [{"active_flag": True}, {"active_flag": True}]
        return Reply(
            body=json.dumps({"success": True, "data": data, "additional_data": {"pagination": pagination}}).encode()
        )

    server.script = script
    with client_of("v1", server) as client:
        assert len(list(client.v1.notes.iter(fields=["active_flag"]))) == 6


def test_a_server_that_ignores_start_is_noticed_though_few_fields_were_chosen(server: WireServer) -> None:
    body = {"success": True, "data": [{"active_flag": True}]}
    more = {"start": 0, "more_items_in_collection": True}
    server.script_of(Reply(body=json.dumps({**body, "additional_data": {"pagination": more}}).encode()))
    with client_of("v1", server) as client, pytest.raises(ResponseMismatch, match="nothing but"):  # noqa: PT012 - bound
        for _ in client.v1.notes.iter(fields=["active_flag"]):
            assert len(server.arrivals) < ENDS
    assert len(server.arrivals) == 2


@modes
@pytest.mark.parametrize("following", [0, 1, -2])
def test_a_next_start_that_goes_back_is_not_followed(server: WireServer, following: int, mode: str) -> None:
    def script(arrival: Arrival) -> Reply:
        page = v1(start_of("v1", arrival), True)
        if "start=" in arrival.path:
            page["additional_data"]["pagination"]["next_start"] = following
        return Reply(body=json.dumps(page).encode())

    server.script = script
    got, error, cursor = read("v1", server, mode)
    assert (got, cursor) == ([1, 2], "2")
    assert error is not None
    assert isinstance(error, ResponseMismatch)
    assert error.path == "$.additional_data.pagination.next_start"


@modes
@pytest.mark.parametrize("following", ["9" * 19, "9" * 5000], ids=["19 digits", "5000 digits"])
def test_a_next_start_of_more_digits_than_a_count_has_is_not_followed(
    server: WireServer, following: str, mode: str
) -> None:
    page = changed(v1(1, True), "additional_data.pagination.next_start", following)
    check_told_and_resumed(server, "v1", mode, page, 1)


@modes
@pytest.mark.parametrize("prefetch", [0, 3])
def test_a_record_whose_id_is_no_id_is_a_record_all_the_same(server: WireServer, prefetch: int, mode: str) -> None:
    def script(arrival: Arrival) -> Reply:
        page = v1(start_of("v1", arrival), "start=4" not in arrival.path)
        page["data"] = [{"id": [arrival.path]}, {"id": {"a": arrival.path}}]
        return Reply(body=json.dumps(page).encode())

    server.script = script
    got: list[object] = []

    async def main() -> None:
        async with async_client_of("v1", server) as client:
            async for item in client.v1.notes.iter(prefetch=prefetch):
                got.append(item)

    if mode == "async":
        anyio.run(main)
    else:
        with client_of("v1", server) as client:
            got.extend(client.v1.notes.iter(prefetch=prefetch))
    assert len(got) == 6


@modes
def test_records_that_come_again_with_a_part_changed_are_no_new_ones(server: WireServer, mode: str) -> None:
    def script(arrival: Arrival) -> Reply:
        assert len(server.arrivals) < ENDS
        page = v1(0, True)
        del page["additional_data"]["pagination"]["next_start"]
        for record in page["data"]:
            record["update_time"] = f"2026-01-01 00:00:{len(server.arrivals):02}"
        return Reply(body=json.dumps(page).encode())

    server.script = script
    got, error, cursor = read("v1", server, mode)
    assert isinstance(error, ResponseMismatch)
    assert (got, cursor, len(server.arrivals)) == ([1, 2], "2", 2)


@modes
@pytest.mark.parametrize("api", ["v2", "pipedream", "connect", "pipefy"])
def test_a_page_that_comes_again_behind_a_new_cursor_is_noticed(server: WireServer, api: str, mode: str) -> None:
    """The server makes a new cursor for each page and reads none: its first page would come for ever."""
    made: list[str] = []

    def script(arrival: Arrival) -> Reply:
        if arrival.path.endswith("/oauth/token"):
            return Reply(body=b'{"access_token":"a","token_type":"Bearer","expires_in":3600}')
        assert len(made) < ENDS
        made.append(f"c{len(made) + 1}")
        page = PAGES[api](0, True)
        if api == "v2":
            page["additional_data"]["next_cursor"] = made[-1]
        elif api == "pipefy":
            page["data"]["cards"]["pageInfo"]["endCursor"] = made[-1]
        else:
            page["page_info"]["end_cursor"] = made[-1]
        return Reply(body=json.dumps(page).encode())

    server.script = script
    got, error, cursor = read(api, server, mode)
    assert isinstance(error, ResponseMismatch)
    assert "nothing but what the page before it brought" in str(error)
    assert (got, cursor, len(made)) == ([1, 2], "c1", 2)
