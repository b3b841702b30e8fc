"""Operations that are more than reading and writing a record."""

from __future__ import annotations

import httpx

from tests.typedpipes_sandbox.pipedrive.calls import send
from typedpipes_sandbox import Sandbox


def test_search_finds_by_title(sandbox: Sandbox, http: httpx.Client) -> None:
    send(sandbox, http, "POST", "/v2/deals", json={"title": "Ünique title"})
    found = send(sandbox, http, "GET", "/v2/deals/search", params={"term": "ünique"}).json()["data"]["items"]
    assert [each["item"]["title"] for each in found] == ["Ünique title"]


def test_a_file_is_kept_and_can_be_downloaded(sandbox: Sandbox, http: httpx.Client) -> None:
    made = send(sandbox, http, "POST", "/v1/files", files={"file": ("nota.txt", "olá".encode(), "text/plain")})
    assert made.json()["success"] is True
    content = send(sandbox, http, "GET", f"/v1/files/{made.json()['data']['id']}/download")
    assert content.content.decode() == "olá"
