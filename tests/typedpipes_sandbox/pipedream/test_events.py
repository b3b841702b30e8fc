"""Events of sources."""

from __future__ import annotations

import httpx

from tests.typedpipes_sandbox.pipedream.credentials import key
from typedpipes_sandbox import Sandbox


def test_events_are_deleted_by_inclusive_bounds(sandbox: Sandbox, http: httpx.Client) -> None:
    rest = f"{sandbox.pipedream_url}/v1"
    source = http.get(f"{rest}/users/me/sources", headers=key(sandbox)).json()["data"][0]["id"]
    events = http.get(f"{rest}/sources/{source}/event_summaries", headers=key(sandbox)).json()["data"]
    bounds = {"start_id": events[1]["id"], "end_id": events[2]["id"]}
    assert http.delete(f"{rest}/sources/{source}/events", params=bounds, headers=key(sandbox)).status_code == 202
    left = http.get(f"{rest}/sources/{source}/event_summaries", headers=key(sandbox)).json()["data"]
    assert [each["id"] for each in left] == [each["id"] for each in events if each not in events[1:3]]
