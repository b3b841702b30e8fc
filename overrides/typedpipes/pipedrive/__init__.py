"""Pipedrive: API v1 and v2, API token or OAuth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typedpipes.pipedrive.client import AsyncPipedrive as AsyncPipedrive
    from typedpipes.pipedrive.client import Pipedrive as Pipedrive
    from typedpipes.pipedrive.options import AsyncPipedriveClientOptions as AsyncPipedriveClientOptions
    from typedpipes.pipedrive.options import PipedriveClientOptions as PipedriveClientOptions

__all__ = ["AsyncPipedrive", "AsyncPipedriveClientOptions", "Pipedrive", "PipedriveClientOptions"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    home = "options" if name.endswith("Options") else "client"
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
