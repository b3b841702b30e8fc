"""Whatever bytes a server answers with: an error of ours or a value, in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer, serving
from typedpipes.errors import TypedPipesError
from typedpipes.pipedream import Pipedream
from typedpipes.pipedream.webhooks import connection_event
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipefy import Pipefy

ROOT = Path(__file__).parents[2]
MOST = 300
"""MiB that the process may take at most, with all that it imports."""


def test_no_answer_takes_more_than_bounded_memory_and_none_raises_an_error_of_a_library() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.hostile_bodies"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-2000:]
    seen = json.loads(run.stdout)
    assert not {name: told for name, (told, _) in seen["outcomes"].items() if told.startswith("RAW")}
    assert {told for name, (told, _) in seen["outcomes"].items() if "!" in name} == {"BadRequest"}
    assert all(
        told == "ResponseMismatch" for name, (told, _) in seen["outcomes"].items() if name.startswith("three layers 0")
    )
    assert seen["peak"] < MOST, max(seen["outcomes"].items(), key=lambda entry: entry[1][1])


@pytest.fixture
def server() -> Iterator[WireServer]:
    with serving() as running:
        yield running


DEPTHS = (700, 850, 940, 985, 20_000)
"""Some are read, some are not, and between them the stack ends in the middle of the work."""
PLACES = {
    "root": "{deep}",
    "data": '{{"success": true, "data": {deep}}}',
    "record": '{{"success": true, "data": [{{"id": 1, "title": {deep}, "unknown": {deep}}}]}}',
    "failure": '{{"success": false, "error": {deep}, "error_info": "no", "code": {deep}}}',
    "graphql data": '{{"data": {{"me": {deep}, "pipes": [{deep}], "createCard": {deep}}}}}',
    "graphql record": '{{"data": {{"me": {{"id": {deep}, "x": {deep}}}, "pipes": [{{"id": "1", "name": {deep}}}]}}}}',
    "graphql error": '{{"errors": [{{"message": {deep}, "extensions": {{"code": {deep}}}, "path": {deep}}}, {deep}]}}',
    "graphql payload": '{{"data": {{"createCard": {{"success": false, "userErrors": [{deep}, {{"m": {deep}}}]}}}}}}',
    "oauth": '{{"access_token": {deep}, "error": {deep}, "expires_in": {deep}}}',
}


def told(call: Callable[[], object]) -> str:
    """What comes of a call and of showing it: a value, or an error of ours."""
    try:
        call()
    except TypedPipesError as error:
        str(error), repr(error)
        return type(error).__name__
    return "read"


def deep_calls(server: WireServer) -> list[Callable[[], object]]:
    options = {"limits": "off", "retries": 0, "on_event": lambda event: None}
    crm = Pipedrive(api_token="t" * 40, base_url=server.url, **options)  # type: ignore[arg-type]  # options by name
    pipefy = Pipefy(token="t" * 40, base_url=server.url, **options)  # type: ignore[arg-type]  # options by name
    connect = Pipedream(
        client_id="c" * 20,
        client_secret="s" * 40,
        project_id="proj_1",
        environment="development",
        base_url=server.url,
        **options,  # type: ignore[arg-type]  # options by name
    )
    return [
        lambda: crm.v2.deals.list(),
        lambda: crm.v2.deals.get(1),
        lambda: crm.v1.currencies.list(),
        lambda: pipefy.me(),
        lambda: pipefy.pipes(ids=["1"]),
        lambda: pipefy.create_card(input={"pipe_id": "1"}),
        lambda: pipefy.execute("mutation { createCard(input: {}) { clientMutationId } }"),
        lambda: connect.connect.accounts.list(),
    ]


@pytest.mark.parametrize("opening", ["[", '{"a":'], ids=["lists", "objects"])
def test_json_that_nests_deeply_is_read_or_an_error_of_ours_wherever_it_stands(
    server: WireServer, opening: str
) -> None:
    calls = deep_calls(server)
    outcomes: set[str] = set()
    for depth in DEPTHS:
        closing = "]" if opening == "[" else "}"
        deep = opening * depth + ("1" if opening != "[" else "") + closing * depth
        for place in PLACES.values():
            body = place.format(deep=deep).encode()
            for status in (200,) if depth < 900 else (200, 400):
                server.script_of(Reply(status, body))
                outcomes |= {told(call) for call in calls}
            outcomes.add(told(lambda body=body: connection_event(body)))  # type: ignore[misc]  # bound now
    assert {"read", "ResponseMismatch", "BadRequest"} <= outcomes
