"""What the constructors and ``from_env`` of `Pipedrive` and `AsyncPipedrive` take, as types for callers.

Each is the settings of the account (`typedpipes.configuration.settings.PipedriveAccount`) and what every client takes.
``**options: Unpack[PipedriveClientOptions]`` types a function of your own that makes clients.
"""

from __future__ import annotations

from typedpipes._core.options import AsyncClientOptions, ClientOptions
from typedpipes.configuration.settings import PipedriveAccount


class PipedriveClientOptions(PipedriveAccount, ClientOptions, total=False):
    """Keywords of `Pipedrive`."""


class AsyncPipedriveClientOptions(PipedriveAccount, AsyncClientOptions, total=False):
    """Keywords of `AsyncPipedrive`."""


__all__ = ["AsyncPipedriveClientOptions", "PipedriveClientOptions"]
