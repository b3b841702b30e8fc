"""Pipedream: the REST API and Connect, workspace and user credentials, workflows, the Connect proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typedpipes._core.connect_links import connect_link as connect_link
    from typedpipes.pipedream.client import AsyncPipedream as AsyncPipedream
    from typedpipes.pipedream.client import Pipedream as Pipedream
    from typedpipes.pipedream.options import AsyncPipedreamClientOptions as AsyncPipedreamClientOptions
    from typedpipes.pipedream.options import PipedreamClientOptions as PipedreamClientOptions
    from typedpipes.pipedream.proxy import ProxyResponse as ProxyResponse
    from typedpipes.pipedream.signatures import verify_signature as verify_signature
    from typedpipes.pipedream.webhooks import ConnectionEvent as ConnectionEvent
    from typedpipes.pipedream.webhooks import connection_event as connection_event
    from typedpipes.pipedream.workflows import HTTPAuthType as HTTPAuthType
    from typedpipes.pipedream.workflows import WorkflowResponse as WorkflowResponse

__all__ = [
    "AsyncPipedream",
    "AsyncPipedreamClientOptions",
    "ConnectionEvent",
    "HTTPAuthType",
    "Pipedream",
    "PipedreamClientOptions",
    "ProxyResponse",
    "WorkflowResponse",
    "connect_link",
    "connection_event",
    "verify_signature",
]

_MODULES: Final = {
    "AsyncPipedreamClientOptions": "options",
    "PipedreamClientOptions": "options",
    "ConnectionEvent": "webhooks",
    "HTTPAuthType": "workflows",
    "ProxyResponse": "proxy",
    "WorkflowResponse": "workflows",
    "connect_link": "._core.connect_links",
    "connection_event": "webhooks",
    "verify_signature": "signatures",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{_MODULES.get(name, 'client')}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
