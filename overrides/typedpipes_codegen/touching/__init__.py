"""``schema diff --touching``: only the changes that reach a program's own code, with file and line of each use."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from typedpipes_codegen.touching.match import Matcher, Touch

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from typedpipes_codegen.diff.change import Change, Report


@attrs.frozen
class Touched:
    """A report cut down to the changes that reach a program."""

    report: Report
    touches: Mapping[Change, tuple[Touch, ...]]


def touching(
    report: Report,
    paths: Sequence[Path],
    *,
    package: str | None = None,
    schema: GraphQLSchema | None = None,
    cache: Path | None = None,
) -> Touched:
    """Keep of ``report`` what reaches the Python files at or below ``paths``.

    ``package`` is the import name of the generated package as it is now, before the change; the default is
    ``typedpipes_api.`` and the report's API. ``schema`` is the old GraphQL schema; None for OpenAPI. ``cache`` is the
    folder of mypy's cache, by default one in the user's cache directory. Raises `SchemaError` for a path that does not
    exist, a program that mypy cannot read, and a package that is not installed.
    """
    from typedpipes_codegen.touching.documents import mentions
    from typedpipes_codegen.touching.generated import read_generated
    from typedpipes_codegen.touching.uses import read_program

    name = package or f"typedpipes_api.{report.api}"
    generated = read_generated(name, schema)
    program = read_program(paths, name, cache=cache or _cache())
    own = mentions(program.documents, schema) if schema is not None else ()
    matcher = Matcher(name, program, generated, schema, own)
    found = {change: touches for change in report.changes if (touches := matcher.touches(change))}
    return Touched(report.only(found), found)


def _cache() -> Path:
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("typedpipes", appauthor=False)
    except RuntimeError:
        return Path(os.devnull)  # a user without a home: mypy keeps no cache then
    return folder / "mypy" if folder.is_absolute() else Path(os.devnull)


__all__ = ["Touch", "Touched", "touching"]
