"""The document as openapi-python-client can hold it: the same names, its structure in the few words the parser knows.

What it would refuse, rename or drop is rewritten here, one pass for each:

- objects of very many properties go in as several, which the adapter joins again;
- names it would make one identifier of: the second goes in under a number (`distinct`, `Prepared._claim`);
- inline objects and enums become components (`Prepared._hoist`), since it names them after where they stand, and drops
  what clashes; maps get a title for the same reason;
- a component that is a list, a union or a plain type, whose name it forgets, becomes an object with one property;
- null, several types at once and compositions become ``anyOf`` (`schema_shapes`).

Nothing here decides what generated code looks like.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import attrs

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi.adapter import class_identifier, identifier
from typedpipes_codegen.openapi.endpoints import RawOperation, chosen_body, is_json, is_raw
from typedpipes_codegen.openapi.heirs import EXACT, Heirs
from typedpipes_codegen.openapi.naming import class_name, inline_name, numbered, pascal
from typedpipes_codegen.openapi.reading import Document, Node, mapping, sequence, step, text
from typedpipes_codegen.openapi.schema_shapes import Merged, Shapes

_RESERVED: Final = ("client", "url")
"""Identifiers that it uses in an operation and renames parameters for."""
MOST_AT_ONCE: Final = 100
"""Properties of an object that go in together: the parser compares each with each."""
DEEPEST: Final = 100
"""Inline objects within each other. The text of a document nests less deep than this: more come from compositions."""
MOST_INLINE: Final = 2_000
"""Inline objects of a document, besides one for each object in its text; more come from compositions."""
_BRACES: Final = str.maketrans("{}", "<>")


@attrs.define
class Facts:
    """What is known of a component besides its structure."""

    node: Node
    where: str
    class_name: str
    given: str
    """The name it goes in under."""
    properties: dict[str, tuple[object, str]] = attrs.field(factory=dict)
    """Schema and pointer of each property, by wire name, in the order of the document."""
    given_names: list[str] = attrs.field(factory=list)
    """The names the properties go in under."""
    required: frozenset[str] = frozenset()
    is_open: bool = False
    """Whether the schema says that an object has further properties."""
    values: tuple[str | int, ...] = ()
    """Values of an enum, in the order of the document."""
    holder: Facts | None = None
    """The object in which an inline one stands."""
    depth: int = 0
    """How many inline objects it stands in."""


@attrs.frozen
class Endpoint:
    """What an operation goes in under: its path has no parameters there."""

    path: str
    method: str
    parameters: list[str]


def distinct(wires: Iterable[str], reserved: Iterable[str] = ()) -> list[str]:
    """The names that properties or parameters go in under: their own, or a number where two make one identifier."""
    taken = set(reserved)
    given: list[str] = []
    for wire in wires:
        name, number = wire, len(taken)
        while (known := identifier(name)) in taken:
            name, number = f"p{number}", number + 1
        taken.add(known)
        given.append(name)
    return given


class Prepared:
    """A document as the parser gets it, and what is known of each thing in it."""

    def __init__(self, document: Document, operations: Iterable[RawOperation]) -> None:
        self._document = document
        self._shapes = Shapes(document)
        self.facts: dict[str, Facts] = {}
        """Objects and enums by key: the component's name, or the class name of a hoisted one."""
        self.aliases: dict[str, Facts] = {}
        """Components that are neither: lists, unions, plain types."""
        self.classes: dict[str, str | None] = {}
        """The component of each class of the parser; None for a map, which is none."""
        self._schemas: Node = {}
        self._paths: dict[str, Node] = {}
        self._keys: set[str] = set()
        self._pending: deque[Facts] = deque()
        self._heirs = Heirs(document)
        self._holder: Facts | None = None
        self._hoisted = 0
        self._most = MOST_INLINE + _objects(document.root)
        self._components()
        self.endpoints = [self._operation(operation) for operation in operations]
        """By operation."""
        self._settle()

    @property
    def document(self) -> Node:
        """What the parser gets."""
        info, components = {"title": "prepared", "version": "0"}, {"schemas": self._schemas}
        return {"openapi": "3.1.0", "info": info, "paths": self._paths, "components": components}

    def _components(self) -> None:
        owners: dict[str, str] = {}
        nodes = {key: mapping(value, step("/components/schemas", key)) for key, value in self._document.schemas.items()}
        for key, node in nodes.items():
            where = step("/components/schemas", key)
            name = class_name(key, where, node.get("x-class", node.get("x-enum-name")))
            if name in owners:
                raise SchemaError(
                    f"components {owners[name]!r} and {key!r} would both become class {name}",
                    pointer=where,
                    remedy="rename one of them, or give it an x-class",
                )
            owners[name] = key
            facts = Facts(node, where, name, self._claim(name, key))
            if self._shapes.of(node, where) in ("object", "enum"):
                self.facts[key] = facts
                self._pending.append(facts)
            else:
                self.aliases[key] = facts
        self._keys = {*nodes, *owners}
        for facts in self.aliases.values():
            properties: Node = {"value": self.schema(facts.node, facts.where, facts.class_name)}
            self._schemas[facts.given] = {"type": "object", "properties": properties}
        self._settle()

    def _claim(self, name: str, key: str | None) -> str:
        """The name a class goes in under: its own, or with a number where the parser would make one class of two."""
        given, number = name, len(self.classes)
        while (known := class_identifier(given)) in self.classes:
            given, number = f"{name}{number}", number + 1
        self.classes[known] = key
        return given

    def _settle(self) -> None:
        """Prepare the objects and enums met, and those met meanwhile."""
        while self._pending:
            self._holder = facts = self._pending.popleft()
            prepare = self._object if self._shapes.of(facts.node, facts.where) == "object" else self._enum
            self._schemas[facts.given] = prepare(facts)
        self._holder = None

    def _object(self, facts: Facts) -> Node:
        merged = self._shapes.merged(facts.node, facts.where)
        facts.properties, facts.required = self._heirs.told(facts.where, merged.properties), merged.required
        merged = Merged(facts.properties, facts.required)
        facts.given_names = distinct(merged.properties)
        given = dict(zip(merged.properties, facts.given_names, strict=True))
        properties = {
            given[wire]: self.schema(value, place, facts.class_name + pascal(wire))
            for wire, (value, place) in merged.properties.items()
        }
        further = self._shapes.plain(facts.node, facts.where).get("additionalProperties")
        facts.is_open = further is True or isinstance(further, dict)
        if isinstance(further, dict):
            # Reached as extras; what they hold gets its classes all the same.
            self.schema(further, step(facts.where, "additionalProperties"), f"{facts.class_name}Extra")
        names = [*properties]
        wanted = {given[wire] for wire in merged.required if wire in given}
        parts: list[Node] = [
            {
                "type": "object",
                "properties": {name: properties[name] for name in names[start : start + MOST_AT_ONCE]},
                "required": [name for name in names[start : start + MOST_AT_ONCE] if name in wanted],
                "additionalProperties": False,
            }
            for start in range(0, max(len(names), 1), MOST_AT_ONCE)
        ]
        key = self.classes[class_identifier(facts.given)]
        for part in parts[1:]:
            self._schemas[self._claim(f"{facts.class_name}Rest", key)] = part
        return parts[0]

    def _enum(self, facts: Facts) -> Node:
        facts.values = tuple(self._shapes.values(facts.node, facts.where))
        return {"type": "string" if isinstance(facts.values[0], str) else "integer", "enum": list(facts.values)}

    def _hoist(self, node: Node, where: str, hint: str) -> Node:
        """Give an inline object or enum a component of its own.

        What joins an object that it stands in would go on for ever: it is the same class again.
        """
        holder = self._holder
        depth = 0 if holder is None else holder.depth + 1
        while holder is not None and holder.node is not node:
            holder = holder.holder
        if holder is not None:
            return _reference(holder)
        self._hoisted += 1
        if depth > DEEPEST or self._hoisted > self._most:
            what = f"{DEEPEST} inline objects within each other, or {self._most} in all"
            self._document.notes[f"#{where}: more than {what}; it is JSON"] = None
            return {}
        fixed = node.get("x-class", node.get("x-enum-name"))
        wanted = class_name(hint, where, fixed) if isinstance(fixed, str) else inline_name(hint)
        name = numbered(wanted, self._keys, "")
        self._keys.add(name)
        given = self._claim(name, name)
        facts = self.facts[name] = Facts(node, where, name, given, holder=self._holder, depth=depth)
        self._pending.append(facts)
        return _reference(facts)

    def schema(self, value: object, where: str, hint: str) -> Node:
        """Prepare one schema. ``hint`` names what has to be hoisted."""
        if isinstance(value, bool) or value is None:
            return {}
        node = mapping(value, where)
        if "$ref" in node:
            key = self._document.schema_key(text(node["$ref"], where), where)
            key = key if EXACT in node else self._heirs.meant.get(key, key)
            or_null = self._shapes.allows_null(node, where)
            if key in self.aliases:
                reference = _reference(self.aliases[key])
            else:
                facts = self.facts[key]
                reference = _reference(facts)
                or_null = or_null or self._shapes.allows_null(facts.node, facts.where)
            return _nullable(reference) if or_null else reference
        lowered = self._bare(node, where, hint)
        return _nullable(lowered) if self._shapes.allows_null(node, where) else lowered

    def _bare(self, node: Node, where: str, hint: str) -> Node:
        """Prepare a schema that is no reference, its null aside."""
        node = self._shapes.plain(node, where)
        shape = self._shapes.of(node, where)
        match shape:
            case "object" | "enum":
                return self._hoist(node, where, hint)
            case "const":
                return {"const": self._shapes.constant(node, where)}
            case "map":
                value = node.get("additionalProperties")
                place = step(where, "additionalProperties")
                inner = {} if isinstance(value, bool) else self.schema(value, place, f"{hint}Value")
                return {"type": "object", "title": self._claim("Map", None), "additionalProperties": inner or True}
            case "array":
                return {"type": "array", "items": self._items(node, where, f"{hint}Item")}
            case "union":
                branches = self._shapes.branches(node, where)
                return {"anyOf": [self.schema(part, place, f"{hint}{label}") for part, place, label in branches]}
            case "any":
                return {}
        return {"type": shape, "format": "binary"} if node.get("format") == "binary" else {"type": shape}

    def _items(self, node: Node, where: str, hint: str) -> Node:
        """What a list holds; places of their own (``prefixItems``) are not told apart."""
        first = sequence(node.get("prefixItems"), step(where, "prefixItems"))
        if not first:
            return self.schema(node.get("items"), step(where, "items"), hint)
        parts = [
            self.schema(part, step(where, "prefixItems", index), f"{hint}{index + 1}")
            for index, part in enumerate(first)
        ]
        if node.get("items") is not False:
            parts.append(self.schema(node.get("items"), step(where, "items"), hint))
        return {"anyOf": parts} if all(parts) else {}

    def _operation(self, operation: RawOperation) -> Endpoint:
        """What it would leave out of an operation is put where it looks.

        All parameters stand in the query, since headers take plain values only; each answer has a status, since it
        reads one of those that share a status; body and answers are JSON, with bytes and text as types.
        """
        names = distinct((parameter.wire for parameter in operation.parameters), _RESERVED)
        parameters = [
            {
                "name": name,
                "in": "query",
                "required": parameter.location == "path" or parameter.node.get("required") is True,
                "schema": self.schema(
                    parameter.node["schema"], step(parameter.where, "schema"), operation.hint + pascal(parameter.wire)
                ),
            }
            for name, parameter in zip(names, operation.parameters, strict=True)
        ]
        responses = {
            str(200 + index): {"description": "", **_json(self._answer(media, schema, operation))}
            for index, (media, schema) in enumerate(operation.answers)
        }
        node: Node = {"parameters": parameters, "responses": responses}
        if operation.bodies:
            media, value = chosen_body(operation)
            schema = self.schema(value, step(operation.where, "requestBody"), f"{operation.hint}Body")
            if is_raw(media):
                # No class has a form in these: what is given is sent.
                text: Node = {"type": "string"}
                schema = text if media.startswith("text/") else {"anyOf": [text, {**text, "format": "binary"}]}
                schema = {**text, "format": "binary"} if media == "application/octet-stream" else schema
            node["requestBody"] = {"required": operation.body_required, **_json(schema)}
        path = operation.path.translate(_BRACES)
        self._paths.setdefault(path, {})[operation.method] = node
        return Endpoint(path, operation.method, names)

    def _answer(self, media: str, schema: object, operation: RawOperation) -> Node:
        if not media:
            return {"type": "null"}
        if is_json(media):
            return self.schema(schema, step(operation.where, "responses"), f"{operation.hint}Response")
        return {"type": "string"} if media.startswith("text/") else {"type": "string", "format": "binary"}


def _objects(root: object) -> int:
    """How many schemas of objects and enums the text of a document holds, or a few more."""
    count, todo = 0, [root]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            count += "properties" in node or "enum" in node
            todo += node.values()
        elif isinstance(node, list):
            todo += node
    return count


def _reference(facts: Facts) -> Node:
    return {"$ref": f"#/components/schemas/{facts.given}"}


def _nullable(schema: Node) -> Node:
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


def _json(schema: Node) -> Node:
    return {"content": {"application/json": {"schema": schema}}}
