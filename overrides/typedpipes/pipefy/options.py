"""What the constructors and ``from_env`` of `Pipefy` and `AsyncPipefy` take, as types for callers.

Each is the settings of the account (`typedpipes.configuration.settings.PipefyAccount`) and what every client takes.
``**options: Unpack[PipefyClientOptions]`` types a function of your own that makes clients.
"""

from __future__ import annotations

from typedpipes._core.options import AsyncClientOptions, ClientOptions
from typedpipes.configuration.settings import PipefyAccount


class PipefyClientOptions(PipefyAccount, ClientOptions, total=False):
    """Keywords of `Pipefy`."""


class AsyncPipefyClientOptions(PipefyAccount, AsyncClientOptions, total=False):
    """Keywords of `AsyncPipefy`."""


__all__ = ["AsyncPipefyClientOptions", "PipefyClientOptions"]
