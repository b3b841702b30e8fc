"""What the vendors' newest clients and the corners of their references know, sent and read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer
from typedpipes import extras, from_wire
from typedpipes._core.decoding.model import JSON
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes_api.connect import CreateTokenResponse
from typedpipes_api.pipedrive_v1 import Organization
from typedpipes_sandbox import Sandbox


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.errors == []


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.log.clear()
    return running


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer()) as made:
        yield made


def test_several_statuses_and_ids_are_one_text(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm:
        assert {deal.status for deal in crm.v2.deals.iter(status=["open", "won"])} == {"open", "won"}
        crm.v2.deals.list(status="open,won")
        crm.v2.deals.list(status="open")
        crm.v2.deals.installments.list(deal_ids=[1, 2])
        crm.v2.deal_products.list(deal_ids=[1, 2])
        first, *_, middle, _, installments, products = [entry.query for entry in sandbox.log]
    assert "status=open,won" in first
    assert "status=open,won" in middle
    assert "deal_ids=1,2" in installments
    assert "deal_ids=1,2" in products


def test_null_clears_a_deals_person_and_a_stages_days(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm:
        deal = crm.v2.deals.update(1, person_id=None, org_id=None, archive_time=None, channel=3)
        assert deal.data is not None
        assert (deal.data.person_id, deal.data.org_id, deal.data.channel) == (None, None, 3)
        crm.v2.stages.update(1, days_to_rotten=None)


def test_connect_resets_deliveries_and_makes_limits(sandbox: Sandbox) -> None:
    with Pipedream(env=sandbox.environment()) as pd:
        webhook = pd.connect.deployed_triggers.webhooks.reset_delivery_state("dc_1", "wh_1", external_user_id="u1").data
        assert webhook.delivery_state in {"happy", "penalty", "life_support", "deactivated"}
        limit = pd.connect.rate_limits.create(window_size_seconds=10, requests_per_window=1000)
        assert limit.token
        assert limit.token not in repr(limit)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_answers_the_reference_does_not_show_are_kept(mode: str, sandbox: Sandbox) -> None:
    calls: list[Callable[[Any], Any]] = [
        lambda pd: pd.rest.subscriptions.create(emitter_id="dc_1", listener_id="p_1"),
        lambda pd: pd.rest.auto_subscriptions.create(event_name="$errors", listener_id="p_1"),
        lambda pd: pd.rest.workflows.update("p_abc123", active=False, org_id="o_1"),
    ]

    async def main() -> list[Any]:
        async with AsyncPipedream(env=sandbox.environment()) as pd:
            return [await call(pd) for call in calls]

    if mode == "async":
        answers = anyio.run(main)
    else:
        with Pipedream(env=sandbox.environment()) as pd:
            answers = [call(pd) for call in calls]
    assert [answer["data"]["id"][:2] for answer in answers] == ["su", "su", "p_"]


def test_events_are_read_before_and_after_one(sandbox: Sandbox) -> None:
    with Pipedream(env=sandbox.environment()) as pd:
        events = [event.id for event in pd.rest.workflows.emits.list("p_abc123").data]
        later = pd.rest.workflows.emits.list("p_abc123", after=events[2]).data
        earlier = pd.rest.workflows.errors.list("p_abc123", before=events[2]).data
    assert [event.id for event in later] == events[3:]
    assert [event.id for event in earlier] == events[:2]


def test_a_token_without_an_address_is_read_and_says_so_when_a_link_is_asked_for() -> None:
    token = from_wire(CreateTokenResponse, {"token": "ctok_1", "expires_at": "2026-12-01T00:00:00Z"}, strict=True)
    with pytest.raises(ConfigurationError, match="without connect_link_url"):
        token.link(app="slack")


def test_a_null_list_is_an_empty_list(server: WireServer) -> None:
    server.script_of(Reply(body=b"null"))
    with Pipedream(base_url=server.url, connect_token="t" * 20, project_id="proj_1", limits="off") as pd:
        assert pd.connect.accounts.list_by_external_user("u1") == []


HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_custom_fields_of_v1_are_sent_beside_the_others(mode: str, server: WireServer) -> None:
    server.script_of(Reply(body=b'{"success": true, "data": {"id": "1"}}'))
    settings: dict[str, Any] = {"api_token": "t" * 40, "base_url": server.url, "limits": "off"}
    fields = {HASH: "red", f"{HASH}_admin_area_level_1": "Harju", f"{HASH}_until": None}

    async def main() -> None:
        async with AsyncPipedrive(**settings) as crm:
            await crm.v1.leads.create(title="t", person_id=1, custom_fields=fields)

    if mode == "async":
        anyio.run(main)
    else:
        with Pipedrive(**settings) as crm:
            crm.v1.leads.create(title="t", person_id=1, custom_fields=fields)
            with pytest.raises(ConfigurationError, match="title is given as an argument and in custom_fields"):
                crm.v1.leads.create(title="t", custom_fields={"title": "u"})
    (arrival,) = server.arrivals
    sent = json.loads(arrival.body)
    assert sent == {"title": "t", "person_id": 1, **fields}
    assert fields.keys() == {HASH, f"{HASH}_admin_area_level_1", f"{HASH}_until"}


def test_the_parts_of_a_custom_address_are_no_drift() -> None:
    wire: dict[str, JSON] = {"id": 1, HASH: "x", f"{HASH}_admin_area_level_1": "Harju", f"{HASH}_subpremise": None}
    assert extras(from_wire(Organization, wire, strict=True)).keys() == wire.keys() - {"id"}
