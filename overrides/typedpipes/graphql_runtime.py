"""The seam of GraphQL: all that generated GraphQL packages import of the hand-written layer.

REST packages have `typedpipes.runtime`. Each is one module, so that neither a REST client nor its user's type checker
reads what only GraphQL needs (pydantic above all).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typedpipes._core.decoding.model import JSON, UNSET, OpenEnum, Unset, member
from typedpipes._core.graphql import Connection, GraphQLOperation, JsonInput
from typedpipes._core.graphql.clients import AsyncGraphQLClient, AsyncSelectingClient, GraphQLClient, SelectingClient
from typedpipes._core.rest import CallOptions, PagedCallOptions

if TYPE_CHECKING:
    from typedpipes._core.graphql.results import InputModel, JsonValue, ResultModel
    from typedpipes._core.graphql.select.fields import (
        Composite,
        Field,
        Leaf,
        Nested,
        Selected,
        Selection,
        selection_types,
    )
    from typedpipes._core.graphql.select.rows import Row
    from typedpipes._core.paging import AsyncPages, Pages

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
            from typedpipes._core.graphql import results as graphql_model

            return getattr(graphql_model, name)
        if name in {"Composite", "Field", "Leaf", "Nested", "Selected", "Selection"}:
            from typedpipes._core.graphql.select import fields as graphql_select

            return getattr(graphql_select, name)
        if name in {"AsyncPages", "Pages"}:
            from typedpipes._core import paging

            return getattr(paging, name)
        if name == "Row":
            from typedpipes._core.graphql.select import rows as graphql_rows

            return graphql_rows.Row
        if name == "selection_types":
            from typedpipes._core.graphql.select import fields as graphql_select_types

            return graphql_select_types.selection_types
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
