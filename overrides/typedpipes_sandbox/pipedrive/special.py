"""Pipedrive operations that are more than reading and writing a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox.pipedrive.answers import allows_null, failure
from typedpipes_sandbox.pipedrive.resources import Resources
from typedpipes_sandbox.rest import Call
from typedpipes_sandbox.store import Record
from typedpipes_sandbox.wire.messages import Response, json_response

SEARCHABLE = {"deals": "title", "persons": "name", "organizations": "name", "products": "name", "leads": "title"}


def current_user(resources: Resources, version: str, call: Call) -> Response:
    """The user whose credential is used."""
    collection = resources.store["users"]
    number = call.request.identity.rpartition("-")[2]
    record = collection.get(number) or collection.get(1)
    assert record is not None
    schema = call.schema_of("data")
    values = {**record.values, "company_id": 11, "company_name": "ACME", "company_domain": resources.workspace.company}
    data = call.synthesizer.value(schema, record.key, partial=values)
    return json_response({"success": True, "data": data})


def search(resources: Resources, version: str, call: Call) -> Response:
    """Search one resource by its title or name."""
    resource = call.operation.path.strip("/").split("/")[0]
    return _found(resources, call, [resource])


def search_items(resources: Resources, version: str, call: Call) -> Response:
    """Search several resources at once."""
    wanted = call.values.get("item_types")
    names = [wanted] if isinstance(wanted, str) else list(wanted or [])
    plural = [f"{name}s" for name in names]
    return _found(resources, call, [name for name in plural if name in SEARCHABLE] or list(SEARCHABLE))


def _found(resources: Resources, call: Call, names: list[str]) -> Response:
    term = str(call.values.get("term", "")).casefold()
    exact = bool(call.values.get("exact_match"))
    hits: list[tuple[str, Record]] = []
    for name in names:
        for record in resources.store[name]:
            text = str(record.values.get(SEARCHABLE.get(name, "name"), "")).casefold()
            if not record.values.get("is_deleted") and (text == term if exact else term in text):
                hits.append((name, record))
    limit = call.values.get("limit") or 100
    start = _position(call)
    if start is None:
        return failure(400, "The cursor is not valid or no longer known")
    page = hits[start : start + limit]
    schema = call.schema_of("data", "items", "*")
    items = [
        call.synthesizer.value(
            schema,
            f"search/{record.key}",
            partial={"result_score": 0.5, "item": {**_summary(record), "type": name.removesuffix("s")}},
        )
        for name, record in page
    ]
    more = start + limit < len(hits)
    additional: dict[str, Any] = {}
    if "cursor" in call.operation.parameter_names("query"):
        if more or allows_null(call, "additional_data", "next_cursor"):
            additional["next_cursor"] = f"search-{start + limit}" if more else None
    else:
        paging: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": more}
        if more:
            paging["next_start"] = start + limit
        additional["pagination"] = paging
    return json_response({"success": True, "data": {"items": items}, "additional_data": additional})


def _position(call: Call) -> int | None:
    cursor = call.values.get("cursor")
    if cursor:
        number = str(cursor).removeprefix("search-")
        return int(number) if number.isdigit() else None
    return max(0, call.values.get("start") or 0)


def _summary(record: Record) -> dict[str, Any]:
    names = ("id", "title", "name", "value", "currency", "status", "visible_to", "code")
    return {name: record.values[name] for name in names if name in record.values}


def duplicate_deal(resources: Resources, version: str, call: Call) -> Response:
    """A copy of a deal under a new id."""
    original = resources.store["deals"].get(call.path_values["id"])
    if original is None:
        return failure(404, "Deal not found")
    values = {key: value for key, value in original.values.items() if key != "id"}
    copy = resources.store["deals"].add(values)
    data = resources.view(version, call, resources.store["deals"], copy, call.schema_of("data"))
    return json_response({"success": True, "data": data}, call.operation.status)


def delete_many(resources: Resources, version: str, call: Call) -> Response:
    """Bulk delete by ``ids``."""
    collection = resources.store[resources.name_of(call, item=False)]
    deleted = []
    for each in call.values.get("ids") or ():
        record = collection.get(str(each))
        if record is not None:
            deleted.append(record.id)
            record.update({"is_deleted": True})
    return json_response(call.synthesise(partial={"success": True, "data": {"id": deleted}}), call.operation.status)


def download_file(resources: Resources, version: str, call: Call) -> Response:
    """The bytes of a file: what was uploaded, or a line of text."""
    record = resources.store["files"].get(call.path_values["id"])
    if record is None:
        return failure(404, "File not found")
    content = resources.workspace.file_contents.get(record.id, f"sandbox file {record.id}\n".encode())
    return Response(200, content, [("content-type", "application/octet-stream")])


def upload_file(resources: Resources, version: str, call: Call) -> Response:
    """Keep an uploaded file."""
    sent = dict(call.fields)
    part = sent.pop("file", None)
    if not isinstance(part, dict):
        return failure(400, "No files were uploaded")
    links = {key: int(value) for key, value in sent.items() if key.endswith("_id") and str(value).isdigit()}
    record = resources.store["files"].add(
        {**links, "name": part["filename"], "file_name": part["filename"], "file_size": len(part["content"])}
    )
    view = resources.view(version, call, resources.store["files"], record, call.schema_of("data"))
    resources.workspace.file_contents[record.id] = part["content"]
    return json_response({"success": True, "data": view}, call.operation.status)


HANDLERS: dict[tuple[str, str], Callable[[Resources, str, Call], Response]] = {
    ("GET", "/users/me"): current_user,
    ("GET", "/itemSearch"): search_items,
    **{("GET", f"/{name}/search"): search for name in SEARCHABLE},
    ("POST", "/deals/{}/duplicate"): duplicate_deal,
    **{("DELETE", f"/{name}"): delete_many for name in ("deals", "persons", "organizations", "activities", "stages")},
    ("GET", "/files/{}/download"): download_file,
    ("POST", "/files"): upload_file,
}
