"""The types of a document with the names it gives them."""

from __future__ import annotations

from collections.abc import Iterator

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.adapter import Parsed
from typedpipes_codegen.openapi.naming import attributes
from typedpipes_codegen.openapi.neutral import ROOT, Facts, Neutral
from typedpipes_codegen.openapi.reading import Node, mapping, text


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
