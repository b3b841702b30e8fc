"""OpenAPI Overlay 1.0: our corrections and names, laid over a canonical document.

JSONPath by `python-jsonpath` (RFC 9535). Merging as the specification says: objects recursively, lists by appending,
everything else by replacing; an update whose target is a list appends one entry.

Stricter than the specification in one point: an action that matches nothing is an error that names the action. The
vendor changed something our correction depends on, and nobody would notice otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jsonpath

from typedpipes_codegen.documents import check_references, load_document
from typedpipes_codegen.documents.tree import Json, JsonObject, as_list, as_object, as_text, clone, kind, pointer
from typedpipes_codegen.errors import SchemaError

_ENVIRONMENT = jsonpath.JSONPathEnvironment()
_ACTION_KEYS = frozenset(("target", "description", "update", "remove"))


def apply_overlay(
    document: JsonObject, overlay: JsonObject, *, file: Path, unmatched: list[str] | None = None
) -> JsonObject:
    """A copy of ``document`` with every action of ``overlay`` applied in order.

    ``file`` is the overlay's, for messages. Raises :class:`SchemaError` for an overlay that is not one, an action
    that matches nothing, and a result with references that do not resolve. With a list ``unmatched``, actions that
    match nothing are left out and their targets appended to it: for comparing documents, never for generating.
    """
    try:
        result = as_object(clone(document), "")
        for number, action in enumerate(_actions(overlay)):
            where = f"/actions/{number}"
            if unmatched is None or _places(result, as_text(action.get("target"), where), where):
                _apply(result, action, where)
            else:
                unmatched.append(as_text(action["target"], where))
        check_references(result)
    except SchemaError as error:
        raise error.in_file(file) from None
    return result


def apply_removals(document: JsonObject, overlay: JsonObject, *, file: Path) -> tuple[JsonObject, JsonObject]:
    """A copy of ``document`` without what the removing actions match, and the overlay without those actions.

    For a document that cannot be brought to its canonical form before something is removed from it.
    """
    result, rest = as_object(clone(document), ""), list[Json]()
    try:
        for number, action in enumerate(_actions(overlay)):
            where = f"/actions/{number}"
            target = as_text(action.get("target"), f"{where}/target")
            if action.get("remove") is True and _places(result, target, where):
                _apply(result, action, where)
            else:
                rest.append(action)
    except SchemaError as error:
        raise error.in_file(file) from None
    return result, {**overlay, "actions": rest}


def _actions(overlay: JsonObject) -> list[JsonObject]:
    version = overlay.get("overlay")
    if not (isinstance(version, str) and version.startswith("1.0")):
        raise SchemaError(f"not an Overlay 1.0 document (overlay: {version!r})", pointer="/overlay")
    actions = [
        as_object(action, f"/actions/{number}")
        for number, action in enumerate(as_list(overlay.get("actions"), "/actions"))
    ]
    for number, action in enumerate(actions):
        unknown = sorted(key for key in action.keys() - _ACTION_KEYS if not key.startswith("x-"))
        if unknown:
            raise SchemaError(f"an action has no key {unknown[0]!r}", pointer=f"/actions/{number}")
        if ("update" in action) == (action.get("remove") is True):
            raise SchemaError("an action either updates or removes", pointer=f"/actions/{number}")
    return actions


def _apply(document: JsonObject, action: JsonObject, where: str) -> None:
    target = as_text(action.get("target"), f"{where}/target")
    places = _places(document, target, f"{where}/target")
    if not places:
        raise SchemaError(
            f"the target {target} matches nothing",
            pointer=where,
            remedy="the vendor moved or renamed it, or the target has a typing error",
        )
    if action.get("remove") is True:
        # Longest and last first: removing an entry of a list moves the ones behind it.
        for parts in sorted(places, key=_removal_order, reverse=True):
            _remove(document, parts, target, where)
        return
    for parts in places:
        _update(document, parts, action["update"], target, where)


def _places(document: JsonObject, target: str, where: str) -> list[tuple[str | int, ...]]:
    try:
        found = [match.parts for match in _ENVIRONMENT.finditer(target, document)]
    except jsonpath.JSONPathError as error:
        raise SchemaError(f"the target {target!r} is not a JSONPath: {error}", pointer=where) from None
    return list(dict.fromkeys(found))


def _removal_order(parts: tuple[str | int, ...]) -> tuple[int, tuple[tuple[int, str], ...]]:
    return len(parts), tuple((part, "") if isinstance(part, int) else (-1, part) for part in parts)


def _parent(document: JsonObject, parts: tuple[str | int, ...]) -> Json:
    node: Json = document
    for part in parts[:-1]:
        node = _step(node, part)
    return node


def _step(node: Json, part: str | int) -> Json:
    if isinstance(node, dict):
        return node[str(part)]
    if isinstance(node, list):
        return node[int(part)]
    raise LookupError(part)


def _remove(document: JsonObject, parts: tuple[str | int, ...], target: str, where: str) -> None:
    if not parts:
        raise SchemaError(f"the target {target} is the whole document; it cannot be removed", pointer=where)
    parent = _parent(document, parts)
    if isinstance(parent, dict):
        del parent[str(parts[-1])]
    elif isinstance(parent, list):
        del parent[int(parts[-1])]


def _update(document: JsonObject, parts: tuple[str | int, ...], update: Json, target: str, where: str) -> None:
    node: Json = _step(_parent(document, parts), parts[-1]) if parts else document
    if isinstance(node, list):
        node.append(clone(update))
    elif isinstance(node, dict):
        _merge(node, as_object(update, f"{where}/update"), f"{where}/update")
    else:
        raise SchemaError(
            f"the target {target} is {kind(node)} at #{pointer(*parts)}; an update needs an object or a list",
            pointer=where,
            remedy="target the object that holds it",
        )


def _merge(node: JsonObject, update: JsonObject, where: str) -> None:
    for key, value in update.items():
        known = node.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value, f"{where}{pointer(key)}")
        elif isinstance(known, list) and isinstance(value, list):
            known.extend(as_list(clone(value), where))
        else:
            node[key] = clone(value)


# The effective document: canonical form plus overlays. Everything downstream reads this.


def effective_document(schema: Path, overlays: Sequence[Path]) -> dict[str, object]:
    """Load ``schema`` and apply ``overlays`` in order; an action that matches nothing is a `SchemaError`."""
    document = load_document(schema)
    for path in overlays:
        document = apply_overlay(document, load_document(path), file=path)
    return {**document}
