"""The seam of GraphQL: all that generated GraphQL packages import of the hand-written layer.

REST packages have `typedpipes.runtime`. Each is one module, so that neither a REST client nor its user's type checker
reads what only GraphQL needs (pydantic above all).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typedpipes.graphql import AsyncGraphQLClient, Connection, GraphQLClient, GraphQLOperation, JsonInput
from typedpipes.graphql_clients import AsyncSelectingClient, SelectingClient
from typedpipes.model import JSON, UNSET, OpenEnum, Unset, member
from typedpipes.operation import CallOptions, PagedCallOptions

if TYPE_CHECKING:
    from typedpipes.graphql_model import InputModel, JsonValue, ResultModel
    from typedpipes.graphql_rows import Row
    from typedpipes.graphql_select import Composite, Field, Leaf, Nested, Selected, Selection
    from typedpipes.graphql_select_types import selection_types
    from typedpipes.paging import AsyncPages, Pages

__all__ = [
    "JSON",
    "UNSET",
    "AsyncGraphQLClient",
    "AsyncPages",
    "AsyncSelectingClient",
    "CallOptions",
    "Composite",
    "Connection",
    "Field",
    "GraphQLClient",
    "GraphQLOperation",
    "InputModel",
    "JsonInput",
    "JsonValue",
    "Leaf",
    "Nested",
    "OpenEnum",
    "PagedCallOptions",
    "Pages",
    "ResultModel",
    "Row",
    "Selected",
    "SelectingClient",
    "Selection",
    "Unset",
    "member",
    "selection_types",
]

if not TYPE_CHECKING:

    def __getattr__(name):
        # pydantic is imported when the first result or input is used, not with the client; so are selections.
        if name in {"InputModel", "JsonValue", "ResultModel"}:
            from typedpipes import graphql_model

            return getattr(graphql_model, name)
        if name in {"Composite", "Field", "Leaf", "Nested", "Selected", "Selection"}:
            from typedpipes import graphql_select

            return getattr(graphql_select, name)
        if name in {"AsyncPages", "Pages"}:
            from typedpipes import paging

            return getattr(paging, name)
        if name == "Row":
            from typedpipes import graphql_rows

            return graphql_rows.Row
        if name == "selection_types":
            from typedpipes import graphql_select_types

            return graphql_select_types.selection_types
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
