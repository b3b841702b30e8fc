"""From a document to the renderer's terms: what the parser found, checked against the document, with its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.adapter import Members, Parsed, is_kept, parse
from typedpipes_codegen.openapi.endpoints import RawOperation, count_operations, raw_operations
from typedpipes_codegen.openapi.layout import reached
from typedpipes_codegen.openapi.methods import method_paths
from typedpipes_codegen.openapi.naming import attributes
from typedpipes_codegen.openapi.operations import build_operation
from typedpipes_codegen.openapi.prepared import Facts, Prepared
from typedpipes_codegen.openapi.reading import Document, Node, mapping, text
from typedpipes_codegen.output.deep_stack import with_deep_stack


def build_api(root: Node) -> ir.Api:
    """Read the whole document. Raises `SchemaError` for whatever cannot be generated completely."""
    return with_deep_stack(lambda: _build(root))


def _build(root: Node) -> ir.Api:
    document = Document(root)
    raw = raw_operations(document)
    prepared = Prepared(document, raw)
    parsed = parse(prepared.document, prepared.classes, prepared.aliases)
    check_complete(root, raw, prepared, parsed)
    components = {component.key: component for component in _components(document, prepared, parsed)}
    operations = tuple(
        build_operation(document, operation, parsed.endpoints[given.path, given.method], path, components)
        for operation, given, path in zip(raw, prepared.endpoints, method_paths(raw), strict=True)
    )
    return reached(ir.Api(components, operations, notes=tuple(document.notes)))


def check_complete(root: Node, raw: list[RawOperation], prepared: Prepared, parsed: Parsed) -> None:
    """Compare both ways: nothing of the document may be missing from what the parser made of it."""
    if not len(parsed.endpoints) == len(raw) == count_operations(root):
        raise _lost("the number of operations", "/paths")
    for operation, given in zip(raw, prepared.endpoints, strict=True):
        endpoint = parsed.endpoints.get((given.path, given.method))
        if endpoint is None:
            raise _lost(f"operation {operation.method.upper()} {operation.path}", operation.where)
        if [*endpoint.parameters] != given.parameters:
            raise _lost("a parameter", operation.where)
        if len(endpoint.answers) != len(operation.answers) or len(endpoint.bodies) != min(len(operation.bodies), 1):
            raise _lost("a body or an answer", operation.where)
    for key, facts in prepared.facts.items():
        if parsed.enums.get(key, frozenset()) != {*facts.values}:
            raise _lost("an enum value", facts.where)
        found = parsed.models.get(key, {})
        if {*found} != {*facts.given_names}:
            raise _lost(f"a property of {key}", facts.where)
        for wire, name in zip(facts.properties, facts.given_names, strict=True):
            if found[name][1] != (wire in facts.required):
                raise _lost(f"the required mark of {wire!r}", facts.where)


def _lost(what: str, where: str) -> SchemaError:
    return SchemaError(
        f"the parser lost {what}", pointer=where, remedy="report it: the adapter has to recover what the parser drops"
    )


def _components(document: Document, prepared: Prepared, parsed: Parsed) -> Iterator[ir.Component]:
    for key, facts in prepared.facts.items():
        description = text(facts.node.get("x-summary", facts.node.get("description")), facts.where)
        if facts.values:
            yield ir.Enum(key, facts.class_name, facts.values, description)
        else:
            fields = tuple(_fields(document, facts, parsed.models[key]))
            yield ir.Model(key, facts.class_name, fields, description, _mixin(facts), facts.is_open)
    for key, facts in prepared.aliases.items():
        if is_kept(parsed.aliases[key]):
            description = text(facts.node.get("description"), facts.where)
            yield ir.Alias(key, facts.class_name, parsed.aliases[key], description)


def _fields(document: Document, facts: Facts, found: Members) -> Iterator[ir.Field]:
    names = attributes(facts.properties)
    for given, (wire, (value, where)) in zip(facts.given_names, facts.properties.items(), strict=True):
        type_, required = found[given]
        node = mapping(value, where) if isinstance(value, dict) else {}
        default = node.get("x-client-default")
        yield ir.Field(
            wire=wire,
            name=names[wire],
            type=type_,
            required=required,
            secret=node.get("x-secret") is True,
            client_default=default if isinstance(default, str) else None,
            description=text(node.get("x-summary", node.get("description")), where),
            only=_only(document, node, where),
        )


def _only(document: Document, node: Node, where: str) -> Literal["request", "response"] | None:
    """Whether a property is ``readOnly`` or ``writeOnly``: itself, or what it is one of."""
    parts = node.get("allOf")
    found = [node, *(parts if isinstance(parts, list) else [])]
    for part in [part for part in found if isinstance(part, dict)]:
        if isinstance(part.get("$ref"), str):
            part = mapping(document.schemas[document.schema_key(part["$ref"], where)], where) | part
        for key, mode in _ONLY.items():
            if part.get(key) is True:
                return mode
    return None


_ONLY: Final[dict[str, Literal["request", "response"]]] = {"readOnly": "response", "writeOnly": "request"}


def _mixin(facts: Facts) -> str | None:
    name = facts.node.get("x-mixin")
    if name is None or name in ir.MIXINS:
        return name if isinstance(name, str) else None
    raise SchemaError("x-mixin names no class of the seam", pointer=facts.where, remedy=f"one of {sorted(ir.MIXINS)}")
