"""Pipedrive: API v1 and v2, API token or OAuth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typedpipes.pipedrive.client import AsyncPipedrive as AsyncPipedrive
    from typedpipes.pipedrive.client import Pipedrive as Pipedrive

__all__ = ["AsyncPipedrive", "Pipedrive"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.client"), name)
