"""Finds every generated REST method and learns, by calling it, which argument goes where on the wire."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from typedpipes._core.rest import Arguments, Operation
from typedpipes.runtime import AsyncResource, Resource


class Recorded(Exception):
    """What a method asked its caller to do."""

    def __init__(self, operation: Operation[object], arguments: Arguments) -> None:
        self.operation = operation
        self.arguments = arguments


class RecordingCaller:
    """Stands where the client's caller would be."""

    def call(self, operation: Operation[object], arguments: Arguments, options: object) -> object:
        raise Recorded(operation, arguments)

    call_raw = pages = call


class Method(NamedTuple):
    """A method by its path, the operation it performs, and wire place -> parameter name."""

    path: str
    operation: Operation[object]
    places: dict[tuple[str, object], str]


def resources(api: object, kind: type = Resource, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every resource reachable from an API object, by path."""
    for name in dir(type(api)):
        if name.startswith("_") or name == "raw":
            continue
        if inspect.isfunction(inspect.getattr_static(type(api), name)):
            continue
        found = getattr(api, name)
        if isinstance(found, kind):
            yield f"{prefix}{name}", found
            yield from resources(found, kind, f"{prefix}{name}.")


def methods(api: object) -> Iterator[Method]:
    """Every method of an API object built over a `RecordingCaller`."""
    for path, resource in resources(api):
        for name, _ in inspect.getmembers(type(resource), inspect.isfunction):
            if not name.startswith("_") and not (name == "iter" or name.startswith("iter_")):
                yield learn(f"{path}.{name}", getattr(resource, name))


def learn(path: str, method: Callable[..., object]) -> Method:
    """Call ``method`` with a marker for each parameter and see where the markers come out."""
    names = [
        parameter.name
        for parameter in inspect.signature(method).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
        and not (parameter.name in ("body", "fields") and parameter.default is None)
    ]
    markers = {name: f"marker-{index}" for index, name in enumerate(names)}
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        try:
            method(**markers)
        except Recorded as recorded:
            back = {marker: name for name, marker in markers.items()}
            return Method(path, recorded.operation, dict(_places(recorded.arguments, back)))
    raise AssertionError(f"{path} asked its caller for nothing")


def _places(arguments: Arguments, back: dict[str, str]) -> Iterator[tuple[tuple[str, object], str]]:
    for index, value in enumerate(arguments.path):
        yield ("path", index), back[str(value)]
    for place, source in (("query", arguments.query), ("header", arguments.headers), ("body", arguments.body)):
        if isinstance(source, str):
            yield (place, None), back[source]  # the body as a whole
        for wire, value in (source if isinstance(source, dict) else {}).items():
            if value in back:
                yield (place, wire), back[value]


__all__ = ["AsyncResource", "Method", "RecordingCaller", "learn", "methods", "resources"]
