"""Two dated documents of one API as one: the newer, and the operations only the older still has.

The rule, in full. An operation (path and method) both have is taken from the newer, whole: the older's parameters,
properties and enum values are not mixed in. An operation only the older has is *withdrawn*: it is taken whole from the
older and marked ``deprecated: true`` and ``x-withdrawn: true``, nothing else; the replacement is named by the overlay.
Root facts (servers, security, info) are the newer's. Tags and components of the older are added where the newer has
none of that name; a component both have under one name must have the same content, or be used by no withdrawn
operation.
"""

from __future__ import annotations

from typedpipes_codegen.canonical import plain_document
from typedpipes_codegen.documents import references
from typedpipes_codegen.documents.tree import JsonObject, as_list, as_object, child, fingerprint, operations, pointer
from typedpipes_codegen.errors import SchemaError


def union(newer: JsonObject, older: JsonObject) -> JsonObject:
    """The union of two OpenAPI documents as a plain document. Raises SchemaError if a component changed its content."""
    new, old = plain_document(newer), plain_document(older)
    result = dict(new)
    paths: JsonObject = {path: dict(as_object(item, path)) for path, item in child(new, "paths", "").items()}
    withdrawn: JsonObject = {}
    for path, method, operation, _ in operations(old):
        item = as_object(paths.setdefault(path, {}), path)
        if method not in item:
            item[method] = {**operation, "deprecated": True, "x-withdrawn": True}
            withdrawn[pointer(path, method)] = item[method]
            _carry_root(item[method], old, new)
    result["paths"] = {path: paths[path] for path in sorted(paths)}
    names = {
        str(as_object(tag, "/tags")["name"]) for root in (new, old) for tag in as_list(root.get("tags") or [], "/tags")
    }
    if names:
        result["tags"] = [{"name": name} for name in sorted(names)]
    components = _components(new, old, {"paths": withdrawn})
    if components:
        result["components"] = components
    return result


def _carry_root(operation: object, old: JsonObject, new: JsonObject) -> None:
    """A withdrawn operation keeps the older document's servers and security where the newer's differ."""
    if isinstance(operation, dict):
        for key in ("servers", "security"):
            if key not in operation and old.get(key) != new.get(key):
                operation[key] = old.get(key, [])


def _components(new: JsonObject, old: JsonObject, withdrawn: JsonObject) -> JsonObject:
    result: JsonObject = {}
    newer, older = child(new, "components", ""), child(old, "components", "")
    for section in sorted({*newer, *older}):
        kept, added = child(newer, section, "/components"), child(older, section, "/components")
        for name in sorted(kept.keys() & added.keys()):
            if fingerprint(kept[name]) != fingerprint(added[name]) and _uses(withdrawn, older, section, name):
                raise SchemaError(
                    "the two documents describe this component differently, and a withdrawn operation needs the older",
                    pointer=pointer("components", section, name),
                    remedy="rename it in one of the two documents",
                )
        both = {**added, **kept}
        result[section] = {name: both[name] for name in sorted(both)}
    return result


def _uses(withdrawn: JsonObject, components: JsonObject, section: str, name: str) -> bool:
    """Whether a withdrawn operation reaches the component."""
    wanted, seen = f"#{pointer('components', section, name)}", set[str]()
    todo = [withdrawn]
    while todo:
        for _, reference in references(todo.pop()):
            if reference == wanted:
                return True
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                kind, _, rest = reference.removeprefix("#/components/").partition("/")
                entry = child(components, kind, "").get(rest)
                if isinstance(entry, dict):
                    todo.append(entry)
    return False
