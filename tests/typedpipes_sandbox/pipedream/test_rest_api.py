"""The REST API's resources."""

from __future__ import annotations

import httpx

from tests.typedpipes_sandbox.pipedream.credentials import key
from typedpipes_sandbox import Sandbox


def test_rest_resources_are_stateful(sandbox: Sandbox, http: httpx.Client) -> None:
    rest = f"{sandbox.pipedream_url}/v1"
    made = http.post(
        f"{rest}/sources", json={"component_url": "https://example.com/a.js", "name": "Novo"}, headers=key(sandbox)
    )
    source = made.json()["data"]
    assert source["name_slug"] == "novo"
    query = {"emitter_id": source["id"], "listener_id": "p_abc123"}
    http.post(f"{rest}/subscriptions", params=query, headers=key(sandbox))
    listed = http.get(f"{rest}/workspaces/o_1/subscriptions", headers=key(sandbox)).json()["data"]
    assert [each["emitter_id"] for each in listed] == [source["id"]]
    assert (
        http.delete(f"{rest}/subscriptions", params={**query, "event_name": ""}, headers=key(sandbox)).status_code < 300
    )
    assert http.get(f"{rest}/workspaces/o_1/subscriptions", headers=key(sandbox)).json()["data"] == []


def test_include_and_exclude_narrow_the_answer(sandbox: Sandbox, http: httpx.Client) -> None:
    rest = f"{sandbox.pipedream_url}/v1"
    named = http.get(f"{rest}/apps", params={"include": "id,name"}, headers=key(sandbox)).json()["data"]
    assert {frozenset(each) for each in named} == {frozenset({"id", "name"})}
    without = http.get(f"{rest}/apps", params={"exclude": "description"}, headers=key(sandbox)).json()["data"]
    assert not any("description" in each for each in without)
    assert all("name_slug" in each for each in without)
