"""The seam: all that generated code imports of the hand-written layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typedpipes.model import JSON, UNSET, Model, OpenEnum, Unset, member
from typedpipes.operation import (
    ApiResponse,
    Arguments,
    AsyncCaller,
    Caller,
    CallOptions,
    ConnectOptions,
    CustomField,
    FileContent,
    OffsetPageOptions,
    Operation,
    PagedCallOptions,
    PagedOperation,
    PageOptions,
    Paging,
    PipedreamOptions,
    PipedriveOptions,
)

if TYPE_CHECKING:
    # What type checkers take the class decorator for. At run time `Model` does the work itself, 20 x faster.
    from attrs import define as define

    from typedpipes.connect_links import ConnectTokenLinks
    from typedpipes.graphql import AsyncGraphQLClient, Connection, GraphQLClient, GraphQLOperation, JsonInput
    from typedpipes.graphql_clients import AsyncSelectingClient, SelectingClient
    from typedpipes.graphql_model import InputModel, JsonValue, ResultModel
    from typedpipes.graphql_rows import Row
    from typedpipes.graphql_select import Composite, Field, Leaf, Nested, Selected, Selection
    from typedpipes.graphql_select_types import selection_types
    from typedpipes.paging import AsyncPages, Pages
    from typedpipes.resource import (
        AsyncResource,
        RawAsyncResource,
        RawResource,
        Resource,
        async_raw_method,
        deprecated,
        raw_async_caller,
        raw_caller,
        raw_method,
        raw_of,
        request_body,
    )

__all__ = [
    "JSON",
    "UNSET",
    "ApiResponse",
    "Arguments",
    "AsyncCaller",
    "AsyncGraphQLClient",
    "AsyncPages",
    "AsyncResource",
    "AsyncSelectingClient",
    "CallOptions",
    "Caller",
    "Composite",
    "ConnectOptions",
    "ConnectTokenLinks",
    "Connection",
    "CustomField",
    "Field",
    "FileContent",
    "GraphQLClient",
    "GraphQLOperation",
    "InputModel",
    "JsonInput",
    "JsonValue",
    "Leaf",
    "Model",
    "Nested",
    "OffsetPageOptions",
    "OpenEnum",
    "Operation",
    "PageOptions",
    "PagedCallOptions",
    "PagedOperation",
    "Pages",
    "Paging",
    "PipedreamOptions",
    "PipedriveOptions",
    "RawAsyncResource",
    "RawResource",
    "Resource",
    "ResultModel",
    "Row",
    "Selected",
    "SelectingClient",
    "Selection",
    "Unset",
    "async_raw_method",
    "define",
    "deprecated",
    "member",
    "raw_async_caller",
    "raw_caller",
    "raw_method",
    "raw_of",
    "request_body",
    "selection_types",
]

if not TYPE_CHECKING:

    def define(**options):
        return _same

    def _same(model):
        return model

    def __getattr__(name):
        # A REST client imports nothing of GraphQL.
        if name in {"AsyncGraphQLClient", "Connection", "GraphQLClient", "GraphQLOperation", "JsonInput"}:
            from typedpipes import graphql

            return getattr(graphql, name)
        if name in {"AsyncSelectingClient", "SelectingClient"}:
            from typedpipes import graphql_clients

            return getattr(graphql_clients, name)
        # pydantic is imported when the first GraphQL result or input is used, not with the client.
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
        if name == "ConnectTokenLinks":
            from typedpipes import connect_links

            return connect_links.ConnectTokenLinks
        # Resources are what REST clients are made of; a GraphQL client has none.
        if name in __all__:
            from typedpipes import resource

            value = globals()[name] = getattr(resource, name)
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
