"""Pipefy: GraphQL operations as typed methods, and helpers for exports, files, bulk work and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typedpipes._core.graphql.select.fields import Selection as Selection
    from typedpipes._core.graphql.select.rows import NotSelected as NotSelected
    from typedpipes._core.graphql.select.rows import Row as Row
    from typedpipes.pipefy.async_client import AsyncPipefy as AsyncPipefy
    from typedpipes.pipefy.attachments.uploads import UploadError as UploadError
    from typedpipes.pipefy.bulk.report import BulkItem as BulkItem
    from typedpipes.pipefy.bulk.report import BulkProgress as BulkProgress
    from typedpipes.pipefy.bulk.report import BulkReport as BulkReport
    from typedpipes.pipefy.bulk.report import BulkStopped as BulkStopped
    from typedpipes.pipefy.client import Pipefy as Pipefy
    from typedpipes.pipefy.exports.handles import AsyncExportJob as AsyncExportJob
    from typedpipes.pipefy.exports.handles import ExportJob as ExportJob
    from typedpipes.pipefy.options import AsyncPipefyClientOptions as AsyncPipefyClientOptions
    from typedpipes.pipefy.options import PipefyClientOptions as PipefyClientOptions

_HOMES = {
    "AsyncExportJob": "typedpipes.pipefy.exports.handles",
    "NotSelected": "typedpipes._core.graphql.select.rows",
    "Row": "typedpipes._core.graphql.select.rows",
    "Selection": "typedpipes._core.graphql.select.fields",
    "AsyncPipefy": "async_client",
    "AsyncPipefyClientOptions": "options",
    "PipefyClientOptions": "options",
    "BulkItem": "typedpipes.pipefy.bulk.report",
    "BulkProgress": "typedpipes.pipefy.bulk.report",
    "BulkReport": "typedpipes.pipefy.bulk.report",
    "BulkStopped": "typedpipes.pipefy.bulk.report",
    "ExportJob": "typedpipes.pipefy.exports.handles",
    "Pipefy": "client",
    "UploadError": "typedpipes.pipefy.attachments.uploads",
}

__all__ = [
    "AsyncExportJob",
    "AsyncPipefy",
    "AsyncPipefyClientOptions",
    "BulkItem",
    "BulkProgress",
    "BulkReport",
    "BulkStopped",
    "ExportJob",
    "NotSelected",
    "Pipefy",
    "PipefyClientOptions",
    "Row",
    "Selection",
    "UploadError",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home if "." in home else f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
