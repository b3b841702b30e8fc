"""A GraphQL schema of a server: what introspection answers, or SDL, as a syntax tree of the vendor's facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from graphql import (
    GraphQLError,
    GraphQLSchema,
    get_introspection_query,
    parse,
    print_schema,
    validate_schema,
)
from graphql.language import DocumentNode

from typedpipes_codegen.documents.json_reader import parse_json
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.sdl import client_schema, read_schema, too_deep

_INNERMOST: Final = re.compile(r"\s*ofType\s*\{\s*name\s+kind\s*\}")


def _shallow(query: str, levels: int = 3) -> str:
    """Less deep by some levels of wrapped types: `[[T!]!]!` needs five of nine, and servers bound the depth."""
    for _ in range(levels):
        query = _INNERMOST.sub("", query)
    return query


QUERIES: Final = (
    get_introspection_query(descriptions=False, specified_by_url=True, input_value_deprecation=True),
    _shallow(get_introspection_query(descriptions=False, input_value_deprecation=True)),
    _shallow(get_introspection_query(descriptions=False)),
)
"""What to ask with, in this order: for servers that refuse a query as too deep, or as unknown to them. The last does
not see deprecated arguments, of which a server that refuses the one before cannot have any."""


def read_vendor_schema(source: Path) -> DocumentNode:
    """The definitions of the introspection result (JSON) or SDL in a file.

    Raises `SchemaError` for anything that is not one whole valid schema.
    """
    try:
        text = source.read_text(encoding="utf-8-sig")
        schema = _from_introspection(text) if text.lstrip()[:1] == "{" else read_schema(source)
        if errors := validate_schema(schema):
            raise SchemaError(f"not a valid GraphQL schema: {errors[0].message}", remedy="fetch it again")
        return parse(print_schema(schema))
    except SchemaError as error:
        raise error.in_file(source) from None
    except GraphQLError as error:
        raise SchemaError(f"not a valid GraphQL schema: {error.message}", file=source) from None
    except RecursionError:
        raise too_deep(source) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SchemaError(f"cannot be read: {reason}", file=source, remedy="fetch it again") from None


def _from_introspection(text: str) -> GraphQLSchema:
    answer = parse_json(text, remedy="it may have been cut short: fetch it again")
    found = answer.get("data", answer) if isinstance(answer, Mapping) else None
    if not isinstance(found, Mapping) or not isinstance(found.get("__schema"), Mapping):
        raise SchemaError("this JSON is no introspection result: it has no __schema", remedy="give its whole answer")
    return client_schema(found)


__all__ = ["QUERIES", "read_vendor_schema"]
