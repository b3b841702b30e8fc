"""The log of what arrived."""

from __future__ import annotations

import httpx

from typedpipes_sandbox import Limits, Sandbox


def test_no_credential_is_readable_in_the_log(sandbox_env: Sandbox, http: httpx.Client) -> None:
    sb, values = sandbox_env, sandbox_env.environment()
    http.get(f"{sb.pipedrive_url}/api/v2/deals", params={"api_token": values["PIPEDRIVE_API_TOKEN"]})
    http.get(f"{sb.pipedrive_url}/api/v2/deals", headers={"x-api-token": values["PIPEDRIVE_API_TOKEN"]})
    http.get(f"{sb.pipedream_url}/v1/users/me", headers={"Authorization": f"Bearer {values['PIPEDREAM_API_KEY']}"})
    http.post(f"{sb.pipedrive_oauth_url}/oauth/token", auth=("id", sb.pipedrive.client_secret))
    text = str([entry.as_dict() for entry in sb.log])
    assert len(sb.log) == 4
    for secret in (values["PIPEDRIVE_API_TOKEN"], values["PIPEDREAM_API_KEY"], sb.pipedrive.client_secret):
        assert secret not in text


def test_the_log_can_be_bounded_and_still_counts() -> None:
    sb = Sandbox(log_limit=10, limits=Limits.off())
    with httpx.Client(transport=sb.transport()) as client:
        for _ in range(25):
            client.get(
                "https://acme.pipedrive.com/api/v2/deals?limit=1", headers={"x-api-token": sb.pipedrive.api_token}
            )
    assert (len(sb.log), sb.log.total, sb.log.counts["pipedrive:200"]) == (10, 25, 25)
