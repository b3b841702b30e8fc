"""Headers with the credentials of the Pipedream stand-in."""

from __future__ import annotations

import httpx

from typedpipes_sandbox import Sandbox


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
