"""Which arguments of an operation are dates and times, and in which form the server takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from typedpipes_codegen.openapi.endpoints import RawOperation, chosen_body
from typedpipes_codegen.openapi.reading import Document, mapping, sequence, step, text

_FORMS: Final = {
    "date": "date",
    "YYYY-MM-DD": "date",
    "date-time": "date-time",
    "YYYY-MM-DD HH:MM:SS": "%Y-%m-%d %H:%M:%S",
    "YYYY-MM-DD HH:MM": "%Y-%m-%d %H:%M",
}
"""``format`` of a schema -> the form in ``Operation.times``; the last two are UTC without a zone."""


def times_of(document: Document, operation: RawOperation) -> dict[str, str]:
    """``"place path"`` -> form, such as ``"query updated_since"`` and ``"body data[].billing_date"``."""
    found = {}
    for parameter in operation.parameters:
        for path, form in _below(document, parameter.node.get("schema"), parameter.where, parameter.wire, ()):
            found[f"{parameter.location} {path}"] = form
    if operation.bodies:
        _, schema = chosen_body(operation)
        for path, form in _below(document, schema, step(operation.where, "requestBody"), "", ()):
            found[f"body {path}"] = form
    return found


def _below(
    document: Document, schema: object, where: str, path: str, seen: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        target = text(schema["$ref"], where)
        if target not in seen:
            node, place = document.lookup(target, where)
            yield from _below(document, node, place, path, (*seen, target))
        return
    form = schema.get("format")
    if isinstance(form, str) and form in _FORMS and path:
        yield path, _FORMS[form]
    for name, below in mapping(schema.get("properties"), step(where, "properties")).items():
        if "." not in name and not name.endswith("[]"):
            yield from _below(document, below, step(where, "properties", name), f"{path}.{name}".lstrip("."), seen)
    if "items" in schema:
        yield from _below(document, schema["items"], step(where, "items"), f"{path}[]", seen)
    for key in ("allOf", "oneOf", "anyOf"):
        for index, option in enumerate(sequence(schema.get(key), step(where, key))):
            yield from _below(document, option, step(where, key, index), path, seen)


__all__ = ["times_of"]
