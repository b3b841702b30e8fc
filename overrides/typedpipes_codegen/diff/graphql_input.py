"""A GraphQL schema from a file."""

from __future__ import annotations

import json

from graphql import GraphQLError, GraphQLSchema, build_client_schema

from typedpipes_codegen.diff.inputs import SDL, Input
from typedpipes_codegen.documents import load_document
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.sdl import read_schema


def load_graphql(source: Input) -> GraphQLSchema:
    """A schema from SDL, or from the JSON answer of an introspection query. Raises SchemaError."""
    if source.path.suffix in SDL:
        return read_schema(source.path)
    answer = load_document(source.path)
    data = answer.get("data", answer)
    try:
        # The client builder's parameter is a TypedDict of the answer; it checks the shape itself.
        return build_client_schema(json.loads(json.dumps(data)))
    except (GraphQLError, TypeError, KeyError) as error:
        raise SchemaError(
            f"not an answer to an introspection query: {error}", file=source.path, remedy="fetch it again"
        ) from None
