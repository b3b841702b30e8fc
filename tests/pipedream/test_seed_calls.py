"""Each request that seeds 001 and 002 show is one line here, and what arrives is what the seed shows."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import anyio
import httpx
import pytest

from typedpipes.errors import APIError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes_sandbox import Sandbox

TABLE = tomllib.loads((Path(__file__).parent / "seed_calls.toml").read_text(encoding="utf-8"))
CALLS: list[dict[str, Any]] = TABLE["call"]


@pytest.fixture(scope="module", params=["sync", "async"])
def outcome(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Performs one line in a colour of client; the result is the arrival and the body that was sent."""
    with Sandbox() as sandbox:
        env = {name: value for name, value in sandbox.environment().items() if name != "PIPEDREAM_ORG_ID"}
        bodies: list[bytes] = []

        async def keep(sent: httpx.Request) -> None:
            bodies.append(await sent.aread())

        def synchronous(line: str) -> None:
            hooks = {"request": [lambda sent: bodies.append(sent.read())]}
            with httpx.Client(event_hooks=hooks) as http, Pipedream(env=env, http_client=http) as pd:
                eval(line, {"pd": pd})

        async def asynchronous(line: str) -> None:
            async with (
                httpx.AsyncClient(event_hooks={"request": [keep]}) as http,
                AsyncPipedream(env=env, http_client=http) as pd,
            ):
                await eval(line, {"pd": pd})

        def perform(line: str) -> tuple[Any, bytes, int]:
            sandbox.log.clear()
            bodies.clear()
            status = 0
            try:
                if request.param == "sync":
                    synchronous(line)
                else:
                    anyio.run(asynchronous, line)
            except APIError as error:
                status = error.status
            assert sandbox.errors == []
            return sandbox.log[-1], bodies[-1], status

        yield perform


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['seed']} {call['heading']}")
def test_the_line_sends_what_the_seed_shows(outcome: Any, call: dict[str, Any]) -> None:
    if "before" in call:
        outcome(call["before"])
    arrival, body, failure = outcome(call["python"])
    assert (arrival.method, arrival.path) == (call["method"], call["path"])
    assert arrival.api == call.get("origin", "pipedream")
    assert sorted(parse_qsl(arrival.query, keep_blank_values=True)) == sorted(
        parse_qsl(call["query"], keep_blank_values=True)
    )
    for name, value in call.get("headers", {}).items():
        assert arrival.headers[name] == value, name
    assert ("authorization" in arrival.headers) == ("/oauth/" not in call["path"])
    assert (json.loads(body) if body else None) == (json.loads(call["body"]) if "body" in call else None)
    wanted = call.get("status", 200)
    assert arrival.status // 100 == wanted // 100
    assert failure == (wanted if wanted >= 400 else 0), "an answer that succeeds decodes"


def test_every_exemption_and_every_change_has_its_reason() -> None:
    assert len(CALLS) == 44
    assert all(entry["reason"] and entry["what"] and entry["seed"] in ("001", "002") for entry in TABLE["exempt"])
    assert all(isinstance(call["mended"], str) for call in CALLS)
