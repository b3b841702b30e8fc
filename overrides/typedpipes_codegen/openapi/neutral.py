"""The document as the parser gets it: structure only, under names we chose.

openapi-python-client renames, merges and refuses things by name; an API's names are facts. So every component, property
and parameter goes in under a neutral name (``C12``, ``p7``) that no rule of the parser touches, inline objects and
enums become components of their own, and what the parser cannot hold is put in terms it can. The way back is in
`Neutral`. Nothing here decides what generated code looks like.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi.naming import class_name, inline_name, numbered, pascal
from typedpipes_codegen.openapi.reading import Document, Node, mapping, step, text
from typedpipes_codegen.openapi.schema_shapes import Shapes

ROOT = "Roots"


@attrs.define
class Facts:
    """What is known of a component besides its structure."""

    node: Node
    where: str
    class_name: str
    properties: dict[str, tuple[object, str]] = attrs.field(factory=dict)
    """Schema and pointer of each property, by wire name, in the order of the document."""
    required: frozenset[str] = frozenset()
    values: tuple[str | int, ...] = ()
    """Values of an enum, in the order of the document."""


class Neutral:
    """Neutral components, and what each neutral name stands for."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.shapes = Shapes(document)
        self.facts: dict[str, Facts] = {}
        """Objects and enums by key: the component's name, or the class name of a hoisted one."""
        self.aliases: dict[str, Facts] = {}
        """Components that are neither: lists, unions, plain types."""
        self._schemas: Node = {}
        self._codes: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._wires: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        self._lowered: dict[str, Node | None] = {}
        self._pending: list[Facts] = []
        self._components()

    def _components(self) -> None:
        nodes = {key: mapping(value, step("/components/schemas", key)) for key, value in self.document.schemas.items()}
        for key, node in nodes.items():
            where = step("/components/schemas", key)
            name = class_name(key, where, node.get("x-class", node.get("x-enum-name")))
            if name in self._owners:
                raise SchemaError(
                    f"components {self._owners[name]!r} and {key!r} would both become class {name}",
                    pointer=where,
                    remedy="rename one of them, or give it an x-class",
                )
            self._owners[name] = key
            facts = Facts(node, where, name)
            if self.shapes.of(node, where) in ("object", "enum"):
                self._register(key, facts)
            else:
                self.aliases[key] = facts
        for key in self.aliases:
            self._alias(key)
        self.settle()

    def _register(self, key: str, facts: Facts) -> None:
        code = self._codes[key] = f"C{len(self._codes)}"
        self._keys[code] = key
        self.facts[key] = facts
        self._pending.append(facts)

    def settle(self) -> None:
        """Lower what is still to be lowered. Call it again after `schema` was used for operations."""
        for facts in self._take():
            key = self._owners[facts.class_name]
            lower = self._object if self.shapes.of(facts.node, facts.where) == "object" else self._enum
            self._schemas[self._codes[key]] = lower(facts)

    def _take(self) -> Iterator[Facts]:
        while self._pending:
            yield self._pending.pop(0)

    def key(self, code: str) -> str | None:
        """The component a neutral name stands for; None for a name the parser made up (a plain map)."""
        return self._keys.get(code)

    def code(self, key: str) -> str:
        """The neutral name of an object or enum."""
        return self._codes[key]

    def wire(self, wire: str) -> str:
        """The neutral name of a property or parameter."""
        return self._wires.setdefault(wire, f"p{len(self._wires)}")

    def schemas(self) -> Node:
        """The components, and one object that holds each alias as the property named after its position."""
        roots = {f"r{index}": self._alias(key) for index, key in enumerate(self.aliases)}
        return {**self._schemas, ROOT: {"type": "object", "properties": roots}}

    def _object(self, facts: Facts) -> Node:
        merged = self.shapes.merged(facts.node, facts.where)
        facts.properties, facts.required = merged.properties, merged.required
        properties = {
            self.wire(wire): self.schema(value, place, facts.class_name + pascal(wire))
            for wire, (value, place) in merged.properties.items()
        }
        further = self.shapes.plain(facts.node, facts.where).get("additionalProperties")
        if isinstance(further, dict):
            # Reached as extras; what they hold gets its classes all the same.
            self.schema(further, step(facts.where, "additionalProperties"), f"{facts.class_name}Extra")
        required = [self.wire(wire) for wire in merged.properties if wire in merged.required]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def _enum(self, facts: Facts) -> Node:
        facts.values = tuple(self.shapes.values(facts.node, facts.where))
        return {"type": "string" if isinstance(facts.values[0], str) else "integer", "enum": list(facts.values)}

    def _hoist(self, node: Node, where: str, hint: str) -> Node:
        """Give an inline object or enum a component of its own."""
        fixed = node.get("x-class", node.get("x-enum-name"))
        wanted = class_name(hint, where, fixed) if isinstance(fixed, str) else inline_name(hint)
        name = numbered(wanted, self._owners, "")
        self._owners[name] = name
        self._register(name, Facts(node, where, name))
        return self._reference(name)

    def schema(self, value: object, where: str, hint: str) -> Node:
        """Lower one schema. ``hint`` names what has to be hoisted."""
        if value is True or value is None:
            return {}
        node = mapping(value, where)
        if "$ref" in node:
            key = self.document.schema_key(text(node["$ref"], where), where)
            return self._alias(key) if key in self.aliases else self._reference(key)
        lowered = self._bare(node, where, hint)
        return _nullable(lowered) if self.shapes.allows_null(node, where) else lowered

    def _alias(self, key: str) -> Node:
        """An alias has no name in the parser: its structure stands wherever it is used. A circle ends as any value."""
        known = self._lowered.get(key)
        if known is None:
            if key in self._lowered:
                return {}
            self._lowered[key] = None
            facts = self.aliases[key]
            known = self._lowered[key] = self.schema(facts.node, facts.where, facts.class_name)
        return known

    def _reference(self, key: str) -> Node:
        reference: Node = {"$ref": f"#/components/schemas/{self._codes[key]}"}
        facts = self.facts[key]
        named = key in self.document.schemas
        return _nullable(reference) if named and self.shapes.allows_null(facts.node, facts.where) else reference

    def _bare(self, node: Node, where: str, hint: str) -> Node:
        """Lower a schema that is no reference, its null aside."""
        node = self.shapes.plain(node, where)
        shape = self.shapes.of(node, where)
        match shape:
            case "object" | "enum":
                return self._hoist(node, where, hint)
            case "const":
                return {"const": self.shapes.constant(node, where)}
            case "map":
                value = node.get("additionalProperties")
                place = step(where, "additionalProperties")
                inner = {} if isinstance(value, bool) else self.schema(value, place, f"{hint}Value")
                return {"type": "object", "additionalProperties": inner or True}
            case "array":
                return {"type": "array", "items": self.schema(node.get("items"), step(where, "items"), f"{hint}Item")}
            case "union":
                branches = self.shapes.branches(node, where)
                return {"anyOf": [self.schema(part, place, f"{hint}{label}") for part, place, label in branches]}
            case "any":
                return {}
        return {"type": shape, "format": "binary"} if node.get("format") == "binary" else {"type": shape}


def _nullable(schema: Node) -> Node:
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}
