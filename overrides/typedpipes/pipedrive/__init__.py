"""Pipedrive: API v1 and v2, API token or OAuth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typedpipes.pipedrive.client import AsyncPipedrive as AsyncPipedrive
    from typedpipes.pipedrive.client import Pipedrive as Pipedrive
    from typedpipes.pipedrive.options import AsyncPipedriveClientOptions as AsyncPipedriveClientOptions
    from typedpipes.pipedrive.options import PipedriveClientOptions as PipedriveClientOptions

_HOMES: Final = {
    "AsyncPipedrive": "pipedrive.client",
    "AsyncPipedriveClientOptions": "pipedrive.options",
    "Pipedrive": "pipedrive.client",
    "PipedriveClientOptions": "pipedrive.options",
}

__all__ = [
    "AsyncPipedrive",
    "AsyncPipedriveClientOptions",
    "Pipedrive",
    "PipedriveClientOptions",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"typedpipes.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
