"""JSON trees with real types, and JSON pointers into them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeAlias
from urllib.parse import unquote

from typedpipes_codegen.errors import SchemaError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"

METHODS = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
"""HTTP methods a path item may hold, in the order they are written."""


def token(name: str | int) -> str:
    """One reference token of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def pointer(*names: str | int) -> str:
    return "".join(f"/{token(name)}" for name in names)


def tokens(text: str) -> list[str]:
    """The names in a JSON pointer, unescaped. With ``#`` in front it is a URI fragment: percent signs are decoded."""
    body = unquote(text[1:]) if text.startswith("#") else text
    return [part.replace("~1", "/").replace("~0", "~") for part in body.split("/")[1:]]


def as_object(value: Json, where: str) -> JsonObject:
    """``value`` as an object; anything else is a SchemaError that names the place."""
    if isinstance(value, dict):
        return value
    raise SchemaError(f"expected an object, found {kind(value)}", pointer=where)


def as_list(value: Json, where: str) -> list[Json]:
    if isinstance(value, list):
        return value
    raise SchemaError(f"expected a list, found {kind(value)}", pointer=where)


def as_text(value: Json, where: str) -> str:
    if isinstance(value, str):
        return value
    raise SchemaError(f"expected a string, found {kind(value)}", pointer=where)


def child(parent: JsonObject, key: str, where: str) -> JsonObject:
    """The object under ``key``, or an empty one."""
    value = parent.get(key)
    return {} if value is None else as_object(value, f"{where}{pointer(key)}")


def kind(value: Json) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def fingerprint(value: Json) -> str:
    """Equal for equal trees, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def operations(document: JsonObject) -> Iterator[tuple[str, str, JsonObject, JsonObject]]:
    """``(path, method, operation, path item)`` of each operation, sorted by path, then by method."""
    paths = child(document, "paths", "")
    for path in sorted(paths):
        if path.startswith("x-"):
            continue
        item = as_object(paths[path], pointer("paths", path))
        for method in METHODS:
            if method in item:
                yield path, method, as_object(item[method], pointer("paths", path, method)), item


def clone(value: Json) -> Json:
    """A deep copy."""
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clone(item) for item in value]
    return value
