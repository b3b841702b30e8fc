"""Deployed triggers and the proxy."""

from __future__ import annotations

import base64

import httpx

from tests.typedpipes_sandbox.pipedream.credentials import oauth
from typedpipes_sandbox import Sandbox


def test_a_trigger_is_deployed_listed_changed_and_deleted(sandbox: Sandbox, http: httpx.Client) -> None:
    headers, base = oauth(sandbox, http), f"{sandbox.pipedream_url}/v1/connect/proj_x"
    trigger = http.get(f"{base}/triggers", headers=headers).json()["data"][0]["key"]
    body = {"id": trigger, "external_user_id": "u1", "webhook_url": "https://example.com/hook"}
    made = http.post(f"{base}/triggers/deploy", json=body, headers=headers).json()["data"]
    mine = {"external_user_id": "u1"}
    listed = http.get(f"{base}/deployed-triggers", params=mine, headers=headers).json()["data"]
    assert [each["id"] for each in listed] == [made["id"]]
    one = f"{base}/deployed-triggers/{made['id']}"
    assert http.get(f"{one}/webhooks", params=mine, headers=headers).json()["webhook_urls"] == [body["webhook_url"]]
    assert http.put(one, params=mine, json={"active": False}, headers=headers).json()["data"]["active"] is False
    assert http.delete(one, params=mine, headers=headers).status_code < 300
    assert http.get(one, params=mine, headers=headers).status_code == 404


def test_the_proxy_echoes_what_an_upstream_would_get(sandbox: Sandbox, http: httpx.Client) -> None:
    headers, base = oauth(sandbox, http), f"{sandbox.pipedream_url}/v1/connect/proj_x"
    account = http.get(f"{base}/accounts", headers=headers).json()["data"][0]["id"]
    target = base64.urlsafe_b64encode(b"https://api.example.com/v1/items?x=1").decode().rstrip("=")
    answer = http.post(
        f"{base}/proxy/{target}",
        params={"external_user_id": "u1", "account_id": account},
        json={"a": 1},
        headers={**headers, "x-pd-proxy-accept": "text/plain", "x-other": "not forwarded"},
    ).json()
    assert answer["url"] == "https://api.example.com/v1/items?x=1"
    assert answer["headers"] == {"accept": "text/plain"}
    assert answer["body"] == {"a": 1}
