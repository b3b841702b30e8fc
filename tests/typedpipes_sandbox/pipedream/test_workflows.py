"""Endpoints of workflows."""

from __future__ import annotations

import httpx

from tests.typedpipes_sandbox.pipedream.credentials import oauth
from typedpipes_sandbox import Sandbox


def test_workflows_are_invoked_by_path_or_host(sandbox: Sandbox, http: httpx.Client) -> None:
    headers = {**oauth(sandbox, http), "X-PD-External-User-ID": "u1"}
    url = f"{sandbox.workflows_url}/enabc123/orders"
    answer = http.post(url, json={"key": "value"}, headers=headers).json()
    assert (answer["body"], answer["external_user_id"], answer["authenticated_as"]) == ({"key": "value"}, "u1", "oauth")
    assert answer["path"] == "/orders"
    assert http.post(url, json={}, headers={"X-PD-External-User-ID": "u1"}).status_code == 401
    named = http.post(sandbox.workflows_url, headers={"Host": "enabc123.m.pipedream.net"})
    assert named.json()["workflow"] == "enabc123"
