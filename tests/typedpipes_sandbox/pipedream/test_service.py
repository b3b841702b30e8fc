"""The Pipedream stand-in: credentials by operation, bodies that do not fit."""

from __future__ import annotations

import httpx

from tests.typedpipes_sandbox.pipedream.credentials import key, oauth
from typedpipes_sandbox import Sandbox


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


def test_a_body_that_does_not_fit_is_refused_with_the_reason(sandbox: Sandbox, http: httpx.Client) -> None:
    refused = http.post(
        f"{sandbox.pipedream_url}/v1/connect/proj_x/tokens", json={"external_user_id": 7}, headers=oauth(sandbox, http)
    )
    assert refused.status_code == 400
    assert "external_user_id" in refused.json()["error"]
