"""Reading an untrusted document: typed access, and a `SchemaError` with a JSON pointer for what is not there."""

from __future__ import annotations

from typing import TypeAlias, cast

from typedpipes_codegen.errors import SchemaError

Node: TypeAlias = "dict[str, object]"

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def step(where: str, *names: str | int) -> str:
    """Extend a JSON pointer."""
    return where + "".join("/" + str(name).replace("~", "~0").replace("/", "~1") for name in names)


def mapping(value: object, where: str) -> Node:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise SchemaError("an object with names is expected here", pointer=where, remedy="mend the document")
    return cast("Node", value)


def sequence(value: object, where: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise SchemaError("a list is expected here", pointer=where, remedy="mend the document")
    return value


def texts(value: object, where: str) -> tuple[str, ...]:
    items = sequence(value, where)
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise SchemaError("a string is expected here", pointer=step(where, index), remedy="quote it")
    return tuple(cast("list[str]", items))


def text(value: object, where: str, default: str = "") -> str:
    if value is None:
        return default
    if not isinstance(value, str):
        raise SchemaError("a string is expected here", pointer=where, remedy="quote it")
    return value


def number(value: object, where: str) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise SchemaError("a whole number is expected here", pointer=where, remedy="write a plain number")
    return value


class Document:
    """The document and its references."""

    def __init__(self, root: Node) -> None:
        components = mapping(root.get("components"), "/components")
        self.schemas: Node = {**mapping(components.get("schemas"), "/components/schemas")}
        """The components of the document, to which its reader may add some."""
        self.root: Node = {**root, "components": {**components, "schemas": self.schemas}}
        self.notes: dict[str, None] = {}
        """Parts that became JSON, each with its place and the reason."""

    def follow(self, value: object, where: str) -> tuple[Node, str]:
        """Resolve a reference object (not to a schema): the target and where it is."""
        seen: set[str] = set()
        node = mapping(value, where)
        while "$ref" in node:
            target = text(node["$ref"], step(where, "$ref"))
            if target in seen:
                raise SchemaError(f"{target} refers to itself", pointer=where, remedy="break the circle")
            seen.add(target)
            node, where = self.lookup(target, where)
        return node, where

    def lookup(self, target: str, where: str) -> tuple[Node, str]:
        """What a local ``$ref`` names."""
        if not target.startswith("#/"):
            raise SchemaError(
                f"{target[:80]!r} is not in this document; nothing is fetched",
                pointer=step(where, "$ref"),
                remedy="bundle the document first",
            )
        node: object = self.root
        for part in target[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or name not in node:
                raise SchemaError(
                    f"{target!r} does not exist", pointer=step(where, "$ref"), remedy="add it or mend the reference"
                )
            node = node[name]
        return mapping(node, target[1:]), target[1:]

    def schema_key(self, target: str, where: str) -> str:
        """The component a schema reference names."""
        self.lookup(target, where)
        prefix = "#/components/schemas/"
        key = target.removeprefix(prefix).replace("~1", "/").replace("~0", "~")
        if not target.startswith(prefix) or key not in self.schemas:
            raise SchemaError(
                f"{target!r} is no named schema",
                pointer=step(where, "$ref"),
                remedy="schemas are referred to under components/schemas",
            )
        return key
