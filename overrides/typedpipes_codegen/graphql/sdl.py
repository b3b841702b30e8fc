"""Reading and checking a schema."""

from __future__ import annotations

from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, Source, build_ast_schema, parse, validate_schema
from graphql.language import (
    DocumentNode,
    InputObjectTypeDefinitionNode,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectValueNode,
    TypeNode,
)
from graphql.validation.validate import validate_sdl

from typedpipes_codegen.graphql.faults import fault, read_text, too_deep


def read_schema(path: Path) -> GraphQLSchema:
    """Parse and validate the SDL in ``path``. Raises `SchemaError` with file and line."""
    what = "is not a valid GraphQL schema"
    try:
        document = parse(Source(read_text(path, "schema"), str(path)))
        if errors := validate_sdl(document) or _endless_defaults(document):
            raise fault(path, errors, what)
        schema = build_ast_schema(document, assume_valid_sdl=True)
    except GraphQLError as error:
        raise fault(path, [error], what) from None
    except RecursionError:
        raise too_deep(path) from None
    if errors := validate_schema(schema):
        raise fault(path, errors, what)
    return schema


def _endless_defaults(document: DocumentNode) -> list[GraphQLError]:
    """Input types whose default value needs their own default values: graphql-core would never finish with them."""
    inputs = {node.name.value: node for node in document.definitions if isinstance(node, InputObjectTypeDefinitionNode)}
    nested = (ObjectValueNode, ListValueNode)
    needs = {
        name: {_named(item.type) for item in node.fields if isinstance(item.default_value, nested)}
        for name, node in inputs.items()
    }
    reach = {name: set(found) for name, found in needs.items()}
    for _ in reach:
        for found in reach.values():
            found |= {further for name in found for further in reach.get(name, ())}
    return [
        GraphQLError(f"The default values of input {name} need each other without end.", inputs[name])
        for name, found in reach.items()
        if name in found
    ]


def _named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        assert isinstance(node, (ListTypeNode, NonNullTypeNode))
        node = node.type
    return node.name.value
