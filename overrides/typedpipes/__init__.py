"""Typed clients for Pipefy, Pipedream and Pipedrive: import each from its module.

    from typedpipes.pipefy import Pipefy, AsyncPipefy
    from typedpipes.pipedream import Pipedream, AsyncPipedream
    from typedpipes.pipedrive import Pipedrive, AsyncPipedrive

Beside them stand the types that all of them share: options, answers, pages, secrets, token stores, models.

The clients are not re-exported here on purpose: a type checker reads whatever a package's ``__init__`` mentions, so
everybody would pay for all six generated packages (measured: three times the time of a cold mypy run).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typedpipes import errors as errors
    from typedpipes._core.auth.token_stores import FileTokenStore as FileTokenStore
    from typedpipes._core.auth.token_stores import KeyringTokenStore as KeyringTokenStore
    from typedpipes._core.decoding.answers import from_wire as from_wire
    from typedpipes._core.decoding.model import JSON as JSON
    from typedpipes._core.decoding.model import UNSET as UNSET
    from typedpipes._core.decoding.model import Model as Model
    from typedpipes._core.decoding.model import OpenEnum as OpenEnum
    from typedpipes._core.decoding.model import Unset as Unset
    from typedpipes._core.decoding.model import evolve as evolve
    from typedpipes._core.decoding.model import extras as extras
    from typedpipes._core.decoding.model import is_set as is_set
    from typedpipes._core.decoding.model import to_wire as to_wire
    from typedpipes._core.http.retry import RetryPolicy as RetryPolicy
    from typedpipes._core.options import AsyncClientOptions as AsyncClientOptions
    from typedpipes._core.options import ClientOptions as ClientOptions
    from typedpipes._core.options import SharedOptions as SharedOptions
    from typedpipes._core.paging import AsyncPages as AsyncPages
    from typedpipes._core.paging import Pages as Pages
    from typedpipes._core.redaction import Secret as Secret
    from typedpipes._core.rest import ApiResponse as ApiResponse
    from typedpipes._core.rest import CallOptions as CallOptions
    from typedpipes._core.rest import CustomField as CustomField
    from typedpipes._core.rest import FileContent as FileContent
    from typedpipes._core.rest import PagedCallOptions as PagedCallOptions
    from typedpipes._core.rest import PageOptions as PageOptions
    from typedpipes._core.tokens import MemoryTokenStore as MemoryTokenStore
    from typedpipes._core.tokens import Token as Token
    from typedpipes._core.tokens import TokenStore as TokenStore

__version__ = "0.1.0"
"""The one place that holds the version."""

__all__ = [
    "JSON",
    "UNSET",
    "ApiResponse",
    "AsyncClientOptions",
    "AsyncPages",
    "CallOptions",
    "ClientOptions",
    "CustomField",
    "FileContent",
    "FileTokenStore",
    "KeyringTokenStore",
    "MemoryTokenStore",
    "Model",
    "OpenEnum",
    "PageOptions",
    "PagedCallOptions",
    "Pages",
    "RetryPolicy",
    "Secret",
    "SharedOptions",
    "Token",
    "TokenStore",
    "Unset",
    "__version__",
    "errors",
    "evolve",
    "extras",
    "from_wire",
    "is_set",
    "to_wire",
]

_HOMES: Final = {
    "ApiResponse": "_core.rest",
    "AsyncClientOptions": "_core.options",
    "AsyncPages": "_core.paging",
    "CallOptions": "_core.rest",
    "ClientOptions": "_core.options",
    "CustomField": "_core.rest",
    "FileContent": "_core.rest",
    "FileTokenStore": "_core.auth.token_stores",
    "JSON": "_core.decoding.model",
    "KeyringTokenStore": "_core.auth.token_stores",
    "MemoryTokenStore": "_core.tokens",
    "Model": "_core.decoding.model",
    "OpenEnum": "_core.decoding.model",
    "PageOptions": "_core.rest",
    "PagedCallOptions": "_core.rest",
    "Pages": "_core.paging",
    "RetryPolicy": "_core.http.retry",
    "Secret": "_core.redaction",
    "SharedOptions": "_core.options",
    "Token": "_core.tokens",
    "TokenStore": "_core.tokens",
    "UNSET": "_core.decoding.model",
    "Unset": "_core.decoding.model",
    "evolve": "_core.decoding.model",
    "extras": "_core.decoding.model",
    "from_wire": "_core.decoding.answers",
    "is_set": "_core.decoding.model",
    "to_wire": "_core.decoding.model",
}


def __getattr__(name: str) -> object:
    import importlib

    if name == "errors":
        return importlib.import_module("typedpipes.errors")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'typedpipes' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"typedpipes.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
