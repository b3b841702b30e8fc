"""Pipedream's REST events, subscriptions and workflows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox.data import apps as example
from typedpipes_sandbox.data import words
from typedpipes_sandbox.pipedream.rest_api import done, found
from typedpipes_sandbox.pipedream.workspace import PipedreamWorkspace
from typedpipes_sandbox.rest import Call, Refused
from typedpipes_sandbox.store import Record
from typedpipes_sandbox.wire.messages import Response, json_response


def source_events(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET …/event_summaries`` of a source or a workflow, and its errors: the last 100 at most."""
    wanted = call.path_values.get("id") or call.path_values["workflow_id"]
    record = found(workspace, "workflows" if "workflow_id" in call.path_values else "sources", wanted)
    failed = "$errors" in call.operation.path
    events, total = _events(record, failed), len(_events(record, failed))
    limit = call.values.get("limit") or 100
    if call.values.get("after"):
        page = [event for event in events if event["id"] > call.values["after"]][:limit]
    else:
        before = call.values.get("before")
        page = [event for event in events if not before or event["id"] < before][-limit:]
    info = {
        "total_count": total,
        "count": len(page),
        "start_cursor": page[0]["id"] if page else None,
        "end_cursor": page[-1]["id"] if page else None,
    }
    schema = call.schema_of("data", "*")
    data = [call.synthesizer.value(schema, f"{record.key}/{event['id']}", partial=event) for event in page]
    return json_response({"page_info": info, "data": data})


def _events(record: Record, failed: bool = False) -> list[dict[str, Any]]:
    name = "_errors" if failed else "_events"
    events: list[dict[str, Any]] = record.values.setdefault(name, [])
    if not events and f"{name}_made" not in record.values:
        record.values[f"{name}_made"] = True
        events += [_example_event(record, index, failed) for index in range(7)]
    return events


def _example_event(record: Record, index: int, failed: bool) -> dict[str, Any]:
    at = int(example.EPOCH * 1000) + index
    key = f"{record.key}/{index}"
    metadata = {"emit_id": words.token(key, 20), "name": "$errors" if failed else "", "emitter_id": str(record.id)}
    plain = {"name": words.person(key)[0], "number": index}
    if not failed:
        return {"id": f"{at}-0", "indexed_at_ms": at, "event": plain, "metadata": metadata}
    return {"id": f"{at}-0", "indexed_at_ms": at, "event": {"original_event": plain, "metadata": metadata}}


def delete_events(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``DELETE /sources/{id}/events``: 202; both bounds are inclusive."""
    record = found(workspace, "sources", call.path_values["id"])
    events = _events(record)
    first, last = call.values.get("start_id"), call.values.get("end_id")
    record.values["_events"] = [
        event for event in events if (first and event["id"] < first) or (last and event["id"] > last)
    ]
    return done(call)


def subscribe(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /subscriptions`` and ``POST /auto_subscriptions``."""
    values = {key: call.values.get(key) or "" for key in ("emitter_id", "listener_id", "event_name")}
    record = workspace.rest["subscriptions"].add(values)
    return json_response({"data": record.values}, call.operation.status)


def unsubscribe(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``DELETE /subscriptions``."""
    wanted = {key: call.values.get(key) or "" for key in ("emitter_id", "listener_id", "event_name")}
    for record in workspace.rest["subscriptions"]:
        if all(record.values[key] == value for key, value in wanted.items()):
            workspace.rest["subscriptions"].remove(record)
            return done(call)
    raise Refused(json_response({"error": "subscription not found"}, 404))


def create_workflow(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``POST /workflows``."""
    fields = call.fields
    settings = fields.get("settings") or {}
    key = f"en{words.token(str(len(workspace.rest['workflows']))).lower()}"
    values = {"name": settings.get("name", "Untitled"), "active": bool(settings.get("auto_deploy", False)), "key": key}
    record = workspace.rest["workflows"].add(values)
    return json_response(call.synthesise(key=record.key, partial={"data": record.values}), call.operation.status)


def update_workflow(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``PUT /workflows/{id}``: only the activation status."""
    record = found(workspace, "workflows", next(iter(call.path_values.values())))
    record.update({"active": bool(call.fields.get("active"))})
    return json_response({"data": record.values}, call.operation.status)


def get_workflow(workspace: PipedreamWorkspace, call: Call) -> Response:
    """``GET /workflows/{workflow_id}``."""
    record = found(workspace, "workflows", call.path_values["workflow_id"])
    return json_response(call.synthesise(key=record.key))


HANDLERS: dict[tuple[str, str], Callable[[PipedreamWorkspace, Call], Response]] = {
    ("GET", "/sources/{}/event_summaries"): source_events,
    ("GET", "/workflows/{}/event_summaries"): source_events,
    ("GET", "/workflows/{}/$errors/event_summaries"): source_events,
    ("DELETE", "/sources/{}/events"): delete_events,
    ("POST", "/subscriptions"): subscribe,
    ("POST", "/auto_subscriptions"): subscribe,
    ("DELETE", "/subscriptions"): unsubscribe,
    ("POST", "/workflows"): create_workflow,
    ("PUT", "/workflows/{}"): update_workflow,
    ("GET", "/workflows/{}"): get_workflow,
}
