"""Reading and writing Pipedrive's resources by the shape of the operation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from typedpipes_sandbox.clock import iso_seconds
from typedpipes_sandbox.data.crm import FIELD_RESOURCES, field_hash
from typedpipes_sandbox.pipedrive.answers import (
    MAX_LIMIT,
    V1_DEFAULT_LIMIT,
    V2_DEFAULT_LIMIT,
    allows_null,
    failure,
    offset_paging,
    page_by_cursor,
)
from typedpipes_sandbox.pipedrive.views import absorbed, v1_values, v2_values
from typedpipes_sandbox.pipedrive.workspace import PipedriveWorkspace
from typedpipes_sandbox.rest import Call, Refused, generic_answer, without_files
from typedpipes_sandbox.schema.synthesis import main_type
from typedpipes_sandbox.store import Collection, Record
from typedpipes_sandbox.wire.messages import Response, encode_json, json_response

_NOT_FILTERS = {
    "start",
    "limit",
    "cursor",
    "sort",
    "sort_by",
    "sort_direction",
    "filter_id",
    "ids",
    "status",
    "user_id",
}
#: collections that hang under a record in the path but are lists of their own
_OWN_LISTS = {"activities": "activities", "deals": "deals", "persons": "persons", "files": "files", "stages": "stages"}
_PARENT_KEYS = {"deals": "deal_id", "persons": "person_id", "organizations": "org_id", "products": "product_id",
                "pipelines": "pipeline_id", "stages": "stage_id", "projects": "project_id"}  # fmt: skip


class Resources:
    """Lists, reads, creates, updates and deletes; anything else is answered from the schema."""

    def __init__(self, workspace: PipedriveWorkspace) -> None:
        self.workspace = workspace
        self.store = workspace.store

    def answer(self, version: str, call: Call) -> Response:
        """Answer one judged request."""
        parts = call.operation.path.strip("/").split("/")
        by_id = parts[-1].startswith("{")
        is_list = main_type(call.schema_of("data")) == "array"
        method = call.operation.method
        if method == "GET" and not by_id and is_list:
            return self.list_page(version, call)
        if method == "GET" and by_id:
            return self.get(version, call)
        if method == "POST" and not by_id and self._creatable(call):
            return self.create(version, call)
        if method in {"PUT", "PATCH"} and by_id:
            return self.update(version, call)
        if method == "DELETE" and by_id:
            return self.delete(call)
        self.require_parents(call)
        return generic_answer(call)

    def _creatable(self, call: Call) -> bool:
        base = call.operation.path
        return any(
            (other.path == base and other.method == "GET") or re.fullmatch(re.escape(base) + r"/\{[^/]+\}", other.path)
            for other in call.operation.api.operations
        )

    def name_of(self, call: Call, *, item: bool) -> str:
        """The concrete collection a request is about, such as ``deals`` or ``deals/12/products``."""
        parts = call.operation.path.strip("/").split("/")
        if item:
            parts = parts[:-1]
        if parts[-1] in {"collection", "archived"}:
            parts = parts[:-1]
        return "/".join(call.path_values[part[1:-1]] if part.startswith("{") else part for part in parts)

    def require_parents(self, call: Call) -> None:
        """Refuse a path whose parent record does not exist."""
        parts = call.operation.path.strip("/").split("/")
        if (
            len(parts) > 2
            and parts[1].startswith("{")
            and parts[0] in _PARENT_KEYS
            and not self.store[parts[0]].get(call.path_values[parts[1][1:-1]])
        ):
            raise Refused(failure(404, f"{singular(parts[0])} not found"))

    def find(self, call: Call) -> tuple[Collection, Record]:
        """The record a path names; refuses with 404 when there is none."""
        self.require_parents(call)
        collection = self.store[self.name_of(call, item=True)]
        parameter = call.operation.path.rsplit("{", 1)[1].rstrip("}")
        wanted = call.path_values[parameter]
        record = collection.get(wanted, "field_code" if parameter == "field_code" else "id")
        if record is None or record.values.get("is_deleted"):
            raise Refused(failure(404, f"{singular(collection.name)} not found"))
        return collection, record

    def view(self, version: str, call: Call, collection: Collection, record: Record, schema: Any) -> Any:
        """A record as this version shows it."""
        cached = record.projections.get(id(schema))
        if cached is not None:
            return cached[1]
        if version == "v1":
            partial = v1_values(collection.name, record, self.store)
        else:
            partial = v2_values(collection.name, record)
        value = call.synthesizer.value(schema, record.key, partial=partial)
        record.projections[id(schema)] = (record.revision, value)
        return value

    def list_page(self, version: str, call: Call) -> Response:
        """A page of a collection, by offset or by cursor."""
        self.require_parents(call)
        collection, records = self._candidates(call)
        values = call.values
        records = self._ordered(self._filtered(call, records), values)
        by_cursor = "cursor" in call.operation.parameter_names("query")
        limit = values.get("limit")
        default = V2_DEFAULT_LIMIT if by_cursor else V1_DEFAULT_LIMIT
        limit = default if not isinstance(limit, int) or limit < 1 else min(limit, MAX_LIMIT)
        schema = call.schema_of("data", "*")
        if by_cursor:
            try:
                page, cursor = page_by_cursor(records, values.get("cursor"), limit)
            except ValueError as error:
                return failure(400, str(error))
            additional: dict[str, Any] = {"next_cursor": cursor}
            if cursor is None and not allows_null(call, "additional_data", "next_cursor"):
                additional = {}
        else:
            start = max(0, values.get("start") or 0)
            page = records[start : start + limit]
            additional = offset_paging(call, start, limit, len(records))
        items = [self.view(version, call, collection, record, schema) for record in page]
        data: Any = items or (None if version == "v1" and allows_null(call, "data") else [])
        answer: dict[str, Any] = {"success": True, "data": data, "additional_data": additional}
        return json_response(self._completed(call, answer))

    def _completed(self, call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        required = set(call.schema_of().get("required") or ())
        for name in required - answer.keys():
            answer[name] = call.synthesizer.value(call.schema_of(name), f"{call.operation.name}/{name}", name)
        return answer

    def _candidates(self, call: Call) -> tuple[Collection, Sequence[Record]]:
        name = self.name_of(call, item=False)
        parts = name.split("/")
        if len(parts) == 3 and parts[2] in _OWN_LISTS and parts[0] in _PARENT_KEYS:
            collection = self.store[_OWN_LISTS[parts[2]]]
            key = _PARENT_KEYS[parts[0]]
            records = [record for record in collection if str(record.values.get(key)) == parts[1]]
        else:
            collection = self.store[name]
            records = list(collection)
        archived = call.operation.path.endswith("/archived")
        records = [record for record in records if bool(record.values.get("is_archived")) == archived or not archived]
        return collection, records

    def _filtered(self, call: Call, records: Sequence[Record]) -> list[Record]:
        values = call.values
        given = values.get("status") or []
        wanted = {str(each) for each in (given if isinstance(given, list) else str(given).split(","))}
        show_deleted = "deleted" in wanted
        kept = [record for record in records if bool(record.values.get("is_deleted")) == show_deleted]
        if wanted and wanted <= {"open", "won", "lost", "deleted"}:
            kept = [record for record in kept if record.values.get("status") in wanted]
        if values.get("ids"):
            wanted = {part.strip() for part in str(values["ids"]).strip("[]").split(",")}
            kept = [record for record in kept if str(record.id) in wanted]
        filters = {name: value for name, value in values.items() if name not in _NOT_FILTERS}
        if "user_id" in values:
            filters["owner_id"] = values["user_id"]
        for name, value in filters.items():
            kept = [record for record in kept if name not in record.values or _same(record.values[name], value)]
        since, until = values.get("updated_since"), values.get("updated_until")
        if since:
            kept = [record for record in kept if str(record.values.get("update_time", "9")) >= str(since)]
        if until:
            kept = [record for record in kept if str(record.values.get("update_time", "")) < str(until)]
        return kept

    def _ordered(self, records: list[Record], values: dict[str, Any]) -> list[Record]:
        key, direction = values.get("sort_by"), values.get("sort_direction", "asc")
        if isinstance(values.get("sort"), str):
            key, _, way = values["sort"].partition(",")[0].strip().partition(" ")
            direction = way.strip().lower() or "asc"
        if key and key != "id":
            records.sort(key=lambda record: _sortable(record.values.get(key)))
        return records[::-1] if direction == "desc" and key else records

    def get(self, version: str, call: Call) -> Response:
        """One record."""
        collection, record = self.find(call)
        data = self.view(version, call, collection, record, call.schema_of("data"))
        return json_response(self._completed(call, {"success": True, "data": data}))

    def create(self, version: str, call: Call) -> Response:
        """A new record from the body."""
        self.require_parents(call)
        collection = self.store[self.name_of(call, item=False)]
        now = iso_seconds(self.workspace.clock.now())
        values = {"add_time": now, "update_time": now, **self._defaults(collection.name)}
        values.update(absorbed(collection.name, version, without_files(call.fields)))
        if collection.name in FIELD_RESOURCES:
            name = str(values.get("name") or values.get("field_name") or "Field")
            code = field_hash(f"{collection.name}/{name}/{len(collection)}")
            values |= {"key": code, "field_code": code, "name": name, "field_name": name, "edit_flag": True}
            values["is_custom_field"] = True
        record = collection.add(values)
        data = self.view(version, call, collection, record, call.schema_of("data"))
        return json_response(self._completed(call, {"success": True, "data": data}), call.operation.status)

    def _defaults(self, name: str) -> dict[str, Any]:
        if name != "deals":
            return (
                {"owner_id": 1, "is_deleted": False}
                if name in {"persons", "organizations", "activities", "products"}
                else {}
            )
        return {
            "owner_id": 1,
            "status": "open",
            "value": 0,
            "currency": "EUR",
            "pipeline_id": 1,
            "stage_id": 1,
            "is_deleted": False,
            "is_archived": False,
            "visible_to": 3,
            "custom_fields": {},
            "label_ids": [],
        }

    def update(self, version: str, call: Call) -> Response:
        """Change a record."""
        collection, record = self.find(call)
        values = absorbed(collection.name, version, call.fields)
        custom = values.pop("custom_fields", None)
        if isinstance(custom, dict):
            values["custom_fields"] = {**(record.values.get("custom_fields") or {}), **custom}
        if "update_time" in record.values:
            values["update_time"] = iso_seconds(self.workspace.clock.now())
        record.update(values)
        data = self.view(version, call, collection, record, call.schema_of("data"))
        return json_response(self._completed(call, {"success": True, "data": data}))

    def delete(self, call: Call) -> Response:
        """Delete a record: the main resources are marked, the rest is gone."""
        collection, record = self.find(call)
        if "is_deleted" in record.values:
            record.update({"is_deleted": True})
        else:
            collection.remove(record)
        self.store.drop_under(f"{collection.name}/{record.id}/")
        partial = {"success": True, "data": {"id": record.id}}
        return json_response(call.synthesise(partial=partial), call.operation.status)


def selected(response: Response, names: Sequence[str]) -> Response:
    """Only the selected fields of each item, in the selector's order (vendor-facts/pipedrive.md#field-selector)."""
    data = response.payload.get("data") if isinstance(response.payload, dict) else None
    if isinstance(data, list):
        response.payload["data"] = [{name: item[name] for name in names if name in item} for item in data]
    elif isinstance(data, dict):
        response.payload["data"] = {name: data[name] for name in names if name in data}
    else:
        return response
    response.body = encode_json(response.payload)
    return response


def singular(name: str) -> str:
    """What one record of a collection is called in an error."""
    last = name.rpartition("/")[2]
    word = f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s")
    return f"{word[:1].upper()}{word[1:]}"


def _same(known: Any, wanted: Any) -> bool:
    if isinstance(known, bool) or isinstance(wanted, bool):
        return bool(known) == bool(wanted)
    return str(known) == str(wanted)


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, "")
    return (1, value) if isinstance(value, int | float) else (2, str(value))
