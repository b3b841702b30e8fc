"""Everything a document says about one value: what its schema, its references and its ``allOf`` parts say, together.

Part of the proof (`typedpipes_codegen.canonical.proof`), and like it independent of the canonicaliser. What a component
says is collected once, so that components which join each other cost no more than they hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from typedpipes_codegen.documents.tree import Json, JsonObject

BOUNDS: Final = (
    "format const default pattern minLength maxLength minItems maxItems uniqueItems minProperties maxProperties "
    "multipleOf minimum maximum exclusiveMinimum exclusiveMaximum contentEncoding contentMediaType readOnly writeOnly "
    "deprecated x-secret x-enum-varnames x-reserved-string"
).split()
_BOUNDS: Final = frozenset(BOUNDS)
_TYPED: Final = frozenset(("type", "enum", "oneOf", "anyOf", "allOf", "$ref"))
_INNER: Final = ("items", "additionalProperties", "not", "contains", "propertyNames")
_NAMED: Final = ("patternProperties", "dependentSchemas", "$defs")
_CHOICES: Final = ("oneOf", "anyOf", "prefixItems")
_NULL: Final = {"type": "null"}

Schemas = dict[int, Json]
"""Schemas by their identity: each once, in their order."""


@dataclass(slots=True)
class Said:
    """What is said about one value."""

    or_null: bool = False
    is_typed: bool = False
    kinds: set[str] = field(default_factory=set)
    """Types besides null."""
    enum: dict[str, None] = field(default_factory=dict)
    """The values of enums besides null, as text."""
    bounded: dict[int, JsonObject] = field(default_factory=dict)
    """The parts that say more than structure: one of `BOUNDS`."""
    properties: dict[str, Schemas] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    inner: dict[str, Schemas] = field(default_factory=dict)
    """Schemas of what is inside, by the word for it."""
    named: dict[tuple[str, str], Schemas] = field(default_factory=dict)
    """The same for words that hold several by name."""
    choices: dict[tuple[int, str], tuple[str, list[Json]]] = field(default_factory=dict)
    """Word and variants besides null of each choice that is one."""
    discriminators: dict[int, JsonObject] = field(default_factory=dict)

    def add(self, other: Said) -> None:
        """Say what ``other`` says, too."""
        self.or_null = self.or_null or other.or_null
        self.is_typed = self.is_typed or other.is_typed
        self.kinds |= other.kinds
        self.enum |= other.enum
        self.bounded |= other.bounded
        self.required |= other.required
        self.choices |= other.choices
        self.discriminators |= other.discriminators
        for name, schemas in other.properties.items():
            self.properties[name] = {**self.properties.get(name, {}), **schemas}
        for word, schemas in other.inner.items():
            self.inner[word] = {**self.inner.get(word, {}), **schemas}
        for place, schemas in other.named.items():
            self.named[place] = {**self.named.get(place, {}), **schemas}

    def part(self, node: JsonObject) -> None:
        """Say what one schema says by itself."""
        self.or_null = self.or_null or _accepts_null(node)
        self.is_typed = self.is_typed or not _TYPED.isdisjoint(node)
        self.kinds |= _kinds(node)
        for value in _items(node.get("enum")):
            if value is not None:
                self.enum[repr(value)] = None
        if not _BOUNDS.isdisjoint(node):
            self.bounded[id(node)] = node
        for name, schema in _members(node, "properties"):
            self.properties.setdefault(name, {})[id(schema)] = schema
        self.required |= {str(name) for name in _items(node.get("required"))}
        for word in _INNER:
            if word in node:
                self.inner.setdefault(word, {})[id(node[word])] = node[word]
        for word in _NAMED:
            for name, schema in _members(node, word):
                self.named.setdefault((word, name), {})[id(schema)] = schema
        for word in _CHOICES:
            if len(variants := _real(node, word)) > 1:
                self.choices[id(node), word] = word, variants
        if isinstance(teller := node.get("discriminator"), dict):
            self.discriminators[id(node)] = teller


class Sayings:
    """What one document says about the values of its schemas."""

    def __init__(self, document: JsonObject) -> None:
        self._document = document
        self._components: dict[str, Said] = {}
        self._open: dict[str, int] = {}
        """References being followed, from the outside in, and the place of each."""
        self._lowest = 0
        """The outermost of them that one inside leads back to."""

    def of(self, schema: JsonObject) -> Said:
        """All that is said about the value of a schema. Not to be changed by the caller."""
        self._lowest = len(self._open)
        return self._collected(schema)

    def _collected(self, node: Json) -> Said:
        if not isinstance(node, dict):
            return Said()
        if node.keys() == {"$ref"}:
            return self._behind(str(node["$ref"]))
        said = Said()
        said.part(node)
        if isinstance(node.get("$ref"), str):
            said.add(self._behind(str(node["$ref"])))
        for part in _items(node.get("allOf")):
            said.add(self._collected(part))
        # "x or null" speaks about x, and so does "one of x".
        for word in ("oneOf", "anyOf"):
            if len(real := _real(node, word)) == 1:
                said.add(self._collected(real[0]))
        return said

    def _behind(self, reference: str) -> Said:
        """What a reference leads to. In a circle each says what the others say, so only its first is remembered."""
        if reference in self._components:
            return self._components[reference]
        if reference in self._open:
            self._lowest = min(self._lowest, self._open[reference])
            return Said(is_typed=True)
        depth, before = len(self._open), self._lowest
        self._open[reference] = depth
        self._lowest = depth + 1
        said = Said(is_typed=True)
        said.add(self._collected(target(self._document, reference)))
        del self._open[reference]
        if self._lowest >= depth:
            self._components[reference] = said
        self._lowest = min(before, self._lowest)
        return said


def target(document: JsonObject, reference: str) -> Json:
    """What stands at a reference; null if nothing does."""
    node: Json = document
    for part in reference.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        step = node[int(key)] if isinstance(node, list) else None
        node = node.get(key) if isinstance(node, dict) else step
    return node


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _members(part: JsonObject, key: str) -> list[tuple[str, Json]]:
    value = part.get(key)
    return list(value.items()) if isinstance(value, dict) else []


def _kinds(part: JsonObject) -> set[str]:
    value = part.get("type")
    names = value if isinstance(value, list) else [value]
    return {name for name in names if isinstance(name, str) and name != "null"}


def _accepts_null(part: JsonObject) -> bool:
    kinds = part.get("type")
    return (
        part.get("nullable") is True
        or kinds == "null"
        or (isinstance(kinds, list) and "null" in kinds)
        or any(_NULL in _items(part.get(key)) for key in ("oneOf", "anyOf"))
        or ("type" not in part and None in _items(part.get("enum")))
    )


def _real(part: JsonObject, key: str) -> list[Json]:
    return [variant for variant in _items(part.get(key)) if variant != _NULL]
