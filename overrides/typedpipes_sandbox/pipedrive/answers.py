"""Pipedrive's envelopes: successes, errors, both ways of paging."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from typedpipes_sandbox.rest import Call
from typedpipes_sandbox.store import Record
from typedpipes_sandbox.wire.messages import Response, json_response

V1_DEFAULT_LIMIT = 100
V2_DEFAULT_LIMIT = 100
MAX_LIMIT = 500


def failure(status: int, error: str, info: str = "Please check the request and the documentation.") -> Response:
    """The error body (vendor-facts/pipedrive.md#answers-and-errors)."""
    return json_response(
        {"success": False, "error": error, "error_info": info, "data": None, "additional_data": None}, status
    )


def allows_null(call: Call, *names: str) -> bool:
    """Whether the answer's schema allows null at a path."""
    holder = call.schema_of(*names[:-1])
    schema = (holder.get("properties") or {}).get(names[-1])
    return schema is None or call.operation.api.compiler.compile(schema)(None) is None


def encode_cursor(position: Any) -> str:
    """A cursor that points behind the record with this id."""
    return base64.urlsafe_b64encode(json.dumps({"after": position}).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Any:
    """The id a cursor points behind; raises ValueError when it is no cursor of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return json.loads(base64.urlsafe_b64decode(padded))["after"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("the cursor is not valid or no longer known") from error


def page_by_cursor(records: Sequence[Record], cursor: str | None, limit: int) -> tuple[Sequence[Record], str | None]:
    """One page and the next cursor, None at the end. Raises ValueError for a cursor that leads nowhere."""
    start = 0
    if cursor:
        after = decode_cursor(cursor)
        positions = [index for index, record in enumerate(records) if record.id == after]
        if not positions:
            raise ValueError("the cursor is not valid or no longer known")
        start = positions[0] + 1
    page = records[start : start + limit]
    more = start + limit < len(records)
    return page, encode_cursor(page[-1].id) if more and page else None


def offset_paging(call: Call, start: int, limit: int, total: int) -> dict[str, Any]:
    """``additional_data`` of a v1 list; also flat where the schema has it flat."""
    more = start + limit < total
    facts: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": more}
    if more:
        facts["next_start"] = start + limit
    flat = {name: facts[name] for name in call.schema_of("additional_data").get("properties") or {} if name in facts}
    return {**flat, "pagination": facts}
