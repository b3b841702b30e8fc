"""Properties that a vendor's examples of answers show and its schemas lack.

They become optional properties: typed by the examples where these hold plain values, and null is always allowed,
because an example is no promise; anything else is JSON. ``x-from-example`` marks them. Requests are left as declared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from typedpipes_codegen.canonical.context import is_placeholder
from typedpipes_codegen.documents import load_document, resolve
from typedpipes_codegen.documents.overlay import apply_overlay
from typedpipes_codegen.documents.tree import Json, JsonObject, as_object, child, clone, operations

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_HASH: Final = re.compile(r"[0-9a-f]{40}(_\w+)?\Z")
_PLAIN: Final[dict[type, str]] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def with_examples(
    canonical: JsonObject,
    sources: Sequence[JsonObject],
    overlays: Sequence[Path] = (),
    denied: Collection[str] = (),
    *,
    earlier: JsonObject | None = None,
) -> tuple[JsonObject, list[str]]:
    """A copy of the canonical form of ``sources`` with what their examples add, and each ``Component.property`` added.

    Of an operation in several sources, the first one's examples count. What ``overlays`` say already is not added.
    ``denied`` are properties that are errors of the examples: ``Component.property``, or a property's name anywhere.
    What the same component of ``earlier`` has from an example stays: the operation that showed it may be withdrawn.
    """
    result, effective = as_object(clone(canonical), ""), canonical
    for path in overlays if sources else ():
        effective = apply_overlay(effective, load_document(path), file=path, unmatched=[])
    walk = _Walk(effective)
    seen: set[tuple[str, str]] = set()
    for raw in sources:
        for at, method, operation, _ in operations(raw):
            if (at, method) not in seen:
                seen.add((at, method))
                named = child(child(child(effective, "paths", ""), at, ""), method, "")
                for schema, value in _answers(raw, effective, operation, child(named, "responses", "")):
                    walk.follow(schema, value)
    schemas = _schemas(result)
    for name, before in _schemas(earlier or {}).items() if sources else ():
        for key, held in _properties(before).items():
            if _is_shown(held) and name in schemas and key not in _properties(schemas[name]):
                walk.found.setdefault(name, {}).setdefault(key, []).append(held)
    return result, _add(schemas, walk.found, denied)


def without_examples(document: JsonObject) -> JsonObject:
    """A copy of a canonical document without what came from examples."""
    result = as_object(clone(document), "")
    for schema in _schemas(result).values():
        properties = _properties(schema)
        for name in [name for name, held in properties.items() if _is_shown(held)]:
            del properties[name]
    return result


def _schemas(document: JsonObject) -> JsonObject:
    return child(child(document, "components", ""), "schemas", "")


def _properties(schema: Json) -> JsonObject:
    return child(schema, "properties", "") if isinstance(schema, dict) else {}


def _is_shown(schema: Json) -> bool:
    return isinstance(schema, dict) and "x-from-example" in schema


def _answers(
    raw: JsonObject, canonical: JsonObject, operation: JsonObject, answers: JsonObject
) -> Iterator[tuple[JsonObject, Json]]:
    """(canonical schema, example) of each answer with status 2xx."""
    for status, response in child(operation, "responses", "").items():
        there = _resolved(canonical, answers.get(status))
        content = child(_resolved(raw, response), "content", "") if status.startswith("2") else {}
        for media, held in content.items():
            schema = child(child(child(there, "content", ""), media, ""), "schema", "")
            if isinstance(held, dict) and schema:
                yield from ((schema, value) for value in _examples(raw, held))


def _examples(raw: JsonObject, media: JsonObject) -> Iterator[Json]:
    schema = _resolved(raw, media.get("schema"))
    yield from (holder["example"] for holder in (media, schema) if "example" in holder)
    for named in child(media, "examples", "").values():
        yield _resolved(raw, named).get("value")


def _resolved(document: JsonObject, node: Json) -> JsonObject:
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        node = resolve(document, str(node["$ref"]), "")
    return node if isinstance(node, dict) else {}


class _Walk:
    """Follows examples through schemas and collects what is not there."""

    def __init__(self, document: JsonObject) -> None:
        self._document = document
        self._names = {id(schema): name for name, schema in _schemas(document).items()}
        self.found: dict[str, dict[str, list[Json]]] = {}
        """Component -> property -> its values."""

    def follow(self, schema: Json, value: Json) -> None:
        forms = list(self._forms(schema))
        if isinstance(value, list):
            for entry in value:
                for form in forms:
                    self.follow(form.get("items"), entry)
        elif isinstance(value, dict):
            objects = [form for form in forms if form.get("properties")]
            if objects:
                self._object(max(objects, key=lambda form: _likeness(form, value)), value)
            for form in forms:
                if isinstance(form.get("additionalProperties"), dict) and not form.get("properties"):
                    for entry in value.values():
                        self.follow(form["additionalProperties"], entry)

    def _object(self, form: JsonObject, value: JsonObject) -> None:
        properties = child(form, "properties", "")
        open_to = form.get("additionalProperties")
        keyed = next((properties[name] for name in properties if is_placeholder(name)), None)
        for name, entry in value.items():
            if name in properties:
                self.follow(properties[name], entry)
            elif keyed is not None:
                self.follow(keyed, entry)
            elif open_to or "patternProperties" in form:
                self.follow(open_to, entry)
            elif _NAME.match(name) and not _HASH.match(name) and id(form) in self._names:
                self.found.setdefault(self._names[id(form)], {}).setdefault(name, []).append(entry)

    def _forms(self, schema: Json) -> Iterator[JsonObject]:
        node = _resolved(self._document, schema)
        parts = [part for key in ("allOf", "oneOf", "anyOf") for part in _listed(node.get(key))]
        if node and not parts:
            yield node
        for part in parts:
            yield from self._forms(part)


def _add(schemas: JsonObject, found: dict[str, dict[str, list[Json]]], denied: Collection[str]) -> list[str]:
    added = []
    for component in sorted(found.keys() & schemas.keys()):
        schema = as_object(schemas[component], "")
        properties = child(schema, "properties", "")
        for name, values in sorted(found[component].items()):
            if name not in denied and f"{component}.{name}" not in denied and name not in properties:
                properties[name] = next(filter(_is_shown, values), None) or _typed(values)
                added.append(f"{component}.{name}")
        if properties:
            schema["properties"] = {name: properties[name] for name in sorted(properties)}
    return added


def _likeness(form: JsonObject, value: JsonObject) -> tuple[bool, int]:
    """How well an object fits: its fixed values are not denied, and the keys that it knows."""
    properties = child(form, "properties", "")
    fixed = {name: _listed(held.get("enum")) for name, held in properties.items() if isinstance(held, dict)}
    fits = all(value[name] in values for name, values in fixed.items() if len(values) == 1 and name in value)
    return fits, len(properties.keys() & value.keys())


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _typed(values: list[Json]) -> JsonObject:
    kinds = {_PLAIN.get(type(value)) for value in values if value is not None}
    kind = "number" if kinds == {"integer", "number"} else kinds.pop() if len(kinds) == 1 else None
    return {"x-from-example": True} if kind is None else {"type": [kind, "null"], "x-from-example": True}
