"""A sandbox in another process is steered over HTTP."""

from __future__ import annotations

import httpx

from typedpipes_sandbox import Sandbox


def test_a_sandbox_elsewhere_is_steered_over_http(sandbox: Sandbox, http: httpx.Client) -> None:
    admin = f"{sandbox.files_url}/__sandbox__"
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
