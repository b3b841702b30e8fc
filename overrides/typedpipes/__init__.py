"""Typed clients for Pipefy, Pipedream and Pipedrive: import each from its module.

    from typedpipes.pipefy import Pipefy, AsyncPipefy
    from typedpipes.pipedream import Pipedream, AsyncPipedream
    from typedpipes.pipedrive import Pipedrive, AsyncPipedrive

The clients are not re-exported here on purpose: a type checker reads whatever a package's ``__init__`` mentions, so
everybody would pay for all six generated packages (measured: three times the time of a cold mypy run).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typedpipes import errors as errors
    from typedpipes._core.decoding.answers import from_wire as from_wire
    from typedpipes._core.decoding.model import UNSET as UNSET
    from typedpipes._core.decoding.model import evolve as evolve
    from typedpipes._core.decoding.model import extras as extras
    from typedpipes._core.decoding.model import is_set as is_set
    from typedpipes._core.decoding.model import to_wire as to_wire
    from typedpipes._core.rest import CustomField as CustomField

__version__ = "0.1.0"
"""The one place that holds the version."""

__all__ = ["UNSET", "CustomField", "__version__", "errors", "evolve", "extras", "from_wire", "is_set", "to_wire"]

_HOMES: Final = {
    "UNSET": "_core.decoding.model",
    "CustomField": "_core.rest",
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
