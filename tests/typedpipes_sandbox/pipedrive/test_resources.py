"""Records are created, read by both versions, listed, filtered and selected from."""

from __future__ import annotations

from typing import Any

import httpx

from tests.typedpipes_sandbox.pipedrive.calls import send
from typedpipes_sandbox import Sandbox
from typedpipes_sandbox.data.crm import BUDGET, RENEWAL_DATE


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
