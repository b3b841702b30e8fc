"""Records and answers that benchmarks read, and a transport that answers with them at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

import httpx

from typedpipes.limits import Policy, Window

JSON_HEADERS = [
    (b"content-type", b"application/json"),
    (b"x-request-id", b"r-1"),
    (b"date", b"Sat, 21 Nov 2026 10:00:00 GMT"),
]


def wide(vendor: Literal["pipedrive", "pipedream", "pipefy"], account: str) -> Policy:
    """A limit that counts like a vendor's and that no benchmark reaches."""
    window = Window(name="burst", allowance=10**9, seconds=0.2, scope="user", unit="token")
    return Policy(vendor=vendor, account=account, windows=(window,))


class Memory(httpx.BaseTransport):
    """Answers every request at once with the same bytes."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._headers = [*JSON_HEADERS, (b"content-length", str(len(body)).encode())]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The canned answer."""
        return httpx.Response(200, headers=self._headers, stream=httpx.ByteStream(self._body))


def deal(number: int) -> dict[str, object]:
    """A deal of Pipedrive v2 with every field of the schema, as an account with ordinary data has it."""
    return {
        "id": number,
        "title": f"Deal {number} with Möller & Sons",
        "acv": 1200.5,
        "add_time": "2026-03-04T09:15:00Z",
        "arr": 1200.5,
        "channel": 52,
        "channel_id": f"web-{number}",
        "close_time": None,
        "currency": "EUR",
        "custom_fields": {},
        "expected_close_date": "2026-12-24",
        "is_archived": False,
        "is_deleted": False,
        "label_ids": [1, 2, 3],
        "lost_reason": None,
        "lost_time": None,
        "mrr": 100.25,
        "org_id": number % 900,
        "origin": "API",
        "origin_id": None,
        "owner_id": 7,
        "person_id": number % 1000,
        "pipeline_id": 1,
        "probability": 55.0,
        "source_lead_id": None,
        "stage_change_time": "2026-05-04T09:15:00Z",
        "stage_id": 3,
        "status": "open",
        "update_time": "2026-06-04T09:15:00Z",
        "value": 1200.5,
        "visible_to": 3,
        "won_time": None,
    }


def account(number: int) -> dict[str, object]:
    """A Connect account as the API lists it."""
    return {
        "id": f"apn_{number:06}",
        "name": f"Workspace {number}",
        "external_id": f"user-{number}",
        "healthy": True,
        "dead": False,
        "authorized_scopes": ["chat:write", "users:read"],
        "app": {
            "id": "app_OkrhR1",
            "name_slug": "slack",
            "name": "Slack",
            "auth_type": "oauth",
            "description": "Slack is a channel-based messaging platform.",
            "img_src": "https://assets.example.com/s.v0/app_OkrhR1/logo/orig",
            "custom_fields_json": "[]",
            "categories": ["Communication"],
            "featured_weight": 1000000001.0,
            "scope_profiles": [],
        },
        "created_at": "2026-03-04T09:15:00.000Z",
        "updated_at": "2026-06-04T09:15:00.000Z",
        "expires_at": "2026-12-04T09:15:00.000Z",
        "next_refresh_at": "2026-12-04T08:15:00.000Z",
        "last_refreshed_at": "2026-11-04T09:15:00.000Z",
    }


def accounts(count: int) -> bytes:
    """A page of accounts."""
    data = [account(number) for number in range(count)]
    cursor = "YXBuX29waE5ndnEK"
    info = {"total_count": count, "count": count, "start_cursor": cursor, "end_cursor": cursor}
    return json.dumps({"data": data, "page_info": info}).encode()


_USER: Mapping[str, object] = {
    "id": "301",
    "uuid": "7f3a0a52-8a1e-4d55-9c0e-000000000301",
    "name": "Ann Example",
    "email": "ann@example.com",
    "username": "ann",
}


def card(number: int) -> dict[str, object]:
    """A Pipefy card with five filled fields, every selected property there."""
    reference = {"id": "320", "uuid": "u-320", "name": "Doing", "done": False}
    return {
        "id": str(number),
        "uuid": f"7f3a0a52-8a1e-4d55-9c0e-{number:012}",
        "suid": f"s{number}",
        "title": f"Card {number}",
        "url": f"https://app.pipefy.com/open-cards/{number}",
        "path": f"/open-cards/{number}",
        "age": 86400,
        "done": False,
        "late": False,
        "overdue": False,
        "expired": False,
        "due_date": "2026-12-24T12:00:00-03:00",
        "createdAt": "2026-11-01T10:00:00Z",
        "updated_at": "2026-11-02T10:00:00Z",
        "finished_at": None,
        "started_current_phase_at": "2026-11-02T10:00:00Z",
        "current_phase_age": 3600,
        "creatorEmail": "ann@example.com",
        "emailMessagingAddress": None,
        "public_form_submitter_email": None,
        "inboxEmailsRead": True,
        "attachments_count": 0,
        "checklist_items_checked_count": 1,
        "checklist_items_count": 3,
        "comments_count": 2,
        "createdBy": _USER,
        "assignees": [_USER, _USER],
        "labels": [{"id": "1", "name": "urgent", "color": "#ff0000"}],
        "pipe": {"id": "300", "uuid": "u-300", "suid": "s-300", "name": "Purchases"},
        "current_phase": reference,
        "fields": [_card_field(index, number) for index in range(5)],
    }


def _card_field(index: int, number: int) -> dict[str, object]:
    place = {"id": f"field_{index}", "internal_id": f"40{index}", "uuid": f"u-{index}", "index_name": f"field_{index}"}
    return {
        "name": f"Field {index}",
        "value": f"value {index} of {number}",
        "native_value": f"value {index} of {number}",
        "report_value": f"value {index} of {number}",
        "array_value": [f"value {index} of {number}"],
        "date_value": None,
        "datetime_value": None,
        "float_value": None,
        "filled_at": "2026-11-01T10:00:00Z",
        "updated_at": "2026-11-01T10:00:00Z",
        "indexName": f"field_{index}_string",
        "assignee_values": None,
        "label_values": None,
        "connectedRepoItems": None,
        "field": {
            **place,
            "index": float(index),
            "label": f"Field {index}",
            "type": "short_text",
            "description": "",
            "help": None,
            "options": [],
        },
        "phase_field": {**place, "label": f"Field {index}", "type": "short_text"},
    }


def cards(count: int) -> bytes:
    """A page of cards as the answer to the query ``Cards``."""
    page = {
        "nodes": [card(number) for number in range(count)],
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": "WyIxIl0", "endCursor": "WyI1MCJd"},
        "totalCount": 1000,
    }
    return json.dumps({"data": {"cards": page}}).encode()
