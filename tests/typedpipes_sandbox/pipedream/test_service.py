"""The Pipedream stand-in: credentials by operation, Connect state and envelopes, REST resources, workflows."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from typedpipes_sandbox import Sandbox

MakeSandbox = Callable[..., Sandbox]


def oauth(sb: Sandbox, http: httpx.Client) -> dict[str, str]:
    """Headers with a fresh OAuth token for the development environment."""
    body = {
        "grant_type": "client_credentials",
        "client_id": sb.pipedream.client_id,
        "client_secret": sb.pipedream.client_secret,
    }
    answer = http.post(f"{sb.pipedream_url}/v1/oauth/token", json=body).json()
    assert answer["expires_in"] == 3600
    return {"Authorization": f"Bearer {answer['access_token']}", "X-PD-Environment": "development"}


def key(sb: Sandbox) -> dict[str, str]:
    """Headers with the user API key."""
    return {"Authorization": f"Bearer {sb.pipedream.user_api_key}"}


def test_a_revoked_or_expired_token_is_refused(sandbox: Sandbox, http: httpx.Client) -> None:
    headers, url = oauth(sandbox, http), f"{sandbox.pipedream_url}/v1/connect/proj_x/users"
    assert http.get(url, headers=headers).status_code == 200
    body = {
        "token": headers["Authorization"].partition(" ")[2],
        "client_id": sandbox.pipedream.client_id,
        "client_secret": sandbox.pipedream.client_secret,
    }
    assert http.post(f"{sandbox.pipedream_url}/v1/oauth/revoke", json=body).json() == {}
    assert http.get(url, headers=headers).status_code == 401
    headers = oauth(sandbox, http)
    sandbox.clock.advance(3600)
    assert http.get(url, headers=headers).status_code == 401


def test_operations_take_only_their_kind_of_credential(sandbox: Sandbox, http: httpx.Client) -> None:
    rest = f"{sandbox.pipedream_url}/v1"
    assert http.get(f"{rest}/users/me", headers=oauth(sandbox, http)).status_code == 403
    assert http.get(f"{rest}/users/me", headers=key(sandbox)).json()["data"]["orgs"][0]["id"] == "o_1"
    tokens = f"{sandbox.pipedream_url}/v1/connect/proj_x/tokens"
    assert http.post(tokens, json={"external_user_id": "u1"}, headers=key(sandbox)).status_code == 403


def test_accounts_come_in_pages_and_end(sandbox: Sandbox, http: httpx.Client) -> None:
    headers, url = oauth(sandbox, http), f"{sandbox.pipedream_url}/v1/connect/proj_x/accounts"
    seen: list[str] = []
    after: str | None = None
    while True:
        parameters = {"limit": "10"} | ({"after": after} if after else {})
        page = http.get(url, params=parameters, headers=headers).json()
        seen += [each["id"] for each in page["data"]]
        if not page["data"]:
            break
        after = page["page_info"]["end_cursor"]
    assert len(seen) == len(set(seen)) == page["page_info"]["total_count"] == 25
    assert http.get(url, params={"after": "bm9wZQ"}, headers=headers).status_code == 400


@pytest.mark.parametrize(("form", "keys"), [("live", {"data", "page_info"}), ("documented", {"data"})])
def test_account_envelopes_follow_the_switch(
    make_sandbox: MakeSandbox, http: httpx.Client, form: str, keys: set[str]
) -> None:
    sb = make_sandbox(connect_envelopes=form)
    headers, url = oauth(sb, http), f"{sb.pipedream_url}/v1/connect/proj_x/accounts"
    answer = http.get(url, headers=headers).json()
    assert set(answer) == keys
    accounts = answer["data"] if form == "live" else answer["data"]["accounts"]
    one = http.get(f"{url}/{accounts[0]['id']}", params={"include_credentials": "true"}, headers=headers).json()
    one = one if form == "live" else one["data"]
    assert one["credentials"]["oauth_access_token"].startswith("secret-access-")
    assert ("scope_profiles" in one["app"]) is (form == "live")


def test_environments_keep_their_own_accounts(sandbox: Sandbox, http: httpx.Client) -> None:
    headers, url = oauth(sandbox, http), f"{sandbox.pipedream_url}/v1/connect/proj_x/accounts"
    first = http.get(url, headers=headers).json()["data"][0]["id"]
    assert http.delete(f"{url}/{first}", headers=headers).status_code == 204
    assert http.get(f"{url}/{first}", headers=headers).status_code == 404
    production = {**headers, "X-PD-Environment": "production"}
    assert http.get(url, headers=production).json()["page_info"]["total_count"] == 25
    assert http.get(url, headers=headers).json()["page_info"]["total_count"] == 24


def test_a_connect_token_acts_for_its_user_without_naming_the_project(sandbox: Sandbox, http: httpx.Client) -> None:
    headers, base = oauth(sandbox, http), f"{sandbox.pipedream_url}/v1/connect"
    made = http.post(f"{base}/proj_x/tokens", json={"external_user_id": "u1"}, headers=headers).json()
    assert made["token"].startswith("ctok_")
    mine = http.get(f"{base}/accounts", headers={"Authorization": f"Bearer {made['token']}"}).json()["data"]
    assert {each["external_id"] for each in mine} == {"u1"}
    validated = http.get(f"{base}/tokens/{made['token']}/validate", params={"app_id": "slack"}, headers=headers)
    assert validated.json()["success"] is True
    assert made["token"] not in str([entry.as_dict() for entry in sandbox.log])
    sandbox.clock.advance(14400)
    assert http.get(f"{base}/accounts", headers={"Authorization": f"Bearer {made['token']}"}).status_code == 401


def test_deleting_an_end_user_deletes_the_accounts(sandbox: Sandbox, http: httpx.Client) -> None:
    headers, base = oauth(sandbox, http), f"{sandbox.pipedream_url}/v1/connect/proj_x"
    user = "müller%2F7"
    before = http.get(f"{base}/users/{user}/accounts", headers=headers).json()
    assert before
    assert http.delete(f"{base}/users/{user}", headers=headers).status_code == 204
    assert http.get(f"{base}/users/{user}/accounts", headers=headers).json() == []


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


def test_workflows_are_invoked_by_path_or_host(sandbox: Sandbox, http: httpx.Client) -> None:
    headers = {**oauth(sandbox, http), "X-PD-External-User-ID": "u1"}
    url = f"{sandbox.workflows_url}/enabc123/orders"
    answer = http.post(url, json={"key": "value"}, headers=headers).json()
    assert (answer["body"], answer["external_user_id"], answer["authenticated_as"]) == ({"key": "value"}, "u1", "oauth")
    assert answer["path"] == "/orders"
    assert http.post(url, json={}, headers={"X-PD-External-User-ID": "u1"}).status_code == 401
    named = http.post(sandbox.workflows_url, headers={"Host": "enabc123.m.pipedream.net"})
    assert named.json()["workflow"] == "enabc123"


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


def test_events_are_deleted_by_inclusive_bounds(sandbox: Sandbox, http: httpx.Client) -> None:
    rest = f"{sandbox.pipedream_url}/v1"
    source = http.get(f"{rest}/users/me/sources", headers=key(sandbox)).json()["data"][0]["id"]
    events = http.get(f"{rest}/sources/{source}/event_summaries", headers=key(sandbox)).json()["data"]
    bounds = {"start_id": events[1]["id"], "end_id": events[2]["id"]}
    assert http.delete(f"{rest}/sources/{source}/events", params=bounds, headers=key(sandbox)).status_code == 202
    left = http.get(f"{rest}/sources/{source}/event_summaries", headers=key(sandbox)).json()["data"]
    assert [each["id"] for each in left] == [each["id"] for each in events if each not in events[1:3]]


def test_include_and_exclude_narrow_the_answer(sandbox: Sandbox, http: httpx.Client) -> None:
    rest = f"{sandbox.pipedream_url}/v1"
    named = http.get(f"{rest}/apps", params={"include": "id,name"}, headers=key(sandbox)).json()["data"]
    assert {frozenset(each) for each in named} == {frozenset({"id", "name"})}
    without = http.get(f"{rest}/apps", params={"exclude": "description"}, headers=key(sandbox)).json()["data"]
    assert not any("description" in each for each in without)
    assert all("name_slug" in each for each in without)


def test_a_body_that_does_not_fit_is_refused_with_the_reason(sandbox: Sandbox, http: httpx.Client) -> None:
    refused = http.post(
        f"{sandbox.pipedream_url}/v1/connect/proj_x/tokens", json={"external_user_id": 7}, headers=oauth(sandbox, http)
    )
    assert refused.status_code == 400
    assert "external_user_id" in refused.json()["error"]


@pytest.mark.parametrize(("asked", "life"), [(60, 60.0), (-(10**30), 0.0)])
def test_a_connect_token_lives_as_long_as_asked_within_bounds(
    sandbox_offline: Sandbox, asked: int, life: float
) -> None:
    sandbox_offline.pipedream.tokens.add("oauth-for-tests", "oauth", sandbox_offline.pipedream.client_id)
    with httpx.Client(transport=sandbox_offline.transport()) as client:
        answer = client.post(
            "https://api.pipedream.com/v1/connect/proj_x/tokens",
            json={"external_user_id": "u1", "expires_in": asked},
            headers={"Authorization": "Bearer oauth-for-tests", "X-PD-Environment": "development"},
        )
    assert answer.status_code == 200
    expires = datetime.fromisoformat(answer.json()["expires_at"]).timestamp()
    assert expires - sandbox_offline.clock.now() == pytest.approx(life, abs=30)
