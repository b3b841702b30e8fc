"""The seam: all that generated REST packages import of the hand-written layer.

GraphQL packages have `typedpipes.graphql_runtime`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typedpipes._core.decoding.model import JSON, UNSET, Model, OpenEnum, Unset, member
from typedpipes._core.paging import AsyncPages, Pages
from typedpipes._core.rest import (
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

    from typedpipes._core.connect_links import ConnectTokenLinks

__all__ = [
    "JSON",
    "UNSET",
    "ApiResponse",
    "Arguments",
    "AsyncCaller",
    "AsyncPages",
    "AsyncResource",
    "CallOptions",
    "Caller",
    "ConnectOptions",
    "ConnectTokenLinks",
    "CustomField",
    "FileContent",
    "Model",
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
        if name == "ConnectTokenLinks":
            from typedpipes._core import connect_links

            return connect_links.ConnectTokenLinks
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
