"""Each request that the vendors' pages show is one line here, and what arrives is what the page shows."""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from anyio.from_thread import start_blocking_portal
from graphql import parse, print_ast

from tests.end_to_end.contract.received import received
from tests.end_to_end.contract.seed_calls_page import PAGE, page
from typedpipes.errors import APIError, TypedPipesError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_api.pipefy_documented import AsyncClient, Client
from typedpipes_sandbox import Sandbox

FILE = Path(__file__).parent / "seed_calls.toml"
TABLE = tomllib.loads(FILE.read_text(encoding="utf-8"))
CALLS: list[dict[str, Any]] = TABLE["call"]
CLIENTS: dict[str, tuple[Any, Any]] = {
    "pd": (Pipedream, AsyncPipedream),
    "crm": (Pipedrive, AsyncPipedrive),
    "pipefy": (Pipefy, AsyncPipefy),
}
NO_CREDENTIAL = ("/v1/oauth/token", "/v1/oauth/revoke")


@pytest.fixture(scope="module", params=["sync", "async"])
def outcome(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Performs one line in a mode of client: the last request as it arrived, its status, and what was raised."""
    with (
        Sandbox(pipefy_form="documented") as sandbox,
        received(sandbox) as arrived,
        ExitStack() as stack,
    ):
        env = {name: value for name, value in sandbox.environment().items() if name != "PIPEDREAM_ORG_ID"}

        names: dict[str, Any] = {}
        asynchronous = request.param == "async"
        portal = stack.enter_context(start_blocking_portal()) if asynchronous else None
        for name, kinds in CLIENTS.items():
            if portal is None:
                names[name] = stack.enter_context(kinds[0](env=env))
            else:
                names[name] = stack.enter_context(portal.wrap_async_context_manager(kinds[1](env=env)))
        names["Client"] = AsyncClient if asynchronous else Client

        async def awaited(line: str) -> None:
            await eval(line, names)

        def perform(line: str) -> tuple[Any, int, TypedPipesError | None]:
            del arrived[:]
            raised = None
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                try:
                    eval(line, names) if portal is None else portal.call(awaited, line)
                except TypedPipesError as error:
                    raised = error
            assert sandbox.errors == []
            return arrived[-1], sandbox.log[-1].status, raised

        yield perform


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['seed']} {call['heading']}")
def test_the_line_sends_what_the_page_shows(outcome: Any, call: dict[str, Any]) -> None:
    if "before" in call:
        outcome(call["before"])
    arrival, status, raised = outcome(call["python"])
    assert (arrival.method, arrival.path) == (call["method"], call["path"])
    assert arrival.api == call.get("origin", "pipedream")
    assert sorted(arrival.query) == sorted(parse_qsl(call["query"], keep_blank_values=True))
    for name, value in call.get("headers", {}).items():
        assert arrival.headers[name] == value, name
    credential = "x-api-token" if arrival.api == "pipedrive" else "authorization"
    assert (credential in arrival.headers) == (call["path"] not in NO_CREDENTIAL)
    same_body(arrival.body, call)
    wanted = call.get("status", 200)
    assert status // 100 == wanted // 100
    if "raises" in call:
        assert call["raises"] in {kind.__name__ for kind in type(raised).__mro__}, raised
    elif wanted >= 400:
        assert isinstance(raised, APIError)
        assert raised.status == wanted
    else:
        assert raised is None, "an answer that succeeds decodes"


def same_body(body: bytes, call: dict[str, Any]) -> None:
    if "document" in call:
        sent = json.loads(body)
        assert nameless(sent["query"]) == nameless(call["document"])
        assert sent["variables"] == json.loads(call["variables"])
    elif "form" in call:
        assert sorted(parse_qsl(body.decode())) == sorted(parse_qsl(call["form"]))
    else:
        assert (json.loads(body) if body else None) == (json.loads(call["body"]) if "body" in call else None)


def nameless(document: str) -> str:
    """A document in one spelling; its operation's name is nobody's business but the log's."""
    parsed = parse(document, no_location=True)
    parsed.definitions[0].name = None
    return print_ast(parsed)


def test_every_exemption_and_every_change_has_its_reason() -> None:
    seeds = [call["seed"] for call in CALLS]
    assert {seed: seeds.count(seed) for seed in set(seeds)} == {"001": 35, "002": 9, "003": 6, "004": 3}
    assert all(
        entry["reason"] and entry["what"] and entry["seed"] in ("000", "001", "002") for entry in TABLE["exempt"]
    )
    assert all(isinstance(call["mended"], str) for call in CALLS)


def test_the_page_of_examples_is_in_step_with_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.end_to_end.contract.seed_calls_page"
