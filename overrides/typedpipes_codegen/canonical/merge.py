"""Flattening ``allOf``: compositions of plain objects (and of one plain value) become one schema.

Nothing may be lost: whatever cannot be merged keeps its ``allOf``, as low in the tree as possible. Two parts that
describe the same property differently give that property an ``allOf``; where one enum contains the other the larger
one stands, because vendors write "the old list, and in addition the new list" this way.
"""

from __future__ import annotations

from typedpipes_codegen.documents.tree import Json, JsonObject, fingerprint

_NEVER = frozenset(
    "$ref oneOf anyOf allOf not if then else discriminator $defs dependentSchemas unevaluatedProperties".split()
)
_UNION_OF_LISTS = "required"


def merge_all_of(base: JsonObject, parts: list[tuple[JsonObject, JsonObject | None]]) -> JsonObject:
    """``base`` with ``allOf: parts`` as one schema, or with as much of the ``allOf`` as must stay.

    Each part comes as written and, where it may be merged, as the schema it stands for.
    """
    if len(parts) == 1 and "$ref" in parts[0][0]:
        reference, meaning = parts[0]
        # The type beside a reference to a thing of that type adds nothing.
        rest = {key: value for key, value in base.items() if key != "type" or (meaning or {}).get("type") != value}
        if not rest:
            return reference
        if _only_annotations(rest):
            return {"allOf": [reference], **rest}
    merged: JsonObject | None = dict(base)
    for _, meaning in parts:
        merged = None if meaning is None or merged is None else merge(merged, meaning)
    if merged is not None:
        return merged
    return {**base, "allOf": [part for part, _ in parts]}


def merge(left: JsonObject, right: JsonObject) -> JsonObject | None:
    """One schema that says what both say, or None."""
    if not left or not right or left == right:
        return left or right
    if _NEVER & left.keys() or _NEVER & right.keys():
        return None
    result = dict(left)
    for key, value in right.items():
        if key not in result:
            result[key] = value
            continue
        agreed = _agree(key, result[key], value)
        if agreed is _CONFLICT:
            return None
        result[key] = agreed
    return result


_CONFLICT: Json = "\0conflict"


def _agree(key: str, left: Json, right: Json) -> Json:
    if fingerprint(left) == fingerprint(right):
        return right
    if key == "properties" and isinstance(left, dict) and isinstance(right, dict):
        return _properties(left, right)
    if key == _UNION_OF_LISTS and isinstance(left, list) and isinstance(right, list):
        return [*sorted({str(name) for name in [*left, *right]})]
    if key == "enum" and isinstance(left, list) and isinstance(right, list):
        small, large = sorted((left, right), key=len)
        return large if {fingerprint(item) for item in small} <= {fingerprint(item) for item in large} else _CONFLICT
    if key == "additionalProperties" and (left is True or right is True):
        return right if left is True else left
    if key in ("deprecated", "readOnly", "writeOnly"):
        return True
    return _CONFLICT


def _properties(left: JsonObject, right: JsonObject) -> Json:
    result = dict(left)
    for name, schema in right.items():
        known = result.get(name)
        if not isinstance(known, dict) or not isinstance(schema, dict):
            result[name] = schema
            continue
        one = merge(known, schema)
        result[name] = {"allOf": [known, schema]} if one is None else one
    return {name: result[name] for name in sorted(result)}


def _only_annotations(schema: JsonObject) -> bool:
    return all(key in ("default", "deprecated", "readOnly", "writeOnly") or key.startswith("x-") for key in schema)
