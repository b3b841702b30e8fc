"""Pipedream: the REST API and Connect, workspace and user credentials, workflows, the Connect proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typedpipes._core.connect_links import connect_link as connect_link
    from typedpipes.pipedream.client import AsyncPipedream as AsyncPipedream
    from typedpipes.pipedream.client import Pipedream as Pipedream
    from typedpipes.pipedream.options import AsyncPipedreamClientOptions as AsyncPipedreamClientOptions
    from typedpipes.pipedream.options import PipedreamClientOptions as PipedreamClientOptions
    from typedpipes.pipedream.proxy import AsyncProxy as AsyncProxy
    from typedpipes.pipedream.proxy import Proxy as Proxy
    from typedpipes.pipedream.proxy import ProxyOptions as ProxyOptions
    from typedpipes.pipedream.proxy import ProxyResponse as ProxyResponse
    from typedpipes.pipedream.signatures import verify_signature as verify_signature
    from typedpipes.pipedream.webhooks import ConnectionEvent as ConnectionEvent
    from typedpipes.pipedream.webhooks import connection_event as connection_event
    from typedpipes.pipedream.workflows import AsyncWorkflows as AsyncWorkflows
    from typedpipes.pipedream.workflows import HTTPAuthType as HTTPAuthType
    from typedpipes.pipedream.workflows import WorkflowResponse as WorkflowResponse
    from typedpipes.pipedream.workflows import Workflows as Workflows

_HOMES: Final = {
    "AsyncPipedream": "pipedream.client",
    "AsyncPipedreamClientOptions": "pipedream.options",
    "AsyncProxy": "pipedream.proxy",
    "AsyncWorkflows": "pipedream.workflows",
    "ConnectionEvent": "pipedream.webhooks",
    "HTTPAuthType": "pipedream.workflows",
    "Pipedream": "pipedream.client",
    "PipedreamClientOptions": "pipedream.options",
    "Proxy": "pipedream.proxy",
    "ProxyOptions": "pipedream.proxy",
    "ProxyResponse": "pipedream.proxy",
    "WorkflowResponse": "pipedream.workflows",
    "Workflows": "pipedream.workflows",
    "connect_link": "_core.connect_links",
    "connection_event": "pipedream.webhooks",
    "verify_signature": "pipedream.signatures",
}

__all__ = [
    "AsyncPipedream",
    "AsyncPipedreamClientOptions",
    "AsyncProxy",
    "AsyncWorkflows",
    "ConnectionEvent",
    "HTTPAuthType",
    "Pipedream",
    "PipedreamClientOptions",
    "Proxy",
    "ProxyOptions",
    "ProxyResponse",
    "WorkflowResponse",
    "Workflows",
    "connect_link",
    "connection_event",
    "verify_signature",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"typedpipes.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
