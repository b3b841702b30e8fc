"""From a document to the renderer's terms: what the parser found, checked against the document, with its facts."""

from __future__ import annotations

from collections.abc import Iterator

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.adapter import Parsed, parse
from typedpipes_codegen.openapi.endpoints import RawOperation, neutral_paths, parameter_name, raw_operations
from typedpipes_codegen.openapi.layout import reached
from typedpipes_codegen.openapi.methods import method_paths
from typedpipes_codegen.openapi.naming import attributes
from typedpipes_codegen.openapi.neutral import ROOT, Facts, Neutral
from typedpipes_codegen.openapi.operations import build_operation
from typedpipes_codegen.openapi.reading import Document, Node, mapping, text


def build_api(root: Node) -> ir.Api:
    """Read the whole document. Raises `SchemaError` for whatever cannot be generated completely."""
    document = Document(root)
    neutral = Neutral(document)
    raw = raw_operations(document)
    paths = neutral_paths(raw, neutral)
    neutral.settle()
    prepared: Node = {
        "openapi": "3.1.0",
        "info": {"title": "neutral", "version": "0"},
        "paths": paths,
        "components": {"schemas": neutral.schemas()},
    }
    parsed = parse(prepared, neutral)
    check_complete(raw, neutral, parsed)
    names = Naming(neutral, parsed)
    components = {component.key: component for component in names.components()}
    operations = tuple(
        build_operation(document, operation, parsed.endpoints[operation.code], path, names, components)
        for operation, path in zip(raw, method_paths(raw), strict=True)
    )
    return reached(ir.Api(components, operations))


def check_complete(raw: list[RawOperation], neutral: Neutral, parsed: Parsed) -> None:
    """Compare both ways: nothing of the document may be missing from what the parser made of it."""
    for operation in raw:
        endpoint = parsed.endpoints.get(operation.code)
        if endpoint is None:
            raise _lost(f"operation {operation.method.upper()} {operation.path}", operation.where)
        if {parameter_name(item, neutral) for item in operation.parameters} != {name for name, _, _ in endpoint.query}:
            raise _lost("a parameter", operation.where)
        if len(endpoint.responses) != len(operation.answers) or len(endpoint.bodies) != min(len(operation.bodies), 1):
            raise _lost("a body or an answer", operation.where)
    if len(parsed.endpoints) != len(raw):
        raise _lost("the number of operations", "/paths")
    for key, facts in neutral.facts.items():
        code = neutral.code(key)
        if facts.values:
            if parsed.enums.get(code) != frozenset(facts.values):
                raise _lost("an enum value", facts.where)
            continue
        expected = {neutral.wire(wire) for wire in facts.properties}
        if set(parsed.models.get(code, ())) != expected or code not in parsed.models:
            raise _lost(f"a property of {key}", facts.where)
        for wire in facts.properties:
            if parsed.models[code][neutral.wire(wire)][1] != (wire in facts.required):
                raise _lost(f"the required mark of {wire!r}", facts.where)


def _lost(what: str, where: str) -> SchemaError:
    return SchemaError(
        f"the parser lost {what}", pointer=where, remedy="report it: the adapter has to recover what the parser drops"
    )


class Naming:
    """Types with the names the document gives them: the parser dissolves aliases, this puts them back."""

    def __init__(self, neutral: Neutral, parsed: Parsed) -> None:
        self.neutral = neutral
        self.parsed = parsed
        roots = parsed.models[ROOT]
        self._plain = {key: roots[f"r{index}"][0] for index, key in enumerate(neutral.aliases)}
        """Structure of each alias, dissolved."""

    def components(self) -> Iterator[ir.Component]:
        for key, facts in self.neutral.facts.items():
            description = text(facts.node.get("x-summary", facts.node.get("description")), facts.where)
            if facts.values:
                yield ir.Enum(key, facts.class_name, facts.values, description)
            else:
                fields = tuple(self._fields(key, facts))
                yield ir.Model(key, facts.class_name, fields, description, _mixin(facts))
        for key, facts in self.neutral.aliases.items():
            if self._is_kept(key):
                inner = self.named(self._plain[key], facts.node, inside=key)
                yield ir.Alias(key, facts.class_name, inner, text(facts.node.get("description"), facts.where))

    def _fields(self, key: str, facts: Facts) -> Iterator[ir.Field]:
        found = self.parsed.models[self.neutral.code(key)]
        names = attributes(facts.properties)
        for wire, (value, where) in facts.properties.items():
            type_, required = found[self.neutral.wire(wire)]
            node = mapping(value, where) if isinstance(value, dict) else {}
            default = node.get("x-client-default")
            yield ir.Field(
                wire=wire,
                name=names[wire],
                type=self.named(type_, value),
                required=required,
                secret=node.get("x-secret") is True,
                client_default=default if isinstance(default, str) else None,
                description=text(node.get("x-summary", node.get("description")), where),
            )

    def _is_kept(self, key: str) -> bool:
        """Aliases of plain types are written out; unions and lists of named things keep their name."""
        inner = ir.without_none(self._plain[key])
        return isinstance(inner, ir.Union | ir.ListOf) and mentions(inner)

    def named(self, type_: ir.Type, raw: object, inside: str | None = None) -> ir.Type:
        """``type_`` with aliases put back where ``raw`` refers to them."""
        if not isinstance(raw, dict):
            return type_
        target = raw.get("$ref")
        if isinstance(target, str):
            key = self.neutral.document.schema_key(target, "")
            if key in self._plain and key != inside and self._is_kept(key):
                return ir.union(ir.Ref(key), *([ir.NONE] if ir.nullable(self._plain[key]) else []))
            if key in self._plain and key != inside:
                return self.named(type_, self.neutral.aliases[key].node, inside or key)
            return type_
        if isinstance(type_, ir.ListOf):
            return ir.ListOf(self.named(type_.item, raw.get("items"), inside))
        if isinstance(type_, ir.DictOf):
            return ir.DictOf(self.named(type_.value, raw.get("additionalProperties"), inside))
        if isinstance(type_, ir.Union):
            return self._union(type_, raw, inside)
        return type_

    def _union(self, type_: ir.Union, raw: Node, inside: str | None) -> ir.Type:
        rest = list(type_.options)
        found: list[ir.Type] = []
        parts = [part for word in ("allOf", "anyOf", "oneOf") for part in _list(raw.get(word))]
        for part in parts or [raw]:
            target = part.get("$ref") if isinstance(part, dict) else None
            key = self.neutral.document.schema_key(target, "") if isinstance(target, str) else None
            if key in self._plain and key != inside and self._is_kept(key):
                plain = ir.without_none(self._plain[key])
                options = plain.options if isinstance(plain, ir.Union) else (plain,)
                if all(option in rest for option in options):
                    rest = [option for option in rest if option not in options]
                    found.append(ir.Ref(key))
        if not found and not parts:
            inner = {key: value for key, value in raw.items() if key not in ("nullable", "type")}
            rest = [
                self.named(option, inner, inside) if isinstance(option, ir.ListOf | ir.DictOf) else option
                for option in rest
            ]
        return ir.union(*found, *rest)


def _mixin(facts: Facts) -> str | None:
    name = facts.node.get("x-mixin")
    if name is None or name in ir.MIXINS:
        return name if isinstance(name, str) else None
    raise SchemaError("x-mixin names no class of the seam", pointer=facts.where, remedy=f"one of {sorted(ir.MIXINS)}")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def mentions(type_: ir.Type) -> bool:
    """Whether a type names a component."""
    if isinstance(type_, ir.Ref):
        return True
    if isinstance(type_, ir.Union):
        return any(mentions(option) for option in type_.options)
    if isinstance(type_, ir.ListOf):
        return mentions(type_.item)
    return isinstance(type_, ir.DictOf) and mentions(type_.value)
