"""The errors of the package, from the classes themselves."""

from __future__ import annotations

import importlib
import inspect
from typing import Final

from typedpipes import errors
from typedpipes.errors import TypedPipesError

ELSEWHERE: Final = (
    "typedpipes._core.graphql.errors",
    "typedpipes._core.graphql.select.rows",
    "typedpipes.pipefy.bulk.report",
    "typedpipes.pipefy.attachments.uploads",
)
"""Modules that define errors of their own."""


def classes() -> dict[str, type[TypedPipesError]]:
    """Every public error, parents before children."""
    for name in ELSEWHERE:
        importlib.import_module(name)
    found: dict[str, type[TypedPipesError]] = {}

    def walk(kind: type[TypedPipesError]) -> None:
        found[kind.__name__] = kind
        for child in kind.__subclasses__():
            if child.__module__.startswith("typedpipes."):
                walk(child)

    walk(TypedPipesError)
    return found


def _home(kind: type[TypedPipesError]) -> str:
    """The package that offers the class, else its module."""
    offered = [name for name in ("typedpipes.pipefy", "typedpipes.pipedream") if kind.__name__ in _offers(name)]
    return offered[0] if offered else kind.__module__


def _offers(package: str) -> list[str]:
    names: list[str] = importlib.import_module(package).__all__
    return names


def _linked(kind: type) -> str:
    name = kind.__name__
    return f"[`{name}`](#{name.lower()})" if name in classes() else f"`{name}`"


def tree() -> str:
    """The classes, indented below what they derive from."""
    lines: list[str] = []

    def walk(kind: type[TypedPipesError], depth: int) -> None:
        lines.append(f"{'    ' * depth}- [`{kind.__name__}`](#{kind.__name__.lower()})")
        for child in classes().values():
            if kind in child.__bases__:
                walk(child, depth + 1)

    walk(TypedPipesError, 0)
    return "\n".join(lines)


def description(name: str) -> str:
    """What the class says of itself, where it lives, and what it carries."""
    kind = classes()[name]
    parents = " and ".join(_linked(parent) for parent in kind.__bases__)
    home = "typedpipes.errors" if hasattr(errors, name) else _home(kind)
    text = inspect.cleandoc(kind.__doc__ or "").replace("``", "`")
    derived = "" if kind is TypedPipesError else f"; a kind of {parents}"
    lines = [text, "", f"From `{home}`{derived}."]
    given = inspect.signature(kind.__init__).parameters
    own = [name for name in given if name not in ("self", "message", "args", "kwargs")]
    if own and kind.__init__ is not TypedPipesError.__init__:
        lines.append(f"Attributes: {', '.join(f'`{name}`' for name in own)}.")
    return "\n".join(lines)
