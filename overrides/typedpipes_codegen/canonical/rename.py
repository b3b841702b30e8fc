"""Giving the vendor's own components the names the lock holds for them."""

from __future__ import annotations

from collections.abc import Mapping

from typedpipes_codegen.documents import DATA_KEYS
from typedpipes_codegen.documents.tree import Json, JsonObject, as_object, child

_PREFIX = "#/components/schemas/"


def rename_components(document: JsonObject, renames: Mapping[str, str]) -> JsonObject:
    """The document with schemas and every reference to them renamed."""
    result = as_object(_references(document, renames), "")
    components = child(result, "components", "")
    schemas = {renames.get(name, name): schema for name, schema in child(components, "schemas", "").items()}
    components["schemas"] = {name: schemas[name] for name in sorted(schemas)}
    return result


def _references(node: Json, renames: Mapping[str, str]) -> Json:
    if isinstance(node, list):
        return [_references(item, renames) for item in node]
    if not isinstance(node, dict):
        return node
    result: JsonObject = {}
    for key, value in node.items():
        if key == "$ref" and isinstance(value, str):
            result[key] = _renamed(value, renames)
        elif key == "mapping" and isinstance(value, dict) and "propertyName" in node:
            result[key] = {tag: _renamed(target, renames) for tag, target in value.items()}
        else:
            result[key] = value if key in DATA_KEYS and not isinstance(value, dict) else _references(value, renames)
    return result


def _renamed(reference: Json, renames: Mapping[str, str]) -> Json:
    if not isinstance(reference, str) or not reference.startswith(_PREFIX):
        return reference
    name = reference.removeprefix(_PREFIX)
    return f"{_PREFIX}{renames.get(name, name)}"
