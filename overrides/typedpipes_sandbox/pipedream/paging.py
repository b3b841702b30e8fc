"""Pipedream's pages: ``limit``, ``after``, ``before`` in, ``page_info`` out, no has-more flag."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from typedpipes_sandbox.rest import Call, Refused
from typedpipes_sandbox.store import Record
from typedpipes_sandbox.wire.messages import Response, json_response

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


def cursor_of(record: Record) -> str:
    """The cursor of a record, as the seed's examples have it: the id in Base64 without padding."""
    return base64.urlsafe_b64encode(str(record.id).encode()).decode().rstrip("=")


def page_of(records: Sequence[Record], values: dict[str, Any]) -> tuple[Sequence[Record], dict[str, Any]]:
    """One page and its ``page_info``; an unknown cursor is refused with 400.

    ``end_cursor`` is set on every page that has items, the last one too (the seed's example), so a client that
    follows it blindly makes one more request and gets an empty page.
    """
    wanted = values.get("limit")
    limit = DEFAULT_LIMIT if not isinstance(wanted, int) or wanted < 1 else min(wanted, MAX_LIMIT)
    total = len(records)
    start, end = 0, total
    if values.get("after"):
        start = _position(records, values["after"]) + 1
        end = min(total, start + limit)
    elif values.get("before"):
        end = _position(records, values["before"])
        start = max(0, end - limit)
    else:
        end = min(total, limit)
    page = records[start:end]
    info = {
        "total_count": total,
        "count": len(page),
        "start_cursor": cursor_of(page[0]) if page else None,
        "end_cursor": cursor_of(page[-1]) if page else None,
    }
    return page, info


def listed(call: Call, records: Sequence[Record], values: dict[str, Any]) -> Response:
    """A page of records as ``{page_info, data}``; ``values`` are what the call asks for."""
    page, info = page_of(records, values)
    schema = call.schema_of("data", "*")
    return json_response({"page_info": info, "data": [call.project(record, schema) for record in page]})


def _position(records: Sequence[Record], cursor: str) -> int:
    for index, record in enumerate(records):
        if cursor_of(record) == cursor:
            return index
    raise Refused(json_response({"error": "invalid cursor"}, 400))
