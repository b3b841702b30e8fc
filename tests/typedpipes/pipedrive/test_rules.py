"""Pipedrive's own rules: nothing is cleared by an empty object, and a failure says why whatever its form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer
from typedpipes.errors import APIError, ConfigurationError, QuotaExhausted
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes_api.pipedrive_v2 import DealUpdateRequest

SETTINGS: Any = {"api_token": "t" * 40, "limits": "off", "retries": 0}
FINE = Reply(body=b'{"success":true,"data":{"id":1}}')


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer(lambda _: FINE)) as made:
        yield made


def test_an_empty_object_of_custom_fields_is_refused(server: WireServer) -> None:
    with Pipedrive(base_url=server.url, **SETTINGS) as crm:
        for act in (
            lambda: crm.v2.deals.update(1, custom_fields={}),
            lambda: crm.v2.deals.update(1, body=DealUpdateRequest(custom_fields={})),
            lambda: crm.v2.persons.raw.update(1, custom_fields={}),
        ):
            with pytest.raises(ConfigurationError, match=r"would clear every custom field; .*\{'KEY': None\}"):
                act()
        assert not server.arrivals
        crm.v2.deals.update(1, custom_fields={"k": None})
        assert json.loads(server.arrivals[-1].body) == {"custom_fields": {"k": None}}
        crm.v2.deals.update(1, title="x")
        assert json.loads(server.arrivals[-1].body) == {"title": "x"}
        crm.v2.deals.create(title="x", custom_fields={})  # there is nothing to clear

    async def main() -> None:
        async with AsyncPipedrive(base_url=server.url, **SETTINGS) as crm:
            with pytest.raises(ConfigurationError, match="would clear every custom field"):
                await crm.v2.organizations.update(1, custom_fields={})

    anyio.run(main)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("body", "said", "code"),
    [
        ({"error": "Scope and URL mismatch", "error_info": "see docs"}, "Scope and URL mismatch", None),
        ({"error": {"message": "Bad owner", "code": "ERR_1"}}, "Bad owner", "ERR_1"),
        ({"message": "Bad owner", "errorCode": 4001}, "Bad owner", "4001"),
        ({"error": "Bad owner", "errorCode": 400, "data": None}, "Bad owner", "400"),
        ({"error": {"message": "Bad owner", "details": {"code": "DEEP"}}}, "Bad owner", "DEEP"),
        ({"errors": [{"title": "Bad", "detail": "owner"}]}, "Bad: owner", None),
        ({"code": "ERR_LAST"}, "ERR_LAST", "ERR_LAST"),
    ],
)
def test_a_failure_says_why_in_all_its_forms(
    server: WireServer, body: dict[str, Any], said: str, code: str | None, status: int
) -> None:
    server.script_of(Reply(status=status, body=json.dumps({"success": False, **body}).encode()))
    with Pipedrive(base_url=server.url, **SETTINGS) as crm, pytest.raises(APIError, match=said) as caught:
        crm.v2.deals.get(1)
    assert (caught.value.status, caught.value.code) == (status, code)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_call_that_was_refused_for_its_budget_does_not_say_that_it_was_never_sent(
    server: WireServer, mode: str
) -> None:
    empty = {"x-daily-ratelimit-token-limit": "30000", "x-daily-ratelimit-token-remaining": "0"}
    server.script_of(Reply(429, b'{"success":false,"error":"request over limit"}', empty))
    settings = SETTINGS | {"limits": "memory://", "retries": 2, "base_url": server.url}

    async def main() -> None:
        async with AsyncPipedrive(**settings) as crm:
            await crm.v2.deals.get(1)

    with pytest.raises(QuotaExhausted, match="was not sent again: the budget") as caught:  # noqa: PT012 - one of two
        if mode == "async":
            anyio.run(main)
        with Pipedrive(**settings) as crm:
            crm.v2.deals.get(1)
    assert len(server.arrivals) == 1
    assert isinstance(caught.value.__cause__, APIError)
    assert caught.value.__cause__.status == 429
