"""What the constructors and ``from_env`` of `Pipedream` and `AsyncPipedream` take, as types for callers.

Each is the settings of the account (`typedpipes.configuration.settings.PipedreamAccount`) and what every client takes.
``**options: Unpack[PipedreamClientOptions]`` types a function of your own that makes clients.
"""

from __future__ import annotations

from typedpipes._core.options import AsyncClientOptions, ClientOptions
from typedpipes.configuration.settings import PipedreamAccount


class PipedreamClientOptions(PipedreamAccount, ClientOptions, total=False):
    """Keywords of `Pipedream`."""


class AsyncPipedreamClientOptions(PipedreamAccount, AsyncClientOptions, total=False):
    """Keywords of `AsyncPipedream`."""


__all__ = ["AsyncPipedreamClientOptions", "PipedreamClientOptions"]
