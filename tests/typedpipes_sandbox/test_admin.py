"""A sandbox in another process is steered over HTTP."""

from __future__ import annotations

import os

import httpx
import pytest

from typedpipes_sandbox import Sandbox


def test_a_sandbox_elsewhere_is_steered_over_http(sandbox: Sandbox, http: httpx.Client) -> None:
    admin = f"{sandbox.files_url}/__sandbox__"
    http.headers["authorization"] = f"Bearer {sandbox.admin_token}"
    assert http.get(f"{admin}/health").json()["ready"] is True
    http.post(f"{admin}/faults", json={"path": "/api/v2/deals", "status": 418, "count": 1})
    headers = {"x-api-token": sandbox.pipedrive.api_token}
    assert http.get(f"{sandbox.pipedrive_url}/api/v2/deals", headers=headers).status_code == 418
    assert http.get(f"{admin}/faults").json()[0]["hits"] == 1
    assert http.post(f"{admin}/faults", json={"colour": "red"}).status_code == 400
    now = http.get(f"{admin}/clock").json()["now"]
    assert http.post(f"{admin}/clock", json={"advance": 60}).json()["now"] >= now + 60
    http.post(f"{admin}/exports", json={"pace": "once"})
    assert sandbox.exports.as_dict()["settings"]["pace"] == "once"
    log = http.get(f"{admin}/log", params={"api": "pipedrive"}).json()
    assert [entry["status"] for entry in log] == [418]
    assert sandbox.log.total == 1, "administrative requests are not arrivals"


REFUSED: dict[str, tuple[int, dict[str, str]]] = {
    "no token": (401, {"authorization": ""}),
    "another token": (401, {"authorization": "Bearer x"}),
    "a page": (403, {"origin": "https://evil.example"}),
    "a page on this machine": (403, {"origin": "http://127.0.0.1:8000"}),
    "a page without origin": (403, {"origin": "null"}),
    "another name of this machine": (403, {"host": "evil.example"}),
    "a name that looks like it": (403, {"host": "127.0.0.1.evil.example:80"}),
    "what forms can send": (415, {"content-type": "text/plain"}),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_web_page_cannot_steer_the_sandbox(sandbox: Sandbox, http: httpx.Client, kind: str) -> None:
    status, headers = REFUSED[kind]
    before = sandbox.clock.now()
    sent = {"authorization": f"Bearer {sandbox.admin_token}", "content-type": "application/json", **headers}
    answer = http.post(f"{sandbox.files_url}/__sandbox__/clock", content=b'{"advance": 9999}', headers=sent)
    assert answer.status_code == status
    assert "error" in answer.json()
    assert sandbox.clock.now() - before < 9999


def test_whether_a_sandbox_is_ready_may_be_asked_without_token(sandbox: Sandbox, http: httpx.Client) -> None:
    assert http.get(f"{sandbox.files_url}/__sandbox__/health").status_code == 200
    assert http.get(f"{sandbox.files_url}/__sandbox__/health", headers={"host": "evil.example"}).status_code == 403
    assert http.get(f"{sandbox.files_url}/__sandbox__/environment").status_code == 401


def test_the_token_is_in_the_environment_of_a_test(sandbox_env: Sandbox) -> None:
    assert os.environ["TYPEDPIPES_SANDBOX_TOKEN"] == sandbox_env.admin_token
