"""From a document to the renderer's terms: what the parser found, checked against the document, with its facts."""

from __future__ import annotations

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.adapter import Parsed, parse
from typedpipes_codegen.openapi.endpoints import RawOperation, neutral_paths, parameter_name, raw_operations
from typedpipes_codegen.openapi.layout import reached
from typedpipes_codegen.openapi.methods import method_paths
from typedpipes_codegen.openapi.named_types import Naming
from typedpipes_codegen.openapi.neutral import Neutral
from typedpipes_codegen.openapi.operations import build_operation
from typedpipes_codegen.openapi.reading import Document, Node


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
