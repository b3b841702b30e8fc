"""``typedpipes schema diff``: what changed between two schemas, rated for a client."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from typedpipes.cli.failures import CommandError, ExitCode, one_line
from typedpipes.cli.session import Debug
from typedpipes.errors import MissingExtra

DIFF_EXIT_CODES: Final = "Exit codes: 0 nothing breaks; 1 something breaks; 2 the comparison could not be made."


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The schema as it was: a file, or REVISION:PATH in git.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The schema as it is: a file, or REVISION:PATH in git.")],
    form: Annotated[Literal["text", "json", "markdown"], typer.Option("--format", help="How to report.")] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write the report there instead of to stdout.")
    ] = None,
    operations: Annotated[
        Path | None,
        typer.Option("--operations", metavar="DIR", help="Your GraphQL documents, to be checked against NEW."),
    ] = None,
    overlay: Annotated[
        list[Path] | None,
        typer.Option("--overlay", metavar="FILE", help="Apply to both documents, instead of the overlays found."),
    ] = None,
    touching: Annotated[
        list[Path] | None,
        typer.Option("--touching", metavar="PATH", help="Only changes that affect this program: file or folder."),
    ] = None,
    package: Annotated[
        str | None,
        typer.Option("--package", metavar="NAME", help="What your program imports; default: typedpipes_api.<api>."),
    ] = None,
    surface: Annotated[
        bool, typer.Option("--surface", help="Generate both packages and compare their Python names. Takes seconds.")
    ] = False,
    changelog: Annotated[
        Path | None,
        typer.Option("--changelog", metavar="FILE", help="Add an entry to the unreleased section of this changelog."),
    ] = None,
    debug: Debug = False,
) -> int:
    """Compare two schemas, canonical or as the vendor publishes them; order and prose make no difference.

    Each change is rated for a client: breaking, dangerous or safe. Takes OpenAPI 3.0 and 3.1, GraphQL SDL and
    introspection answers. For a file named in the apis.toml beside it, overlays and saved operations are found there.
    Ends with advice for your version: major, minor or patch.
    """
    try:
        from typedpipes_codegen.diff.inputs import at_revisions
        from typedpipes_codegen.diff.release import changelog_entry, write_changelog
        from typedpipes_codegen.diff.verdict import judge, rendered
        from typedpipes_codegen.documents import write_atomically
    except ModuleNotFoundError as error:
        raise CommandError(
            f"schemas are compared with {error.name}, which is not installed",
            MissingExtra.how("codegen"),
            ExitCode.USAGE,
        ) from error
    try:
        with at_revisions(old, new) as (before, after):
            verdict = judge(
                before,
                after,
                overlays=overlay,
                operations=operations,
                program=touching or (),
                package=package,
                surface=surface,
            )
        text = rendered(verdict, form)
        if changelog is not None and verdict.report.changes:
            write_changelog(changelog, changelog_entry(verdict.report, verdict.surface or ()))
        if output is not None:
            write_atomically(output, text)
            return verdict.exit_code
    except Exception as error:  # an error must never end with 1: that means "breaking"
        what, todo = _told(error)
        raise CommandError(one_line(" ".join(what.split())), todo, ExitCode.USAGE) from error
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read stdout has gone; the verdict stands.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return verdict.exit_code


def _told(error: Exception) -> tuple[str, str]:
    """What happened, and what to do: one line each."""
    from typedpipes_codegen.errors import SchemaError

    if isinstance(error, SchemaError):
        what = f"{error.where}: {error.message}" if error.where else error.message
        return what, error.remedy or "correct the file named"
    if isinstance(error, OSError):
        return str(error), "correct the path or the permission, then run it again"
    return f"unexpected {type(error).__name__}: {error}", "report it with the two schemas"


__all__ = ["DIFF_EXIT_CODES", "diff"]
