"""OpenAPI Overlay 1.0 with the JSONPath our overlays use: names, wildcards, descents, indexes, equality filters."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

_STEP = re.compile(
    r"""\.\.(?P<deep>[\w$-]+|\*)
      | \.(?P<name>[\w$-]+|\*)
      | \[\s*(?P<quoted>(?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))*)\s*\]
      | \[\s*(?P<index>-?\d+|\*)\s*\]
      | \[\?(?P<filter>(?:[^\[\]'"]|'[^']*'|"[^"]*"|\[[^\]]*\])*)\]""",
    re.VERBOSE,
)
_TERM = re.compile(
    r"""^(?P<not>!\s*)?@(?P<path>(?:\.[\w$-]+|\[['"][^'"]+['"]\])*)\s*(?:(?P<op>==|!=)\s*(?P<value>.+))?$"""
)

Place = tuple[Any, Any]


class OverlayError(ValueError):
    """An overlay that cannot be applied."""


def apply_overlay(document: dict[str, Any], overlay: dict[str, Any]) -> int:
    """Apply every action to ``document`` in place; returns how many places changed. Raises :class:`OverlayError`."""
    changed = 0
    for action in overlay.get("actions") or []:
        holder = {"$": document}
        places = find_places(holder, action["target"])
        if action.get("remove"):
            for parent, key in sorted(places, key=lambda place: -place[1] if isinstance(place[1], int) else 0):
                if isinstance(parent, list):
                    del parent[key]
                else:
                    parent.pop(key, None)
        elif "update" in action:
            for parent, key in places:
                parent[key] = merged(parent[key], action["update"])
        changed += len(places)
    return changed


def merged(node: Any, update: Any) -> Any:
    """Overlay merging: objects recursively, lists appended to, anything else replaced."""
    if isinstance(node, dict) and isinstance(update, dict):
        for key, value in update.items():
            node[key] = merged(node[key], value) if key in node else copy.deepcopy(value)
        return node
    if isinstance(node, list):
        node.extend(copy.deepcopy(update) if isinstance(update, list) else [copy.deepcopy(update)])
        return node
    return copy.deepcopy(update)


def find_places(holder: dict[str, Any], target: str) -> list[Place]:
    """The (container, key) pairs a JSONPath selects; ``holder`` has the document under ``$``."""
    if not target.startswith("$"):
        raise OverlayError(f"overlay target {target!r} does not start with $")
    places: list[Place] = [(holder, "$")]
    position = 1
    while position < len(target):
        match = _STEP.match(target, position)
        if match is None:
            raise OverlayError(f"overlay target {target!r} is not understood from {target[position:]!r} on")
        places = [found for place in places for found in _step(place[0][place[1]], match)]
        position = match.end()
    return places


def _step(node: Any, match: re.Match[str]) -> Iterator[Place]:
    deep, name, quoted = match["deep"], match["name"], match["quoted"]
    if deep is not None:
        for descendant in _descendants(node):
            yield from _children(descendant, deep)
    elif match["filter"] is not None:
        for place in _children(node, "*"):
            if _passes(place[0][place[1]], match["filter"]):
                yield place
    elif match["index"] is not None:
        yield from _children(node, match["index"])
    elif name is not None:
        yield from _children(node, name)
    else:
        for single, double in re.findall(r"""'([^']*)'|"([^"]*)\"""", quoted):
            yield from _children(node, single or double, literal=True)


def _children(node: Any, key: str, *, literal: bool = False) -> Iterator[Place]:
    if isinstance(node, dict):
        if key == "*" and not literal:
            yield from ((node, each) for each in list(node))
        elif key in node:
            yield node, key
    elif isinstance(node, list):
        if key == "*" and not literal:
            yield from ((node, index) for index in range(len(node)))
        elif key.lstrip("-").isdigit() and -len(node) <= int(key) < len(node):
            yield node, int(key)


def _descendants(node: Any) -> Iterator[Any]:
    yield node
    children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _descendants(child)


def _passes(node: Any, expression: str) -> bool:
    expression = expression.strip()
    if expression.startswith("(") and expression.endswith(")"):
        expression = expression[1:-1]
    for term in expression.split("&&"):
        match = _TERM.match(term.strip())
        if match is None:
            raise OverlayError(f"overlay filter {expression!r} is not understood")
        found, value = _lookup(node, match["path"])
        if match["op"] is None:
            if found == bool(match["not"]):
                return False
            continue
        equal = found and value == _literal(match["value"].strip())
        if equal != (match["op"] == "=="):
            return False
    return True


def _lookup(node: Any, path: str) -> tuple[bool, Any]:
    for key in re.findall(r"\.([\w$-]+)|\[['\"]([^'\"]+)['\"]\]", path):
        name = key[0] or key[1]
        if not isinstance(node, dict) or name not in node:
            return False, None
        node = node[name]
    return True, node


def _literal(text: str) -> Any:
    if text[:1] in {"'", '"'} and text[-1:] == text[:1]:
        return text[1:-1]
    constants: dict[str, Any] = {"true": True, "false": False, "null": None}
    if text in constants:
        return constants[text]
    return float(text) if "." in text else int(text)
