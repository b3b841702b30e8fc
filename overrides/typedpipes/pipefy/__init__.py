"""Pipefy: GraphQL operations as typed methods, and helpers for exports, files, bulk work and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typedpipes.graphql_rows import NotSelected as NotSelected
    from typedpipes.graphql_rows import Row as Row
    from typedpipes.graphql_select import Selection as Selection
    from typedpipes.pipefy.async_client import AsyncPipefy as AsyncPipefy
    from typedpipes.pipefy.bulk_report import BulkItem as BulkItem
    from typedpipes.pipefy.bulk_report import BulkProgress as BulkProgress
    from typedpipes.pipefy.bulk_report import BulkReport as BulkReport
    from typedpipes.pipefy.bulk_report import BulkStopped as BulkStopped
    from typedpipes.pipefy.client import Pipefy as Pipefy
    from typedpipes.pipefy.export_jobs import AsyncExportJob as AsyncExportJob
    from typedpipes.pipefy.export_jobs import ExportJob as ExportJob
    from typedpipes.pipefy.uploads import UploadError as UploadError

_HOMES = {
    "AsyncExportJob": "export_jobs",
    "NotSelected": "typedpipes.graphql_rows",
    "Row": "typedpipes.graphql_rows",
    "Selection": "typedpipes.graphql_select",
    "AsyncPipefy": "async_client",
    "BulkItem": "bulk_report",
    "BulkProgress": "bulk_report",
    "BulkReport": "bulk_report",
    "BulkStopped": "bulk_report",
    "ExportJob": "export_jobs",
    "Pipefy": "client",
    "UploadError": "uploads",
}

__all__ = [
    "AsyncExportJob",
    "AsyncPipefy",
    "BulkItem",
    "BulkProgress",
    "BulkReport",
    "BulkStopped",
    "ExportJob",
    "NotSelected",
    "Pipefy",
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
