"""What the TOML says of operations, written into the document as the extensions the renderer reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from typedpipes_codegen.documents import resolve
from typedpipes_codegen.documents.tree import JsonObject, as_list, as_object, operations
from typedpipes_codegen.own.config import Config, Limit
from typedpipes_codegen.own.methods import request_name
from typedpipes_codegen.own.toml_table import Table


def annotate(
    document: JsonObject, config: Config, *, api: str, methods: Mapping[str, str], kinds: Mapping[str, tuple[str, ...]]
) -> None:
    """Write methods, credentials, paging and the buckets of limits into ``document``."""
    found = {request_name(path, method): op for path, method, op, _ in operations(document)}
    select = _Selector(found, methods)
    for name, operation in found.items():
        operation["x-method"] = methods[name]
        operation["security"] = [{kind: []} for kind in kinds[name]]
    for listing in config.paging:
        facts: JsonObject = {**listing.facts}
        facts.setdefault("next", "")
        if listing.operations == ("*",):
            chosen = [name for name in found if name.startswith("GET ") and _fits(document, found[name], facts)]
        else:
            chosen = select.all(listing.operations, listing.table)
        for name in chosen:
            found[name].setdefault("x-paging", facts)
    for key, media in config.bodies.items():
        for name in select.all([key], config.root):
            found[name]["x-media"] = media
    for limit in config.limits:
        for name in select.all(limit.operations, limit.table):
            buckets = as_list(found[name].setdefault("x-buckets", []), "")
            buckets.append(bucket(api, limit))


def bucket(api: str, limit: Limit) -> str:
    """The name that ties operations to a limit of some of them."""
    return f"{api}.{limit.name}"


class _Selector:
    """Finds operations by request, operationId or method path."""

    def __init__(self, found: Mapping[str, JsonObject], methods: Mapping[str, str]) -> None:
        self._names = {
            **{path: name for name, path in methods.items()},
            **{str(op["operationId"]): name for name, op in found.items() if "operationId" in op},
            **{name: name for name in found},
        }

    def all(self, keys: Iterable[str], table: Table) -> list[str]:
        chosen = []
        for key in keys:
            if key not in self._names:
                raise table.fault(
                    f"there is no operation {key!r}",
                    'name it by request, "GET /books", by operationId, or by method, "books.list"',
                    "operations",
                )
            chosen.append(self._names[key])
        return chosen


def _fits(document: JsonObject, operation: JsonObject, facts: JsonObject) -> bool:
    """Whether an operation has the query parameters of a paging declared for all that fit."""
    query = set()
    for index, one in enumerate(as_list(operation.get("parameters") or [], "/parameters")):
        node = as_object(one, f"/parameters/{index}")
        if "$ref" in node:
            node = as_object(resolve(document, str(node["$ref"])), "")
        if node.get("in") == "query":
            query.add(node.get("name"))
    return {facts["cursor"], facts.get("limit", facts["cursor"])} <= query
