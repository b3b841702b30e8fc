"""The Pipedrive stand-in: both versions over one store, selector, paging, custom fields, OAuth, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from typedpipes_sandbox import Sandbox
from typedpipes_sandbox.data.crm import BUDGET, RENEWAL_DATE

MakeSandbox = Callable[..., Sandbox]


def send(sb: Sandbox, http: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """One request with the API token."""
    headers = {"x-api-token": sb.pipedrive.api_token}
    return http.request(method, f"{sb.pipedrive_url}/api{path}", headers=headers, **options)


def test_what_one_version_creates_the_other_reads(sandbox: Sandbox, http: httpx.Client) -> None:
    body = {
        "title": "Café nº 1",
        "value": 12.5,
        "currency": "BRL",
        "person_id": 3,
        "custom_fields": {RENEWAL_DATE: "2027-01-31"},
    }
    made = send(sandbox, http, "POST", "/v2/deals", json=body).json()["data"]
    old = send(sandbox, http, "GET", f"/v1/deals/{made['id']}").json()["data"]
    assert old["title"] == "Café nº 1"
    assert old["person_id"]["value"] == 3
    assert old[RENEWAL_DATE] == "2027-01-31"
    changed = send(sandbox, http, "PUT", f"/v1/deals/{made['id']}", json={"title": "Outro", BUDGET: 7}).json()
    assert changed["success"] is True
    new = send(sandbox, http, "GET", f"/v2/deals/{made['id']}").json()["data"]
    assert new["title"] == "Outro"
    assert new["custom_fields"] == {RENEWAL_DATE: "2027-01-31", BUDGET: 7}
    assert send(sandbox, http, "DELETE", f"/v2/deals/{made['id']}").json()["data"]["id"] == made["id"]
    gone = send(sandbox, http, "GET", f"/v1/deals/{made['id']}")
    assert gone.status_code == 404
    assert gone.json()["success"] is False
    assert gone.json()["data"] is None


def test_the_field_selector_keeps_only_what_was_asked_for(sandbox: Sandbox, http: httpx.Client) -> None:
    answer = send(
        sandbox, http, "GET", f"/v1/deals:(id,title,value,currency,{RENEWAL_DATE})", params={"limit": 3}
    ).json()
    assert [list(each) for each in answer["data"]] == [["id", "title", "value", "currency", RENEWAL_DATE]] * 3


def test_v1_is_paged_by_offset(sandbox: Sandbox, http: httpx.Client) -> None:
    start, seen = 0, []
    while True:
        page = send(sandbox, http, "GET", "/v1/deals", params={"start": start, "limit": 50}).json()
        seen += [each["id"] for each in page["data"]]
        paging = page["additional_data"]["pagination"]
        if not paging["more_items_in_collection"]:
            break
        start = paging["next_start"]
    assert seen == list(range(1, 131))


def test_v2_is_paged_by_cursor_which_survives_new_records(sandbox: Sandbox, http: httpx.Client) -> None:
    seen: list[int] = []
    parameters: dict[str, Any] = {"limit": 50}
    while True:
        page = send(sandbox, http, "GET", "/v2/deals", params=parameters).json()
        seen += [each["id"] for each in page["data"]]
        cursor = page["additional_data"].get("next_cursor")
        if cursor is None:
            break
        parameters["cursor"] = cursor
        if len(seen) == 50:
            send(sandbox, http, "POST", "/v2/deals", json={"title": "meanwhile"})
    assert seen == list(range(1, 132))
    stale = send(sandbox, http, "GET", "/v2/deals", params={"cursor": "nonsense"})
    assert (stale.status_code, stale.json()["success"]) == (400, False)


def test_lists_are_filtered_and_sorted(sandbox: Sandbox, http: httpx.Client) -> None:
    won = send(sandbox, http, "GET", "/v2/deals", params={"status": "won", "owner_id": 2}).json()["data"]
    assert won
    assert {(each["status"], each["owner_id"]) for each in won} == {("won", 2)}
    newest = send(sandbox, http, "GET", "/v2/deals", params={"sort_by": "add_time", "sort_direction": "desc"}).json()[
        "data"
    ]
    times = [each["add_time"] for each in newest]
    assert times == sorted(times, reverse=True)


def test_custom_fields_are_created_with_hash_keys(sandbox: Sandbox, http: httpx.Client) -> None:
    made = send(sandbox, http, "POST", "/v1/dealFields", json={"name": "Cor", "field_type": "varchar"}).json()["data"]
    assert len(made["key"]) == 40
    listed = send(sandbox, http, "GET", "/v1/dealFields").json()["data"]
    assert made["key"] in {each["key"] for each in listed}


def test_search_finds_by_title(sandbox: Sandbox, http: httpx.Client) -> None:
    send(sandbox, http, "POST", "/v2/deals", json={"title": "Ünique title"})
    found = send(sandbox, http, "GET", "/v2/deals/search", params={"term": "ünique"}).json()["data"]["items"]
    assert [each["item"]["title"] for each in found] == ["Ünique title"]


def test_a_file_is_kept_and_can_be_downloaded(sandbox: Sandbox, http: httpx.Client) -> None:
    made = send(sandbox, http, "POST", "/v1/files", files={"file": ("nota.txt", "olá".encode(), "text/plain")})
    assert made.json()["success"] is True
    content = send(sandbox, http, "GET", f"/v1/files/{made.json()['data']['id']}/download")
    assert content.content.decode() == "olá"


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
