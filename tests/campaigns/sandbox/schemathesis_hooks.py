"""Hooks for schemathesis: what it may not invent, and ids of things that exist.

A cursor is an opaque value of the server, so an invented one is rightly refused with 400. ``include`` and ``exclude``
rightly make the server leave required fields out. Nothing is changed that breaks the schema: a refusal must come from
the server. ``SANDBOX_KNOWN_IDS`` names a JSON file: operation label -> path parameter -> an id that exists and the
pattern that parameter has to match.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from pathlib import Path
from typing import Any

import schemathesis  # type: ignore[import-not-found]  # installed only where the campaign runs

COMPONENTS = {
    "POST /{project_id}/actions/run": "slack-send-message",
    "POST /{project_id}/triggers/deploy": "slack-new-item",
}
LEFT_OUT = ("cursor", "after", "before", "include", "exclude")
KNOWN: dict[str, dict[str, list[str]]] = json.loads(Path(os.environ["SANDBOX_KNOWN_IDS"]).read_text(encoding="utf-8"))


def _without(values: dict[str, Any]) -> None:
    for name in LEFT_OUT:
        if isinstance(values.get(name), str):
            del values[name]


@schemathesis.hook  # type: ignore[untyped-decorator]  # as above
def map_query(_context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Leave them out of queries."""
    if query:
        _without(query)
    return query


@schemathesis.hook  # type: ignore[untyped-decorator]  # as above
def filter_query(_context: Any, query: dict[str, Any] | None) -> bool:
    """A list with one empty text and an empty list are the same bytes, ``name=``: the sandbox reads the empty list.

    Lists that are joined by commas arrive here as text of a class of its own.
    """
    return not any(value == [""] or (value == "" and type(value) is not str) for value in (query or {}).values())


@schemathesis.hook  # type: ignore[untyped-decorator]  # as above
def map_body(context: Any, body: Any) -> Any:
    """Leave them out of bodies; name components that exist, and give new ones their code."""
    if isinstance(body, dict):
        _without(body)
        if context.operation.label in {"POST /components", "POST /sources"} and body.get("component_code", "") == "":
            body["component_code"] = "export default {}"
        component = COMPONENTS.get(context.operation.label)
        if component is not None and isinstance(body.get("id"), str):
            body["id"] = component
    return body


@schemathesis.hook  # type: ignore[untyped-decorator]  # as above
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Most requests are about things that exist; those that delete mostly about others, or soon nothing is left."""
    known = KNOWN.get(context.operation.label)
    if not path_parameters or not known:
        return path_parameters
    percent = 10 if context.operation.method.upper() == "DELETE" else 80
    if zlib.crc32(repr(sorted(path_parameters.items())).encode("utf-8", "replace")) % 100 >= percent:
        return path_parameters
    return {name: _existing(value, known.get(name)) for name, value in path_parameters.items()}


def _existing(value: Any, known: list[str] | None) -> Any:
    if known is None or isinstance(value, bool):
        return value
    identifier, pattern = known
    if identifier.isdigit():
        return int(identifier) if isinstance(value, int) else value
    return identifier if isinstance(value, str) and re.search(pattern, value) else value
