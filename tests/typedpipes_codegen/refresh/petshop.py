"""A small REST API as its vendor publishes it, and ways in which a vendor changes one."""

from __future__ import annotations

import copy
from typing import Any

import yaml

PET: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"type": "string", "enum": ["cat", "dog"]},
    },
}
ANSWER = {"200": {"description": "Fine.", "content": {"application/json": {"schema": PET}}}}
IDENTIFIER = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}


def operation(name: str, *parameters: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """One GET of pets."""
    return {"operationId": name, "tags": ["Pets"], "parameters": list(parameters), "responses": ANSWER, **facts}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Pet shop", "version": "1.0.0", "description": "Sells pets."},
    "servers": [{"url": "https://pets.example/v1"}],
    "tags": [{"name": "Pets", "description": "All that moves."}],
    "paths": {
        "/pets": {"get": operation("listPets", {"name": "limit", "in": "query", "schema": {"type": "integer"}})},
        "/pets/{id}": {"get": operation("getPet", IDENTIFIER)},
        "/pets/{id}/owner": {"get": operation("getOwner", IDENTIFIER)},
        "/shop": {"get": operation("getShop")},
    },
}
PATHS = {
    "pets": "/pets",
    "pet": "/pets/{id}",
    "owner": "/pets/{id}/owner",
    "shop": "/shop",
    "weight": "/pets/{id}/weight",
    "animal": "/animals/{id}",
}
OVERLAY = """\
overlay: "1.0.0"
info: {title: Names, version: "1"}
actions:
- target: $.paths['/pets'].get
  update: {x-method: pets.list}
- target: $.paths['/pets/{id}'].get
  update: {x-method: pets.get}
"""


def published(document: dict[str, Any] | None = None) -> bytes:
    """A document as its vendor serves it."""
    return yaml.safe_dump(DOCUMENT if document is None else document, sort_keys=False).encode()


def changed(**paths: dict[str, Any] | None) -> dict[str, Any]:
    """The document with other paths, by their keys in `PATHS`; None takes one away."""
    document = copy.deepcopy(DOCUMENT)
    for key, item in paths.items():
        path = PATHS[key]
        document["paths"].pop(path, None)
        if item is not None:
            document["paths"][path] = item
    return document


def with_prose(node: Any, seed: int) -> Any:
    """The same interface in other words and another order."""
    if isinstance(node, list):
        return [with_prose(each, seed) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: with_prose(value, seed) for key, value in sorted(node.items(), key=lambda pair: hash((pair[0], seed)))}
    if "operationId" in made or made.get("type") == "object":
        made["description"] = f"Words of edition {seed}."
    if "description" in node:
        made["description"] = f"Rewritten {seed}."
    return made
