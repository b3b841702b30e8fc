"""``allOf`` and choices beside properties, taken apart: what is left are plain schemas, one per alternative.

``A and (B or C)`` is ``(A and B) or (A and C)``: each alternative is one schema that says what all its parts say, so
that each becomes one class. Parts that contradict each other leave no alternative.
"""

from __future__ import annotations

import itertools
import math
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
"""Alternatives of choices that are multiplied with each other; where there are more, the schema is JSON."""
MOST_OF_ONE: Final = 256
"""Alternatives of a single choice."""
MOST_PARTS: Final = 10_000
"""Schemas looked at for one composition, and `DEEPEST` of them within each other."""
DEEPEST: Final = 100
MOST_JOINED: Final = 50_000
"""Properties of all joined objects of a document, besides ten for each property in its text."""
_COMPOSED: Final = ("allOf", "oneOf", "anyOf", "discriminator")
_NUMBERS: Final = {"integer", "number"}


class _TooMuch(Exception):
    """A composition beyond the bounds."""


class Compositions:
    """Takes the schemas of one document apart. A composition beyond the bounds is noted on the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._back: dict[tuple[str, str], bool] = {}
        self._found: dict[int, tuple[Node, list[tuple[Node, str]]]] = {}
        self._components: dict[str, list[Alternative]] = {}
        self._circular: dict[str, bool] = {}
        self._joints: dict[tuple[int, ...], Node] = {}
        self._made: set[int] = set()
        self._looked_at = 0
        self._joinable = MOST_JOINED + 10 * _properties(document.root)

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
        """One plain schema per alternative, each with its word; none if there are too many, which is noted.

        The same ``node`` gives the same objects again. Raises `SchemaError` if nothing can be all of it.
        """
        if id(node) not in self._found:
            self._found[id(node)] = node, self._taken_apart(node, where)
        return self._found[id(node)][1]

    def _taken_apart(self, node: Node, where: str) -> list[tuple[Node, str]]:
        self._looked_at = 0
        found: list[tuple[Node, str]] = []
        try:
            for parts, word in self._expanded(node, where, ()):
                joined = self._joined(parts)
                if joined is not None and all(joined != known for known, _ in found):
                    found.append((joined, word))
                    self._joinable -= len(mapping(joined.get("properties"), where))
                    if self._joinable < 0:
                        raise _TooMuch("more joined properties in this document than its text explains")
        except _TooMuch as error:
            self._document.notes[f"#{where}: {error}; it is JSON"] = None
            return []
        if not found:
            raise SchemaError(
                "allOf joins schemas that exclude each other: no value fits all of them",
                pointer=where,
                remedy="write the type out that is meant, or correct it in an overlay",
            )
        return found

    def _expanded(self, node: Node, where: str, seen: tuple[str, ...]) -> list[Alternative]:
        """The alternatives of one schema, references followed."""
        self._looked_at += 1
        if self._looked_at > MOST_PARTS or len(seen) > DEEPEST:
            raise _TooMuch(f"a composition of more than {MOST_PARTS} schemas, or {DEEPEST} within each other")
        if "$ref" in node:
            key = self._document.schema_key(text(node["$ref"], where), where)
            if key in seen:
                raise SchemaError(f"{key!r} contains itself", pointer=where, remedy="break the circle")
            if key in self._components:
                return self._components[key]
            target = mapping(self._document.schemas[key], where)
            place = step("/components/schemas", key)
            found = self._expanded(self._without_way_back(key, target), place, (*seen, key))
            if not self._is_circular(key):
                self._components[key] = found
            return found
        own = {key: value for key, value in node.items() if key not in _COMPOSED}
        factors: list[list[Alternative]] = [[([(own, where)], "")]] if own else []
        for index, part in enumerate(sequence(node.get("allOf"), step(where, "allOf"))):
            if isinstance(part, dict):
                factors.append(self._expanded(part, step(where, "allOf", index), seen))
        choice = self.choice(node, where)
        if choice:
            factors.append(list(self._chosen(choice, seen)))
        lengths = [len(factor) for factor in factors]
        if (count := math.prod(lengths)) > (MOST_OF_ONE if count == max(lengths) else MOST):
            raise _TooMuch(f"a composition of {count} alternatives")
        return [
            ([*{id(part[0]): part for parts, _ in row for part in parts}.values()], "".join(word for _, word in row))
            for row in itertools.product(*factors)
        ]

    def _is_circular(self, key: str) -> bool:
        """Whether taking a component apart leads back to it: then what it is made of depends on the way there."""
        if key not in self._circular:
            seen: set[str] = set()
            todo = [key]
            while todo and key not in seen:
                more = {name for name in self._parts(todo.pop()) if name not in seen}
                seen |= more
                todo += more
            self._circular[key] = key in seen
        return self._circular[key]

    def _parts(self, key: str) -> list[str]:
        """The components that taking one apart leads to, at whatever depth of its own text."""
        found: list[str] = []
        todo: list[object] = [self._document.schemas[key]]
        while todo:
            node = todo.pop()
            if isinstance(node, dict):
                if isinstance(target := node.get("$ref"), str):
                    found.append(self._document.schema_key(target, ""))
                todo += [part for word in ("allOf", "oneOf", "anyOf") for part in sequence(node.get(word), "")]
        return found

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
        if (key, base) not in self._back:
            seen: set[str] = set()
            todo = [key]
            while todo and base not in seen:
                more = {name for name in self._joins(todo.pop()) if name not in seen}
                seen |= more
                todo += more
            self._back[key, base] = base in seen
        return self._back[key, base]

    def _joins(self, key: str) -> list[str]:
        node = mapping(self._document.schemas[key], "")
        targets = [part.get("$ref") for part in sequence(node.get("allOf"), "") if isinstance(part, dict)]
        return [self._document.schema_key(target, "") for target in targets if isinstance(target, str)]

    def _joined(self, parts: list[Part]) -> Node | None:
        """One schema that says what all parts say; None if no value can be all of them."""
        result: Node = {}
        for node, _ in parts:
            merged = self._both(result, node)
            if merged is None:
                return None
            result = merged
        return result

    def _both(self, left: Node, right: Node) -> Node | None:
        types = _types(left, right)
        if types == []:
            return None
        result: Node = {**left, **right}
        if types is not None:
            result["type"] = types[0] if len(types) == 1 else types
        result.pop("nullable", None)
        if "properties" in left or "properties" in right:
            result["properties"] = self._properties(left, right)
        if "required" in left or "required" in right:
            names = [*sequence(left.get("required"), ""), *sequence(right.get("required"), "")]
            result["required"] = list(dict.fromkeys(names))
        if "items" in left and "items" in right and left["items"] != right["items"]:
            result["items"] = self._joint(left["items"], right["items"])
        if not _values(left, right, result):
            return None
        return result if _possible(result, types) else None

    def _joint(self, *schemas: object) -> Node:
        """``allOf`` of schemas that describe one value; the same object for the same schemas, so that circles end."""
        parts: dict[int, object] = {}
        for schema in schemas:
            inner = schema.get("allOf") if isinstance(schema, dict) and id(schema) in self._made else None
            parts |= {id(part): part for part in (inner if isinstance(inner, list) else [schema])}
        made = self._joints.setdefault((*parts,), {"allOf": [*parts.values()]})
        self._made.add(id(made))
        return made

    def _properties(self, left: Node, right: Node) -> Node:
        result = mapping(left.get("properties"), "") | {}
        for name, value in mapping(right.get("properties"), "").items():
            known = result.get(name, value)
            same = known == value or not isinstance(known, dict) or not isinstance(value, dict) or not known
            result[name] = value if same or not value else self._joint(known, value)
        return result


def _properties(root: object) -> int:
    """How many properties the text of a document holds."""
    count, todo = 0, [root]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            inner = node.get("properties")
            count += len(inner) if isinstance(inner, dict) else 0
            todo += node.values()
        elif isinstance(node, list):
            todo += node
    return count


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


def _label(part: Node, index: int) -> str:
    title, target = part.get("title"), part.get("$ref")
    if isinstance(target, str):
        return pascal(target.rpartition("/")[2]) or str(index)
    return (pascal(title) if isinstance(title, str) else "") or str(index)
