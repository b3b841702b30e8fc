"""What kind of thing a schema describes, however it is written (OpenAPI 3.0 or 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias, cast

import attrs

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi.compositions import Compositions
from typedpipes_codegen.openapi.naming import pascal
from typedpipes_codegen.openapi.reading import Document, Node, mapping, sequence, step, texts

Shape: TypeAlias = Literal[
    "object", "enum", "const", "map", "array", "union", "any", "string", "integer", "number", "boolean", "null"
]

_TYPES = ("string", "integer", "number", "boolean", "null", "array", "object")


@attrs.frozen
class Merged:
    """An object with everything its ``allOf`` adds."""

    properties: dict[str, tuple[object, str]]
    required: frozenset[str]


class Shapes:
    """Reads schemas of one document."""

    def __init__(self, document: Document) -> None:
        self._compositions = Compositions(document)
        self._plain: dict[int, tuple[Node, Node]] = {}

    def plain(self, node: Node, where: str) -> Node:
        """The schema with its ``allOf`` joined, if that leaves one alternative; else the schema as it is.

        The same ``node`` gives the same object again.
        """
        if not self._compositions.is_composed(node, where) or self._only(node, where) is not None:
            return node
        if id(node) not in self._plain:
            found = self._compositions.alternatives(node, where)
            beside = {key: value for key, value in node.items() if key.startswith("x-") or key == "description"}
            joined = found[0][0] if found else {}
            self._plain[id(node)] = node, node if len(found) > 1 else {**joined, **beside}
        return self._plain[id(node)][1]

    def of(self, node: Node, where: str) -> Shape:
        """The shape of a schema that is no reference, null left aside."""
        if self._compositions.is_composed(node, where):
            joined = self.plain(node, where)
            return "union" if joined is node else self.of(joined, where)
        if "const" in node:
            return _constant_shape(node["const"])
        if "enum" in node:
            return self._enumerated(node, where)
        types = self.types(node, where)
        if node.get("properties") and types in ([], ["object"]):
            return "object"
        if self._compositions.choice(node, where) and not node.get("properties"):
            return "union"
        if len(types) > 1:
            return "union"
        if not types:
            return "null" if self.allows_null(node, where) else self._untyped(node)
        return "map" if types[0] == "object" else cast("Shape", types[0])

    def _untyped(self, node: Node) -> Shape:
        if "items" in node:
            return "array"
        return "map" if isinstance(node.get("additionalProperties"), dict) else "any"

    def _enumerated(self, node: Node, where: str) -> Shape:
        if any(isinstance(value, dict | list) for value in sequence(node.get("enum"), step(where, "enum"))):
            return "any"  # values that are objects or lists: no class says which
        values = self.values(node, where)
        kinds = {type(value) for value in values}
        if not values:
            return "null"
        if kinds == {bool}:
            return "boolean" if len(values) > 1 else "const"
        if kinds <= {float, int} and float in kinds:
            return "number"
        if len(kinds) > 1:
            return "union"
        return "const" if len(values) == 1 and "x-enum-name" not in node else "enum"

    def _only(self, node: Node, where: str) -> tuple[object, str] | None:
        """The one part that says something, if it is the only one."""
        parts = sequence(node.get("allOf"), step(where, "allOf"))
        telling = [(part, index) for index, part in enumerate(parts) if _tells(part)]
        if len(telling) == 1 and not _tells({key: value for key, value in node.items() if key != "allOf"}):
            return telling[0][0], step(where, "allOf", telling[0][1])
        return None

    def types(self, node: Node, where: str) -> list[str]:
        """The values of ``type`` besides null."""
        value = node.get("type")
        found = [value] if isinstance(value, str) else list(texts(value, step(where, "type")))
        for name in found:
            if name not in _TYPES:
                raise SchemaError(
                    f"{name!r} is no type of JSON Schema",
                    pointer=step(where, "type"),
                    remedy=f"use one of {', '.join(_TYPES)}",
                )
        return [name for name in found if name != "null"]

    def allows_null(self, node: Node, where: str) -> bool:
        """Whether null is allowed besides what `of` tells."""
        node = self.plain(node, where)
        value = node.get("type")
        if node.get("nullable") is True or value == "null" or (isinstance(value, list) and "null" in value):
            return True
        listed = node.get("enum")
        return isinstance(listed, list) and None in listed

    def values(self, node: Node, where: str) -> list[str | int]:
        """The values of an enum besides null, in order, without doubles."""
        node = self.plain(node, where)
        found: dict[tuple[type, object], str | int] = {}
        textual = self.types(node, where) == ["string"]
        for index, value in enumerate(sequence(node.get("enum"), step(where, "enum"))):
            if value is None:
                continue
            if not isinstance(value, str | int | float):
                raise SchemaError(
                    "an enum lists plain values", pointer=step(where, "enum", index), remedy="describe objects instead"
                )
            plain = str(value) if textual and not isinstance(value, bool) else value
            found.setdefault((type(plain), plain), cast("str | int", plain))
        return [*found.values()]

    def constant(self, node: Node, where: str) -> str | int:
        value = node["const"] if "const" in node else self.values(node, where)[0]
        if not isinstance(value, str | int):
            raise SchemaError("a const is a string, integer or boolean", pointer=where, remedy="describe it by type")
        return value

    def branches(self, node: Node, where: str) -> list[tuple[object, str, str]]:
        """The alternatives of a union: schema, pointer, and a word that tells them apart."""
        only = self._only(node, where) if node.get("allOf") else None
        if only is not None:
            return [(*only, "")]
        if self._compositions.is_composed(node, where):
            return [
                (part, where, word or str(index))
                for index, (part, word) in enumerate(self._compositions.alternatives(node, where), 1)
            ]
        parts = self._compositions.choice(node, where)
        if parts:
            return [(part, place, _label(part, index)) for index, (part, place) in enumerate(parts, 1)]
        if "enum" in node:
            return [(branch, where, str(index)) for index, branch in enumerate(self._by_kind(node, where), 1)]
        return [(_of_type(node, name), where, pascal(name)) for name in self.types(node, where)]

    def _by_kind(self, node: Node, where: str) -> Iterator[Node]:
        values = self.values(node, where)
        for kind in dict.fromkeys(type(value) for value in values):
            yield {"enum": [value for value in values if type(value) is kind]}

    def merged(self, node: Node, where: str) -> Merged:
        """The properties of an object, those of its ``allOf`` included."""
        joined = self.plain(node, where)
        properties = mapping(joined.get("properties"), step(where, "properties"))
        return Merged(
            {name: (value, step(where, "properties", name)) for name, value in properties.items()},
            frozenset(texts(joined.get("required"), step(where, "required"))),
        )


def _constant_shape(value: object) -> Shape:
    if isinstance(value, dict | list):
        return "any"
    return "null" if value is None else "number" if isinstance(value, float) else "const"


def _of_type(node: Node, name: str) -> Node:
    """The schema for values of one of its types."""
    dropped = ("properties", "required") if name != "object" else ()
    return {**{key: value for key, value in node.items() if key not in dropped}, "type": name}


def _tells(part: object) -> bool:
    """Whether a part of a composition says anything about structure."""
    words = ("$ref", "properties", "required", "enum", "const", "items", "allOf", "anyOf", "oneOf")
    return isinstance(part, dict) and (any(word in part for word in words) or part.get("type") not in (None, "object"))


def _label(part: object, index: int) -> str:
    title = part.get("title") if isinstance(part, dict) else None
    return (pascal(title) if isinstance(title, str) else "") or str(index)
