"""Whatever has a synchronous form has an asynchronous one of the same names, parameters and defaults, and back.

Classes are found by their names in every module of the library and of the generated packages, so that new ones are
covered without being listed.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest

import typedpipes
import typedpipes_api

RENAMED = {"close": "aclose", "iter_bytes": "aiter_bytes", "read": "aread", "send": "send"}
"""Names that httpx and the language spell differently for asynchronous objects."""
DUNDERS = {"__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__", "__next__": "__anext__"}
ALONE = {
    "AsyncIO": "SyncIO",
    "AsyncClientOptions": "ClientOptions",
}
"""Asynchronous classes whose twin has another name."""
OWN_WAYS = {
    "BoundedStream": "both have the names of the HTTP library's network streams, which call it read in both",
    "WireStream": "the synchronous one is closed by the with statement that gave it",
    "FileStream": "the synchronous one is a file object of the io module, which has no asynchronous kind",
}
"""Pairs that differ because the language does; their methods of the same name are compared all the same."""


def modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith(("__main__", ".typed")):
            yield importlib.import_module(found.name)


def folder_of(name: str) -> str:
    """The package a module lies in; a package lies in itself."""
    return name if hasattr(importlib.import_module(name), "__path__") else name.rpartition(".")[0]


@cache
def classes() -> dict[str, dict[str, type]]:
    """Every class of both trees by folder and name; a twin lives in the same folder."""
    found: dict[str, dict[str, type]] = {}
    for package in (typedpipes, typedpipes_api):
        for module in modules(package):
            for name, value in vars(module).items():
                if inspect.isclass(value) and value.__module__ == module.__name__:
                    folder = folder_of(module.__name__)
                    found.setdefault(folder, {})[name] = value
    return found


def pairs() -> list[tuple[type, type]]:
    found = []
    for names in classes().values():
        for name, value in names.items():
            if name.startswith("Async") and "Protocol" not in {base.__name__ for base in value.__bases__}:
                twin = names.get(ALONE.get(name, name.removeprefix("Async")))
                assert twin is not None, f"{value.__module__}.{name} has no synchronous twin"
                found.append((twin, value))
    return found


def public(kind: type) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for owner in reversed(kind.__mro__):
        if owner.__module__.startswith(("typedpipes", "typedpipes_api")):
            names |= {name: value for name, value in vars(owner).items() if not name.startswith("_") or name in DUNDERS}
    return names


def parameters(member: Any) -> list[tuple[str, Any, Any, str]] | None:
    """Name, kind, default and annotation of each parameter, words for modes left out."""
    function = getattr(member, "_function", None) or getattr(member, "func", None) or getattr(member, "fget", member)
    if not callable(function) or inspect.isclass(function):
        return None
    return [
        (one.name, one.kind, one.default, re.sub(r"\bAsync|Awaitable|Coroutine|\bA(?=C\b)", "", str(one.annotation)))
        for one in inspect.signature(function).parameters.values()
    ]


def renamed(name: str) -> str:
    return RENAMED.get(name, DUNDERS.get(name, name))


def test_there_are_as_many_pairs_as_a_library_of_this_size_has() -> None:
    found = {sync.__name__ for sync, _ in pairs()}
    assert {"Pipefy", "Pipedream", "Pipedrive", "Pages", "ExportJob", "Proxy", "Workflows", "RestCaller"} <= found
    assert len(pairs()) > 300


@pytest.mark.parametrize("folder", sorted(classes()))
def test_twins_have_the_same_names_parameters_and_defaults(folder: str) -> None:
    faults = []
    for sync, asynchronous in pairs():
        if folder_of(sync.__module__) != folder:
            continue
        ours, theirs = public(sync), public(asynchronous)
        if sync.__name__ not in OWN_WAYS:
            lacking = [renamed(name) for name in ours if renamed(name) not in dir(asynchronous)]
            faults += [f"{asynchronous.__name__} lacks {name}" for name in lacking]
            back = {renamed(name) for name in ours} | set(DUNDERS.values())
            faults += [f"{sync.__name__} lacks {name}" for name in theirs.keys() - back]
        for name, member in ours.items():
            twin = theirs.get(renamed(name))
            if twin is not None and parameters(member) != parameters(twin):
                faults.append(f"{sync.__name__}.{name}: {parameters(member)} and {parameters(twin)}")
    assert not faults, "\n".join(faults)


def test_functions_have_twins_of_the_same_parameters() -> None:
    faults = []
    for module in modules(typedpipes):
        for name, function in vars(module).items():
            if name.startswith("async_") and inspect.isfunction(function) and function.__module__ == module.__name__:
                twin = vars(module).get(name.removeprefix("async_"))
                if twin is None:
                    faults.append(f"{module.__name__}.{name} has no synchronous twin")
                elif inspect.isfunction(twin) and [each[:3] for each in parameters(twin) or ()] != [
                    each[:3] for each in parameters(function) or ()
                ]:
                    faults.append(f"{module.__name__}.{name}: other parameters")
    assert not faults, "\n".join(faults)
