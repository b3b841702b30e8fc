"""Pipefy: GraphQL operations as typed methods, and helpers for exports, files, bulk work and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typedpipes._core.graphql.select.fields import Selection as Selection
    from typedpipes._core.graphql.select.rows import Row as Row
    from typedpipes.errors import NotSelected as NotSelected
    from typedpipes.pipefy.async_client import AsyncPipefy as AsyncPipefy
    from typedpipes.pipefy.attachments import AsyncAttachments as AsyncAttachments
    from typedpipes.pipefy.attachments import Attachments as Attachments
    from typedpipes.pipefy.attachments.uploads import UploadError as UploadError
    from typedpipes.pipefy.bulk import AsyncBulk as AsyncBulk
    from typedpipes.pipefy.bulk import Bulk as Bulk
    from typedpipes.pipefy.bulk.flows import BulkOptions as BulkOptions
    from typedpipes.pipefy.bulk.report import BulkItem as BulkItem
    from typedpipes.pipefy.bulk.report import BulkProgress as BulkProgress
    from typedpipes.pipefy.bulk.report import BulkReport as BulkReport
    from typedpipes.pipefy.bulk.report import BulkStopped as BulkStopped
    from typedpipes.pipefy.client import Pipefy as Pipefy
    from typedpipes.pipefy.exports import Exports as Exports
    from typedpipes.pipefy.exports.async_exports import AsyncExports as AsyncExports
    from typedpipes.pipefy.exports.handles import AsyncExportJob as AsyncExportJob
    from typedpipes.pipefy.exports.handles import ExportJob as ExportJob
    from typedpipes.pipefy.options import AsyncPipefyClientOptions as AsyncPipefyClientOptions
    from typedpipes.pipefy.options import PipefyClientOptions as PipefyClientOptions
    from typedpipes.pipefy.webhooks import AsyncWebhooks as AsyncWebhooks
    from typedpipes.pipefy.webhooks import Webhooks as Webhooks

_HOMES: Final = {
    "AsyncAttachments": "pipefy.attachments",
    "AsyncBulk": "pipefy.bulk",
    "AsyncExportJob": "pipefy.exports.handles",
    "AsyncExports": "pipefy.exports.async_exports",
    "AsyncPipefy": "pipefy.async_client",
    "AsyncPipefyClientOptions": "pipefy.options",
    "AsyncWebhooks": "pipefy.webhooks",
    "Attachments": "pipefy.attachments",
    "Bulk": "pipefy.bulk",
    "BulkItem": "pipefy.bulk.report",
    "BulkOptions": "pipefy.bulk.flows",
    "BulkProgress": "pipefy.bulk.report",
    "BulkReport": "pipefy.bulk.report",
    "BulkStopped": "pipefy.bulk.report",
    "ExportJob": "pipefy.exports.handles",
    "Exports": "pipefy.exports",
    "NotSelected": "errors",
    "Pipefy": "pipefy.client",
    "PipefyClientOptions": "pipefy.options",
    "Row": "_core.graphql.select.rows",
    "Selection": "_core.graphql.select.fields",
    "UploadError": "pipefy.attachments.uploads",
    "Webhooks": "pipefy.webhooks",
}

__all__ = [
    "AsyncAttachments",
    "AsyncBulk",
    "AsyncExportJob",
    "AsyncExports",
    "AsyncPipefy",
    "AsyncPipefyClientOptions",
    "AsyncWebhooks",
    "Attachments",
    "Bulk",
    "BulkItem",
    "BulkOptions",
    "BulkProgress",
    "BulkReport",
    "BulkStopped",
    "ExportJob",
    "Exports",
    "NotSelected",
    "Pipefy",
    "PipefyClientOptions",
    "Row",
    "Selection",
    "UploadError",
    "Webhooks",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"typedpipes.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
