"""The Pipedrive stand-in: credentials, and requests that do not fit."""

from __future__ import annotations

import httpx

from tests.typedpipes_sandbox.pipedrive.calls import send
from typedpipes_sandbox import Sandbox


def test_requests_that_do_not_fit_are_refused(sandbox: Sandbox, http: httpx.Client) -> None:
    missing = send(sandbox, http, "POST", "/v2/deals", json={"value": 1})
    assert missing.status_code == 400
    assert "title" in missing.json()["error"]
    assert send(sandbox, http, "GET", "/v2/deals/abc").status_code == 400
    assert send(sandbox, http, "GET", "/v2/nothing").status_code == 404
    assert send(sandbox, http, "PUT", "/v2/deals").status_code == 405


def test_bearer_and_api_token_are_told_apart(sandbox: Sandbox, http: httpx.Client) -> None:
    url = f"{sandbox.pipedrive_url}/api/v2/deals"
    assert http.get(url).status_code == 401
    assert http.get(url, headers={"x-api-token": "wrong"}).status_code == 401
    assert http.get(url, headers={"Authorization": f"Bearer {sandbox.pipedrive.api_token}"}).status_code == 401


def test_what_the_schema_does_not_allow_is_refused_with_the_reason(sandbox: Sandbox, http: httpx.Client) -> None:
    twice = send(sandbox, http, "GET", "/v2/deals", params=[("limit", "1"), ("limit", "2")])
    assert (twice.status_code, twice.json()["error"]) == (
        400,
        "Bad request: query parameter limit: is given 2 times",
    )
    files = {"file": ("nota.txt", b"content", "text/plain")}
    part = send(sandbox, http, "POST", "/v1/files", files=files, data={"deal_id": "{}"})
    assert (part.status_code, part.json()["error"]) == (400, "Bad request: deal_id: expected integer, got string")
    assert send(sandbox, http, "POST", "/v1/files", files=files, data={"deal_id": "7"}).status_code == 200


def test_an_integer_in_scientific_notation_is_an_integer(sandbox: Sandbox, http: httpx.Client) -> None:
    assert len(send(sandbox, http, "GET", "/v2/deals", params={"limit": "1e1"}).json()["data"]) == 10
    assert send(sandbox, http, "GET", "/v2/deals", params={"limit": "1.5"}).status_code == 400
