"""The Pipefy stand-in: tokens and who may call."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from typedpipes_sandbox import Sandbox


@pytest.mark.parametrize("encoding", ["json", "data"])
def test_service_account_gets_a_token_that_works(sandbox: Sandbox, http: httpx.Client, encoding: str) -> None:
    fields = {"grant_type": "client_credentials", "client_id": sandbox.pipefy.client_id}
    sent: Any = {encoding: {**fields, "client_secret": sandbox.pipefy.client_secret}}
    answer = http.post(f"{sandbox.pipefy_url}/oauth/token", **sent).json()
    assert answer["token_type"] == "Bearer"
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    me = http.post(f"{sandbox.pipefy_url}/graphql", json={"query": "{ me { email } }"}, headers=headers)
    assert "@" in me.json()["data"]["me"]["email"]


def test_token_dies_with_the_sandbox_clock(sandbox: Sandbox, http: httpx.Client) -> None:
    fields = {"grant_type": "client_credentials", "client_id": sandbox.pipefy.client_id}
    body = {**fields, "client_secret": sandbox.pipefy.client_secret}
    answer = http.post(f"{sandbox.pipefy_url}/oauth/token", json=body).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    sandbox.clock.advance(answer["expires_in"] + 1)
    refused = http.post(f"{sandbox.pipefy_url}/graphql", json={"query": "{ me { id } }"}, headers=headers)
    assert refused.status_code == 401


def test_wrong_secret_is_refused(sandbox: Sandbox, http: httpx.Client) -> None:
    body = {"grant_type": "client_credentials", "client_id": sandbox.pipefy.client_id, "client_secret": "wrong"}
    refused = http.post(f"{sandbox.pipefy_url}/oauth/token", json=body)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_people_who_are_no_admins_are_denied(sandbox: Sandbox, http: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {sandbox.pipefy.guest_token}"}
    answer = http.post(f"{sandbox.pipefy_url}/graphql", json={"query": "{ me { id } }"}, headers=headers).json()
    assert answer["errors"][0]["extensions"]["code"] == "PERMISSION_DENIED"
