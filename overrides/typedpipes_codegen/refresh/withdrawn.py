"""The operations a vendor took away, kept as deprecated: the newer document united with what is checked in.

The checked-in document is canonical: its shapes are hoisted into components under the names of ``names.lock``. A newer
document has them inline, perhaps with other content under the same name, so the operations that are kept get their
shapes back inline first; canonicalising hoists them again, and the lock gives them the names they had.
"""

from __future__ import annotations

from typedpipes_codegen.canonical.union import union
from typedpipes_codegen.documents import is_component, resolve
from typedpipes_codegen.documents.tree import METHODS, Json, JsonObject, as_object, child, clone, operations, tokens


def with_withdrawn(newer: JsonObject, committed: JsonObject, names: dict[str, str]) -> tuple[JsonObject, JsonObject]:
    """The union, and the older document it was made with: ``committed`` less what ``newer`` has.

    ``names`` are the API's rows of ``names.lock``. Raises `SchemaError` if a kept operation needs a component whose
    content has changed.
    """
    older = _gone(newer, committed, frozenset(names.values()))
    return union(newer, older), older


def _gone(newer: JsonObject, committed: JsonObject, hoisted: frozenset[str]) -> JsonObject:
    kept = {(path, method) for path, method, _, _ in operations(newer)}
    paths: JsonObject = {}
    for path, method, operation, item in operations(committed):
        if (path, method) not in kept:
            shared: JsonObject = {key: clone(value) for key, value in item.items() if key not in METHODS}
            entry = as_object(paths.setdefault(path, shared), path)
            entry[method] = _inline(operation, committed, hoisted, ())
    result: JsonObject = {key: value for key, value in committed.items() if key not in ("paths", "tags")}
    result["paths"] = paths
    used = {
        str(tag) for _, _, operation, _ in operations(result) for tag in _texts(operation.get("tags"))
    }  # a tag nobody uses any more goes with the newer document
    if used:
        result["tags"] = [{"name": name} for name in sorted(used)]
    sections = child(committed, "components", "")
    schemas = child(sections, "schemas", "/components")
    own: JsonObject = {name: body for name, body in schemas.items() if name not in hoisted}
    result["components"] = {**{key: value for key, value in sections.items() if key != "schemas"}, "schemas": own}
    return result


def _inline(node: Json, document: JsonObject, hoisted: frozenset[str], inside: tuple[str, ...]) -> Json:
    """``node`` with references to hoisted components written out; one that holds itself stays a reference."""
    if isinstance(node, list):
        return [_inline(entry, document, hoisted, inside) for entry in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str) and is_component(reference, "schemas"):
        name = tokens(reference)[-1]
        if name in hoisted and name not in inside:
            return _inline(resolve(document, reference), document, hoisted, (*inside, name))
    return {key: _inline(value, document, hoisted, inside) for key, value in node.items()}


def _texts(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
