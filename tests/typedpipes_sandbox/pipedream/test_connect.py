"""Accounts, tokens and users of Connect, by project and environment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from tests.typedpipes_sandbox.pipedream.credentials import oauth
from typedpipes_sandbox import Sandbox

MakeSandbox = Callable[..., Sandbox]


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
