"""The seam: all that generated code imports of the hand-written layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typedpipes.graphql import AsyncGraphQLClient, Connection, GraphQLClient, GraphQLOperation, JsonInput
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
    Operation,
    PagedCallOptions,
    PagedOperation,
    PageOptions,
    Paging,
    PipedreamOptions,
)
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

if TYPE_CHECKING:
    # What type checkers take the class decorator for. At run time `Model` does the work itself, 20 x faster.
    from attrs import define as define

    from typedpipes.graphql_model import InputModel, JsonValue, ResultModel
    from typedpipes.pipedream.links import ConnectTokenLinks

__all__ = [
    "JSON",
    "UNSET",
    "ApiResponse",
    "Arguments",
    "AsyncCaller",
    "AsyncGraphQLClient",
    "AsyncPages",
    "AsyncResource",
    "CallOptions",
    "Caller",
    "ConnectOptions",
    "ConnectTokenLinks",
    "Connection",
    "CustomField",
    "FileContent",
    "GraphQLClient",
    "GraphQLOperation",
    "InputModel",
    "JsonInput",
    "JsonValue",
    "Model",
    "OpenEnum",
    "Operation",
    "PageOptions",
    "PagedCallOptions",
    "PagedOperation",
    "Pages",
    "Paging",
    "PipedreamOptions",
    "RawAsyncResource",
    "RawResource",
    "Resource",
    "ResultModel",
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
]

if not TYPE_CHECKING:

    def define(**options):
        return _same

    def _same(model):
        return model

    def __getattr__(name):
        # pydantic is imported when the first GraphQL result or input is used, not with the client.
        if name in {"InputModel", "JsonValue", "ResultModel"}:
            from typedpipes import graphql_model

            return getattr(graphql_model, name)
        if name == "ConnectTokenLinks":
            from typedpipes.pipedream import links

            return links.ConnectTokenLinks
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
