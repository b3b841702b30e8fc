"""From consent to rotated refresh tokens."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx

from typedpipes_sandbox import Sandbox


def tokens(sb: Sandbox, http: httpx.Client, **form: str) -> httpx.Response:
    """One request to the token endpoint."""
    basic = (sb.pipedrive.client_id, sb.pipedrive.client_secret)
    return http.post(f"{sb.pipedrive_oauth_url}/oauth/token", data=form, auth=basic)


def test_oauth_from_consent_to_rotated_refresh_tokens(sandbox: Sandbox, http: httpx.Client) -> None:
    redirect = "https://app.example.com/callback"
    query = {"client_id": sandbox.pipedrive.client_id, "redirect_uri": redirect, "state": "s1"}
    consent = http.get(f"{sandbox.pipedrive_oauth_url}/oauth/authorize", params=query)
    back = parse_qs(urlsplit(consent.headers["location"]).query)
    assert back["state"] == ["s1"]
    exchange = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": redirect}
    first = tokens(sandbox, http, **exchange).json()
    assert first["api_domain"] == sandbox.pipedrive_url
    assert tokens(sandbox, http, **exchange).status_code == 400, "a code works once"
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    answer = http.get(f"{first['api_domain']}/api/v2/deals", headers=bearer)
    assert answer.headers["x-ratelimit-limit"] == "160"
    sandbox.clock.advance(first["expires_in"])
    assert http.get(f"{first['api_domain']}/api/v2/deals", headers=bearer).status_code == 401
    second = tokens(sandbox, http, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second.json()["refresh_token"] != first["refresh_token"]
    replay = tokens(sandbox, http, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")


def test_client_secrets_do_not_work_at_the_api_host(sandbox: Sandbox, http: httpx.Client) -> None:
    basic = (sandbox.pipedrive.client_id, sandbox.pipedrive.client_secret)
    refused = http.post(f"{sandbox.pipedrive_url}/api/v1/oauth/token", data={"grant_type": "x"}, auth=basic)
    assert refused.status_code in {401, 404}
