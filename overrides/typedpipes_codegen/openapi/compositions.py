"""``allOf`` and choices beside properties, taken apart: what is left are plain schemas, one per alternative.

``A and (B or C)`` is ``(A and B) or (A and C)``: each alternative is one schema that says what all its parts say, so
that each becomes one class. Parts that contradict each other leave no alternative.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final, TypeAlias, cast

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi.naming import pascal
from typedpipes_codegen.openapi.reading import Document, Node, mapping, sequence, step, text

Part: TypeAlias = "tuple[Node, str]"
"""A schema without references and choices, and where it stands."""
Alternative: TypeAlias = "tuple[list[Part], str]"
"""Parts that hold together, and a word that tells the alternative apart."""

CONSTRAINTS: Final = frozenset(("required", "not", "description", "title", "minProperties", "maxProperties"))
"""A choice of nothing but these does not change what a class holds."""
MOST: Final = 32
"""Alternatives told apart; more become one class with everything in it."""
_COMPOSED: Final = ("allOf", "oneOf", "anyOf", "discriminator")
_NUMBERS: Final = {"integer", "number"}


class Compositions:
    """Takes the schemas of one document apart."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._back: dict[tuple[str, str], bool] = {}

    def is_composed(self, node: Node, where: str) -> bool:
        """Whether `alternatives` has to look at a schema: it joins parts, or has a choice beside properties."""
        return bool(node.get("allOf")) or bool(node.get("properties") and self.choice(node, where))

    def choice(self, node: Node, where: str) -> list[tuple[object, str]]:
        """The alternatives of ``oneOf`` and ``anyOf`` unless they are constraints only."""
        parts = [
            (part, step(where, word, index))
            for word in ("anyOf", "oneOf")
            for index, part in enumerate(sequence(node.get(word), step(where, word)))
        ]
        telling = [part for part, _ in parts if not isinstance(part, dict) or not part.keys() <= CONSTRAINTS]
        return parts if telling else []

    def alternatives(self, node: Node, where: str) -> list[tuple[Node, str]]:
        """One plain schema per alternative, each with its word. Raises `SchemaError` if nothing can be all of it."""
        found: list[tuple[Node, str]] = []
        for parts, word in self._expanded(node, where, ()):
            joined = self._joined(parts)
            if joined is not None and all(joined != known for known, _ in found):
                found.append((joined, word))
        if not found:
            raise SchemaError(
                "allOf joins things that exclude each other: no value is all of them",
                pointer=where,
                remedy="write the type out that is meant, or correct it in an overlay",
            )
        return found

    def _expanded(self, node: Node, where: str, seen: tuple[str, ...]) -> list[Alternative]:
        """The alternatives of one schema, references followed."""
        if "$ref" in node:
            key = self._document.schema_key(text(node["$ref"], where), where)
            if key in seen:
                raise SchemaError(f"{key!r} composes itself", pointer=where, remedy="break the circle")
            target = mapping(self._document.schemas[key], where)
            return self._expanded(self._without_way_back(key, target), step("/components/schemas", key), (*seen, key))
        own = {key: value for key, value in node.items() if key not in _COMPOSED}
        factors: list[list[Alternative]] = [[([(own, where)], "")]] if own else []
        for index, part in enumerate(sequence(node.get("allOf"), step(where, "allOf"))):
            if isinstance(part, dict):
                factors.append(self._expanded(part, step(where, "allOf", index), seen))
        choice = self.choice(node, where)
        if choice:
            factors.append(list(self._chosen(choice, seen)))
        count = 1
        for factor in factors:
            count *= len(factor)
        if count > MOST:
            return [([_optional(part) for factor in factors for parts, _ in factor for part in parts], "")]
        return [
            ([part for parts, _ in row for part in parts], "".join(word for _, word in row))
            for row in itertools.product(*factors)
        ]

    def _chosen(self, choice: list[tuple[object, str]], seen: tuple[str, ...]) -> Iterator[Alternative]:
        for index, (part, place) in enumerate(choice, 1):
            if not isinstance(part, dict):
                yield [], str(index)
                continue
            target = part.get("$ref")
            if isinstance(target, str) and self._document.schema_key(target, place) in seen:
                continue  # a choice of itself adds nothing
            for parts, word in self._expanded(part, place, seen):
                yield parts, _label(part, index) + word

    def _without_way_back(self, key: str, node: Node) -> Node:
        """A base that lists its own descendants as alternatives: they take its properties, not its choice."""
        where = step("/components/schemas", key)
        for part, _ in self.choice(node, where):
            target = part.get("$ref") if isinstance(part, dict) else None
            if isinstance(target, str) and self._descends(self._document.schema_key(target, where), key):
                return {word: value for word, value in node.items() if word not in ("oneOf", "anyOf", "discriminator")}
        return node

    def _descends(self, key: str, base: str) -> bool:
        """Whether a component has ``base`` among what it joins, at any distance."""
        known = self._back.get((key, base))
        if known is None:
            self._back[key, base] = False
            known = self._back[key, base] = any(
                parent == base or self._descends(parent, base) for parent in self._joins(key)
            )
        return known

    def _joins(self, key: str) -> list[str]:
        node = mapping(self._document.schemas[key], "")
        targets = [part.get("$ref") for part in sequence(node.get("allOf"), "") if isinstance(part, dict)]
        return [self._document.schema_key(target, "") for target in targets if isinstance(target, str)]

    def _joined(self, parts: list[Part]) -> Node | None:
        """One schema that says what all parts say; None if no value can be all of them."""
        result: Node = {}
        for node, _ in parts:
            merged = _both(result, node)
            if merged is None:
                return None
            result = merged
        return result


def _both(left: Node, right: Node) -> Node | None:
    types = _types(left, right)
    if types == []:
        return None
    result: Node = {**left, **right}
    if types is not None:
        result["type"] = types[0] if len(types) == 1 else types
    result.pop("nullable", None)
    if "properties" in left or "properties" in right:
        result["properties"] = _properties(left, right)
    if "required" in left or "required" in right:
        names = [*sequence(left.get("required"), ""), *sequence(right.get("required"), "")]
        result["required"] = list(dict.fromkeys(names))
    if "items" in left and "items" in right and left["items"] != right["items"]:
        result["items"] = {"allOf": [left["items"], right["items"]]}
    if not _values(left, right, result):
        return None
    return result if _possible(result, types) else None


def _types(left: Node, right: Node) -> list[str] | None:
    """The types both allow; None if neither says, and no type at all if they exclude each other."""
    found = [_allowed(node) for node in (left, right)]
    said = [types for types in found if types is not None]
    if len(said) < 2:
        return said[0] if said else None
    both = [name for name in said[0] if name in said[1]]
    if "integer" not in both and any("integer" in types for types in said):
        both += ["integer"] if all(_NUMBERS & set(types) for types in said) else []
    # What is only null holds nothing to tell.
    return both if set(both) - {"null"} or both == said[0] == said[1] else []


def _allowed(node: Node) -> list[str] | None:
    value = node.get("type")
    if value is None:
        return ["object"] if node.get("properties") else None
    types = [value] if isinstance(value, str) else [str(one) for one in cast("list[object]", value)]
    return [*types, "null"] if node.get("nullable") is True and "null" not in types else types


def _properties(left: Node, right: Node) -> Node:
    result = mapping(left.get("properties"), "") | {}
    for name, value in mapping(right.get("properties"), "").items():
        known = result.get(name, value)
        same = known == value or not isinstance(known, dict) or not isinstance(value, dict) or not known
        result[name] = value if same or not value else {"allOf": [known, value]}
    return result


def _values(left: Node, right: Node, result: Node) -> bool:
    """Intersect enums and consts; False if nothing is left."""
    lists = [_listed(node) for node in (left, right)]
    said = [values for values in lists if values is not None]
    if len(said) == 2:
        both = [value for value in said[0] if any(value == one and type(value) is type(one) for one in said[1])]
        result.pop("const", None)
        result["enum"] = both
        return bool(both)
    return True


def _listed(node: Node) -> list[object] | None:
    if "const" in node:
        return [node["const"]]
    return sequence(node["enum"], "") if "enum" in node else None


_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def _possible(node: Node, types: list[str] | None) -> bool:
    """Keep the values of an enum that its type allows."""
    if types is None or "enum" not in node:
        return True
    kinds = tuple(kind for name in types for kind in _KINDS.get(name, ()))
    values = [
        value
        for value in sequence(node["enum"], "")
        if isinstance(value, kinds) and (not isinstance(value, bool) or "boolean" in types)
    ]
    node["enum"] = values
    return bool(values)


def _optional(part: Part) -> Part:
    node, where = part
    return {key: value for key, value in node.items() if key != "required"}, where


def _label(part: Node, index: int) -> str:
    title, target = part.get("title"), part.get("$ref")
    if isinstance(target, str):
        return pascal(target.rpartition("/")[2]) or str(index)
    return (pascal(title) if isinstance(title, str) else "") or str(index)
