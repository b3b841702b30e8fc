"""Every operation of the generated packages by its dotted name: ``pipedrive.v2.deals.list``, ``pipefy.card`` …"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, Final, Literal, TypeAlias, cast

import attrs

from typedpipes._core.rest import Operation
from typedpipes.cli.arguments import Call, signature_of
from typedpipes.pipefy.settings import PIPEFY_KINDS
from typedpipes.runtime import Resource

Vendor: TypeAlias = Literal["pipefy", "pipedream", "pipedrive"]
VENDORS: Final[tuple[Vendor, ...]] = ("pipefy", "pipedream", "pipedrive")


@attrs.frozen
class Api:
    """One generated package: the name it is called by, its vendor, the attributes that lead to it, its class."""

    name: str
    vendor: Vendor
    attributes: tuple[str, ...]
    module: str
    class_name: str

    def operations(self) -> object:
        """An object with the package's methods and resources that cannot call anything."""
        found = getattr(importlib.import_module(f"typedpipes_api.{self.module}"), self.class_name)
        return found() if self.vendor == "pipefy" else found(None)


APIS: Final = (
    Api("pipefy", "pipefy", (), "pipefy.client", "Client"),
    Api("pipedream.rest", "pipedream", ("rest",), "pipedream", "PipedreamApi"),
    Api("pipedream.connect", "pipedream", ("connect",), "connect", "ConnectApi"),
    Api("pipedrive.v1", "pipedrive", ("v1",), "pipedrive_v1", "PipedriveV1Api"),
    Api("pipedrive.v2", "pipedrive", ("v2",), "pipedrive_v2", "PipedriveV2Api"),
)


@attrs.frozen
class Named:
    """An operation: its name, the API, the attributes that lead to it on a client, and the function itself."""

    name: str
    api: Api
    path: tuple[str, ...]
    function: Callable[..., object]

    @property
    def summary(self) -> str:
        """The first line of its description."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    @property
    def call(self) -> Call:
        """What it takes."""
        return signature_of(self.name, cast("FunctionType", self.function))

    def bound_to(self, client: object) -> Callable[..., Any]:
        """The method of a client."""
        found = client
        for name in (*self.api.attributes, *self.path):
            found = getattr(found, name)
        return cast("Callable[..., Any]", found)


def accepted(api: Api) -> list[frozenset[str]]:
    """For each operation of an API, the kinds of credential that may make it; empty: it needs none."""
    if api.vendor == "pipefy":
        once = (each for each in _below(api, api.operations(), (), "") if not each.path[-1].startswith("iter_"))
        return [frozenset(PIPEFY_KINDS) for _ in once]
    package = importlib.import_module(f"typedpipes_api.{api.module.partition('.')[0]}")
    found: list[frozenset[str]] = []
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        names = vars(importlib.import_module(module.name))
        found += [frozenset(each.credentials) for each in names.values() if isinstance(each, Operation)]
    return found


def operations(prefix: str = "") -> Iterator[Named]:
    """The operations whose name begins with ``prefix``; only the resources in question are imported."""
    for api in APIS:
        start = api.name + "."
        if start.startswith(prefix) or prefix.startswith(start):
            yield from _below(api, api.operations(), (), prefix)


def find(name: str) -> Named | None:
    """The operation of that name."""
    return next((operation for operation in operations(name) if operation.name == name), None)


def near(name: str, count: int = 3) -> list[str]:
    """Names that ``name`` may have meant: what it is the beginning of, else the most similar ones."""
    names = [operation.name for operation in operations()]
    below = [known for known in names if known.startswith(name + ".")]
    if below:
        return sorted(below, key=lambda known: known.count("."))
    words = name.lower().replace("-", "_").replace("/", ".")
    last = words.rpartition(".")[2]
    return (
        difflib.get_close_matches(words, names, count, 0.6)
        or [known for known in names if last and last in known.split(".")][:count]
    )


def _below(api: Api, owner: object, path: tuple[str, ...], prefix: str) -> Iterator[Named]:
    start = ".".join((api.name, *path)) + "."
    for name, member in list(vars(type(owner)).items()):
        full = start + name
        if name.startswith("_"):
            continue
        if isinstance(member, FunctionType):
            if full.startswith(prefix):
                yield Named(full, api, (*path, name), member)
        elif name != "raw" and (f"{full}.".startswith(prefix) or prefix.startswith(f"{full}.")):
            inner = getattr(owner, name)
            if isinstance(inner, Resource):
                yield from _below(api, inner, (*path, name), prefix)


__all__ = ["APIS", "VENDORS", "Api", "Named", "Vendor", "accepted", "find", "near", "operations"]
